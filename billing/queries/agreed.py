"""What was agreed with a customer reaches its orders too: how much less a first purchase is, and how many seats it may have.

Pages of a cart ask without a query: the cart brings along what was agreed (`brought`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from billing.models import Cart, Terms, TermsKind, TermsState
from billing.queries import catalog, terms_words
from billing.rules import addons, promotions
from billing.rules import terms as rules
from billing.rules.promotions import AGREED

KINDS: Final = (TermsKind.DISCOUNT, TermsKind.SEAT_CEILING, TermsKind.PAYMENT_TERMS)
SAID: Final = ("id", "kind", "line_id", "starts_at", "ends_on", "ends_at", "value")


@dataclass(frozen=True, kw_only=True)
class Less:
    """An agreed discount on an order: `off_minor` in all, `off_parts` of each part of the charge; over at `ends_at`."""

    terms_id: int
    percent_bps: int
    ends_on: date
    ends_at: datetime
    off_parts: tuple[int, ...] = ()

    @property
    def off_minor(self) -> int:
        return sum(self.off_parts)

    @property
    def name(self) -> str:
        return catalog.text(AGREED)

    @property
    def short(self) -> str:
        """ "10% off until 3 March 2027"."""
        return terms_words.until(TermsKind.DISCOUNT, {"percent_bps": self.percent_bps}, self.ends_on)

    def lasts_beyond(self, at: datetime) -> bool:
        """Whether a charge at `at` is still less for it."""
        return at < self.ends_at


def brought(organization: str) -> ArraySubquery:
    """Of a row whose field `organization` names its organization: what was agreed for its orders, whenever it holds."""
    rows = _approved().filter(organization=OuterRef(organization))
    return ArraySubquery(rows.values(said=JSONObject(**{name: name for name in SAID})))


def less(cart: Cart, *, parts: Sequence[int], at: datetime) -> Less | None:
    """The agreed discount on a cart's first charge, bought at `at`; None: there is none. One query at most.

    It counts for the charge: a trial's is at its end. A pilot's fee is fixed.
    """
    if cart.organization is None or cart.pilot_id is not None:
        return None
    if cart.held_price_id is not None:
        return _held(cart, parts, at)
    charged_at = at + timedelta(days=cart.plan.trial_days if cart.is_trial else 0)
    for one in _of(cart, TermsKind.DISCOUNT):
        ends_at = _instant(one["ends_at"])
        if holds(one, at) and charged_at < ends_at - rules.OFF_AHEAD:
            bps = int(one["value"]["percent_bps"])
            off_parts = off(bps, parts, at)
            return Less(
                terms_id=one["id"],
                percent_bps=bps,
                ends_on=date.fromisoformat(one["ends_on"]),
                ends_at=ends_at,
                off_parts=off_parts,
            )
    return None


def _held(cart: Cart, parts: Sequence[int], at: datetime) -> Less | None:
    """Of a quote: what it was made with. It holds no longer than the exception was to last, and is not taken back with it."""
    row = cart.held_agreed
    if row is None:
        return None
    bps = int(row.value["percent_bps"])
    return Less(terms_id=row.pk, percent_bps=bps, ends_on=row.ends_on, ends_at=row.ends_at, off_parts=off(bps, parts, at))


def off(percent_bps: int, parts: Sequence[int], at: datetime) -> tuple[int, ...]:
    """What so large a share takes off each part of a charge."""
    held = promotions.Held(
        stripe_id="",
        code="",
        name=AGREED,
        percent_bps=percent_bps,
        amount_minor=None,
        duration=promotions.Duration.FOREVER,
        ends_at=None,
    )
    return addons.off([held], parts, at)


def seats(cart: Cart, at: datetime) -> int:
    """Up to how many seats of the cart's line were agreed; 0: nothing was. One query at most."""
    if cart.organization is None or cart.pilot_id is not None:
        return 0
    found = (one for one in _of(cart, TermsKind.SEAT_CEILING) if holds(one, at))
    return max((int(one["value"]["seats"]) for one in found), default=0)


def most_seats(cart: Cart, at: datetime) -> int:
    """How many seats of the cart's plan can be bought here. One query at most."""
    return max(cart.plan.seats_max, seats(cart, at))


def said(cart: Cart) -> list[dict[str, Any]]:
    """What was agreed for a cart's organization, as JSON has it (`SAID`); read where the cart does not bring it along."""
    known: list[dict[str, Any]] | None = getattr(cart, "agreed_terms", None)
    if known is None:
        rows = _approved().filter(organization=cart.organization_id)
        known = list(rows.values_list(JSONObject(**{name: name for name in SAID}), flat=True))
    return known


def holds(one: Mapping[str, Any], at: datetime) -> bool:
    """Whether one of `said` is in force at an instant."""
    return _instant(one["starts_at"]) <= at < _instant(one["ends_at"])


def _of(cart: Cart, kind: TermsKind) -> list[dict[str, Any]]:
    """The line's, the newest first: two of a kind never hold on the same day, but nothing breaks if they did."""
    found = [one for one in said(cart) if one["kind"] == kind and one["line_id"] == cart.plan.line_id]
    return sorted(found, key=lambda one: int(one["id"]), reverse=True)


def _approved() -> QuerySet[Terms]:
    return Terms.objects.filter(kind__in=KINDS, state=TermsState.APPROVED)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
