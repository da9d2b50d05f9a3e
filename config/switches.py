"""What this store leaves to the vendor's product: invitations, the team, cancelling. Pages and links vanish, the API stays.

`STORE_WITHOUT` names them, `STORE_ELSEWHERE_<NAME>` says where each is done instead (docs/switches.md).
"""

import functools
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

P = ParamSpec("P")


class Feature(StrEnum):
    INVITATIONS = "invitations"
    TEAM = "team"
    CANCEL = "cancel"


# Without a team page there is nowhere to invite from.
ENDS_WITH = {Feature.INVITATIONS: (Feature.TEAM,)}


def has(feature: str) -> bool:
    """Whether the store itself offers it."""
    off: set[str] = set(settings.STORE_WITHOUT)
    return feature not in off and not off.intersection(ENDS_WITH.get(Feature(feature), ()))


def elsewhere(feature: str) -> str:
    """Where it is done instead: the address configured for it, else the product's own."""
    said: str = settings.STORE_ELSEWHERE.get(feature) or settings.BRAND["product_url"]
    return said


def needs(feature: Feature, view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """The view, or, in a store without the feature, a page with status 404 that says where to go."""

    @functools.wraps(view)
    def switched(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if has(feature):
            return view(*args, **kwargs)
        request: Any = args[0]
        assert isinstance(request, HttpRequest), "a view's first argument"
        return render(request, "elsewhere.html", {"feature": feature.value, "url": elsewhere(feature)}, status=404)

    return switched
