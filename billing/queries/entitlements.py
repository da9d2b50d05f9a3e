"""May an organization, or a person in it, use a feature: by its plan, its subscription's state and its seats. One query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from accounts.models import Membership, Organization
from billing.models import LIVE_STATUSES, SeatAssignment, Subscription, SubscriptionAddon
from billing.queries import catalog
from billing.rules import addons

# A payment that is being retried takes nothing away; one that was given up does.
ENTITLED_STATUSES = ("trialing", "active", "past_due")
# A trial that ended without a card, or a pilot that is over: what was made can be looked at, nothing can be added.
READ_ONLY_STATUSES = ("paused", "canceled")


class Reason(StrEnum):
    INCLUDED = "included"
    NOT_IN_PLAN = "not_in_plan"
    NO_SUBSCRIPTION = "no_subscription"
    SUSPENDED = "subscription_suspended"
    READ_ONLY = "read_only"
    NOT_A_MEMBER = "not_a_member"
    NO_SEAT = "no_seat"


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """`limit` None is without limit, or no counted feature. `until`: when the answer may change by itself."""

    feature: str
    reason: Reason
    limit: int | None = None
    plan: str | None = None
    until: datetime | None = None

    @property
    def entitled(self) -> bool:
        return self.reason is Reason.INCLUDED


class UnknownFeature(LookupError):
    """No plan, on sale or held, has a feature of this code."""


def check(organization: Organization, *, feature: str, member: str = "") -> Entitlement:
    """Whether the organization has `feature`; with `member` (member id, external id or e-mail), whether that person may use it.

    Of several product lines the one that has the feature answers. Raises UnknownFeature for a code that nothing has.
    """
    rows = list(_rows(organization, member, feature))
    found = [(row, _feature(row, feature)) for row in rows]
    if not any(plain for _row, plain in found) and not _is_sold(feature):
        raise UnknownFeature(feature)
    answers = [_answer(row, plain, feature, member) for row, plain in found]
    best = next((answer for answer in answers if answer.entitled), None)
    if best is not None:
        return best
    having = next((answer for answer, (_row, plain) in zip(answers, found, strict=True) if plain), None)
    return having or next(iter(answers), Entitlement(feature=feature, reason=Reason.NO_SUBSCRIPTION))


def _rows(organization: Organization, member: str, feature: str) -> QuerySet[Subscription, Any]:
    live = Subscription.objects.filter(organization=organization, status__in=LIVE_STATUSES)
    over = Q(pilot_run__ended_at__isnull=False) & ~Exists(live.filter(line=OuterRef("line")))
    rows = Subscription.objects.filter(Q(status__in=LIVE_STATUSES) | over, organization=organization)
    rows = rows.order_by("line__rank", "pk")
    fields = ["status", "period_ends_at", "cancel_at", "line__code", "plan__code", "plan__features", "quantity", "adding"]
    having = SubscriptionAddon.objects.filter(subscription=OuterRef("pk"), ended_at=None)
    adding = having.filter(addon__features__contains=[{"code": feature}]).order_by().values("subscription")
    number = JSONObject(number=F("quantity"), features=F("addon__features"))
    rows = rows.annotate(adding=Subquery(adding.annotate(all=JSONBAgg(number)).values("all")))
    if member:
        people = Membership.objects.live().filter(_named(member), organization=OuterRef("organization"))
        seats = SeatAssignment.objects.filter(subscription=OuterRef("pk"), ended_at=None)
        rows = rows.annotate(
            is_member=Exists(people),
            has_seat=Exists(seats.filter(_named(member, "membership__"), membership__left_at=None)),
        )
        fields += ["is_member", "has_seat"]
    values: QuerySet[Subscription, Any] = rows.values(*fields)
    return values


def _named(member: str, path: str = "") -> Q:
    named = Q(**{f"{path}user__external_id": member}) | Q(**{f"{path}user__email__iexact": member})
    return named | Q(**{f"{path}pk": int(member)}) if member.isdecimal() and len(member) < 19 else named


def _feature(row: Any, code: str) -> dict[str, Any] | None:
    """The feature as the plan and the add-ons have it together; None: neither has it."""
    planned = _named_feature(row["plan__features"], code)
    added = [(_named_feature(one["features"], code), one["number"]) for one in row["adding"] or []]
    held = [(feature, row["quantity"] if number is None else number) for feature, number in added if feature is not None]
    if not held:
        return planned
    return {**(planned or held[0][0]), "limit": addons.limit([planned], held)}


def _named_feature(features: Iterable[dict[str, Any]], code: str) -> dict[str, Any] | None:
    return next((feature for feature in features if feature["code"] == code), None)


def _is_sold(code: str) -> bool:
    lines = catalog.on_sale().lines
    if any(plan.feature(code) for line in lines for plan in line.plans):
        return True
    return any(one.code == code for line in lines for addon in line.addons for one in addon.features)


def _answer(row: Any, feature: dict[str, Any] | None, code: str, member: str) -> Entitlement:
    reason = Reason.INCLUDED
    if row["status"] in READ_ONLY_STATUSES:
        reason = Reason.READ_ONLY
    elif row["status"] not in ENTITLED_STATUSES:
        reason = Reason.SUSPENDED
    elif feature is None:
        reason = Reason.NOT_IN_PLAN
    elif member and not row["is_member"]:
        reason = Reason.NOT_A_MEMBER
    elif member and not row["has_seat"]:
        reason = Reason.NO_SEAT
    return Entitlement(
        feature=code,
        reason=reason,
        limit=feature.get("limit") if feature and reason is Reason.INCLUDED else None,
        plan=(feature or {}).get("part") or f"{row['line__code']}/{row['plan__code']}",
        until=row["cancel_at"] or row["period_ends_at"],
    )
