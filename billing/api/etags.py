"""Whether somebody has the present answer already (If-None-Match), or writes over what they have seen (If-Match): RFC 9110."""

import hashlib
from typing import Any

from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer

from billing.api.problems import Problem

JSON = JSONRenderer()


def of(data: Any) -> str:
    """The tag of an answer's content, however it is indented."""
    return f'"{hashlib.sha256(JSON.render(data)).hexdigest()[:32]}"'


def is_known(header: str, tag: str) -> bool:
    """Whether If-None-Match names the tag (weakly: a proxy may have compressed the answer)."""
    said = parse_etags(header)
    return "*" in said or tag in [one.removeprefix("W/") for one in said]


def check(header: str, data: Any) -> None:
    """Raise 412 if If-Match names another state than the present `data`; no header: nobody asked."""
    if not header.strip():
        return
    said = parse_etags(header)
    if not said:  # without its quotes it is no tag, and the caller would believe to be guarded
        raise exceptions.ValidationError({"If-Match": [_("Send the ETag as it came, with its quotes.")]})
    if "*" not in said and of(data) not in said:
        detail = _("It was changed since you read it. Read it again, and send the new ETag in If-Match.")
        raise Problem("precondition-failed", detail, status_code=status.HTTP_412_PRECONDITION_FAILED)
