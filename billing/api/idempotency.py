"""The header `Idempotency-Key` on writes: required to make something, honoured on every other write, kept for 24 hours."""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import authentication
from accounts.models import ApiKey
from billing.api.problems import Problem
from billing.services import idempotency
from config import clock, problems

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
# A decline is an outcome: asking again under the same key must not charge again. Other refusals changed nothing.
OUTCOMES = (status.HTTP_402_PAYMENT_REQUIRED,)

JSON = JSONRenderer()
Write = Callable[..., Response]


def once(write: Write) -> Write:
    """Make a view's method act once a key: the same key and body get the first answer again, other bodies a conflict.

    Answers that changed something (2xx, and a declined payment) are kept; after any other the key is free again.
    """
    return _guard(write, is_required=True)


def honoured(write: Write) -> Write:
    """As `once`, for a write that may be repeated anyhow: only if the caller sends a key."""
    return _guard(write, is_required=False)


def once_unkept(write: Write) -> Write:
    """As `once`, for an answer that holds a secret: it is not kept, but made again from `nonce` while that is possible."""
    return _guard(write, is_required=True, is_kept=False)


def once_until_settled(write: Write) -> Write:
    """As `once`, for what can be asked for under no other name: a 202 is not kept, so that the same key hears how it went on.

    The write finds by `nonce` what it has begun.
    """
    return _guard(write, is_required=True, unkept=status.HTTP_202_ACCEPTED)


def once_whole(write: Write) -> Write:
    """As `once`, for a write to our own database alone: key, change and answer are one transaction, so that no crash between
    them lets the same request happen twice.
    """
    guarded = _guard(write, is_required=True, is_whole=True)

    @functools.wraps(guarded)
    def whole(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            return guarded(view, request, *args, **kwargs)

    return whole


def _guard(write: Write, *, is_required: bool, is_kept: bool = True, is_whole: bool = False, unkept: int = 0) -> Write:
    # The transaction of a whole one takes the key back with all the rest.
    let_go = _keep if is_whole else idempotency.give_up

    @functools.wraps(write)
    def guarded(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not is_required and HEADER not in request.headers:
            return write(view, request, *args, **kwargs)
        claimed = _claim(request)
        if claimed.kept is not None:
            return _answer(claimed.kept.status, claimed.kept.body, headers={REPLAYED: "true"})
        try:
            response = write(view, request, *args, **kwargs)
        except Problem as problem:
            if problem.status_code in OUTCOMES:
                idempotency.finish(claimed, status=problem.status_code, body=_text(problems.document(problem)))
            else:
                let_go(claimed)
            raise
        except BaseException:
            let_go(claimed)
            raise
        if is_kept and response.status_code != unkept:
            idempotency.finish(claimed, status=response.status_code, body=_text(response.data))
        else:
            idempotency.release(claimed, wall=clock.wall())
        return response

    guarded.honours_keys = True  # type: ignore[attr-defined] # a test looks for writes that forgot
    return guarded


def _keep(claimed: idempotency.Claim) -> None:
    """Do nothing about it."""


def nonce(request: Request) -> str:
    """A name for the change to be that is the same each time this key comes: 40 characters."""
    key = request.auth
    assert isinstance(key, ApiKey)
    return hashlib.sha256(f"{key.pk}:{request.headers[HEADER]}".encode()).hexdigest()[:40]


def reused() -> Problem:
    detail = _("This Idempotency-Key was used for another request. Use a new key for each new request.")
    return Problem("idempotency-key-reused", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY)


def _claim(request: Request) -> idempotency.Claim:
    key = request.auth
    assert isinstance(key, ApiKey)
    organization = authentication.organization_of(request)
    try:
        return idempotency.claim(
            api_key=key, organization=organization, key=_key(request), fingerprint=_fingerprint(request), wall=clock.wall()
        )
    except idempotency.Reused:
        raise reused() from None
    except idempotency.UnderWay:
        detail = _("The first request with this key is still being made. Ask again.")
        raise Problem("idempotency-key-in-use", detail, wait=2) from None


def _key(request: Request) -> str:
    said = request.headers.get(HEADER, "").strip()
    if not said or len(said) > LONGEST or not said.isascii() or not said.isprintable():
        text = _("Send this header with every write: up to 255 characters, new for each change, the same when you ask again.")
        raise exceptions.ValidationError({HEADER: [text]})
    return said


def _fingerprint(request: Request) -> str:
    organization = authentication.organization_of(request)
    told = [request.method, request.get_full_path(), organization.pk if organization else None, request.data]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _text(data: Any) -> str | None:
    """As the client will read it. A text, as the database would put an object's members in another order."""
    return JSON.render(data).decode() if data is not None else None


def _answer(status_code: int, body: str | None, *, headers: dict[str, str]) -> Response:
    media = problems.MEDIA_TYPE if status_code >= status.HTTP_400_BAD_REQUEST else None
    return Response(json.loads(body) if body else None, status=status_code, headers=headers, content_type=media)
