"""The plain entitlement check, answered at the door (config/doors.py): the vendor's product asks it on its users' way.

Whatever is unusual (no such key, another method, an unknown feature, a limit reached) is handed on to
billing.api.views.entitlements.Entitlements, which alone refuses.
"""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from accounts import api_calls, authentication
from billing.api.views import base
from billing.queries import entitlement_answers, entitlements
from config import clock

LONGEST_CODE = 60
ENCODER = msgspec.json.Encoder()
ASKED = frozenset({"feature", "member"})


def answer(request: HttpRequest) -> HttpResponse | None:
    """GET /api/v1/entitlements?feature=...[&member=...] with a key; None where it takes more than one statement to say."""
    asked = request.GET
    feature, member = asked.get("feature", ""), asked.get("member", "")
    scheme, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    is_plain = request.method == "GET" and scheme.lower() == "bearer" and ASKED.issuperset(asked)
    # Postgres refuses a NUL; the serializer says so.
    if not is_plain or not feature or len(feature) > LONGEST_CODE or "\0" in feature or "\0" in member:
        return None
    name = request.headers.get(authentication.HEADER, "").strip().removeprefix(authentication.EXTERNAL)
    member = member.removeprefix(authentication.EXTERNAL)
    found = entitlement_answers.answer(key, name=name, feature=feature, member=member, now=clock.now())
    if found is None or (base.View.throttle_classes and api_calls.calls.take(found[0])):
        return None
    return HttpResponse(ENCODER.encode(_plain(found[1])), content_type="application/json")


def _plain(found: entitlements.Entitlement) -> dict[str, Any]:
    return {
        "feature": found.feature,
        "entitled": found.entitled,
        "limit": found.limit,
        "reason": found.reason,
        "plan": found.plan,
        "until": found.until,
    }
