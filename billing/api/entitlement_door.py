"""Entitlement checks, answered at the door (config/doors.py): the vendor's product asks them on its users' way.

One plain feature takes one statement, and so does 304 to whoever has the present answer; several features, add-ons and what
is metered take two or three. Whatever is unusual (no such key, another method, an unknown feature, a limit reached) is handed
on to billing.api.views.entitlements.Entitlements, which alone refuses.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from accounts import api_calls, authentication
from billing.api import entitlement_outputs, entitlement_tags, inputs
from billing.api.views import base
from billing.queries import entitlement_answers, entitlements
from billing.services import seen
from config import clock

ENCODER: Final = msgspec.json.Encoder()
ASKED: Final = frozenset({"feature", "member"})
# Looked up where WSGI puts it: `request.headers` reads every header first.
ORGANIZATION: Final = "HTTP_" + authentication.HEADER.upper().replace("-", "_")


@dataclass(slots=True)
class _Asked:
    features: list[str]
    member: str
    key: str
    name: str
    query: str


def answer(request: HttpRequest) -> HttpResponse | None:
    """GET /api/v1/entitlements[?feature=...][&member=...] with a key; None for what the long way has to say."""
    asked = _asked(request)
    if asked is None:
        return None
    now, known = clock.now(), request.META.get("HTTP_IF_NONE_MATCH", "")
    if len(asked.features) == 1 and not known:
        response = _plain(asked, now)
        if response is not None:
            return response
    return _known_or_worked_out(asked, known, now)


def _asked(request: HttpRequest) -> _Asked | None:
    query = request.GET
    scheme, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if request.method != "GET" or scheme.lower() != "bearer" or not ASKED.issuperset(query):
        return None
    features, members = query.getlist("feature"), query.getlist("member")
    # Postgres refuses a NUL; the serializer says so.
    texts = "".join((*features, *members))
    if len(features) > inputs.MOST_FEATURES or len(members) > 1 or "\0" in texts or members == [""]:
        return None
    if any(not code or len(code) > inputs.LONGEST_CODE for code in features):
        return None
    name = request.META.get(ORGANIZATION, "").strip().removeprefix(authentication.EXTERNAL)
    member = "".join(members).removeprefix(authentication.EXTERNAL)
    return _Asked(features, member, key, name, request.META.get("QUERY_STRING", ""))


def _plain(asked: _Asked, now: datetime) -> HttpResponse | None:
    found = entitlement_answers.answer(asked.key, name=asked.name, feature=asked.features[0], member=asked.member, now=now)
    if found is None or _is_over(found.caller):
        return None
    if found.unseen:
        seen.note([found.unseen], now.date())
    return _answer(asked, found.caller, found.stamp, (found.entitlement,), now)


def _known_or_worked_out(asked: _Asked, known: str, now: datetime) -> HttpResponse | None:
    by = entitlement_answers.caller(asked.key, name=asked.name, now=now)
    if by is None:
        return None
    caller, stamp = by
    tag = entitlement_tags.is_current(known, stamp, caller.public_id, asked=asked.query, now=now) if known else ""
    if tag:
        return None if _is_over(caller) else _not_modified(tag, now)
    try:
        found = entitlements.several(caller.organization_id, features=asked.features, member=asked.member, now=now)
    except entitlements.UnknownFeature:
        return None
    if _is_over(caller):
        return None
    seen.note([seat.id for seat in found.seats if seat.last_seen_on != now.date()], now.date())
    return _answer(asked, caller, stamp, found.entitlements, now)


def _is_over(caller: entitlement_answers.Caller) -> bool:
    return bool(base.View.throttle_classes and api_calls.calls.take(caller.key_id))


def _answer(
    asked: _Asked,
    caller: entitlement_answers.Caller,
    stamp: entitlements.Stamp,
    found: tuple[entitlements.Entitlement, ...],
    now: datetime,
) -> HttpResponse:
    said: Any = [entitlement_outputs.entitlement(one, stamp.version) for one in found]
    said = said[0] if len(asked.features) == 1 else {"version": stamp.version, "data": said}
    response = HttpResponse(ENCODER.encode(said), content_type="application/json")
    tag = entitlement_tags.of(stamp, caller.public_id, asked=asked.query, entitlements=found, member=asked.member, now=now)
    entitlement_tags.mark(response, tag, is_metered=any(one.window for one in found), now=now)
    return response


def _not_modified(tag: str, now: datetime) -> HttpResponse:
    response = HttpResponseNotModified()
    entitlement_tags.mark(response, tag, is_metered=entitlement_tags.is_metered(tag), now=now)
    return response
