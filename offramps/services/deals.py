"""A deal's way: made from a case, version by version, allowed where it takes somebody, and sent as a quote.

It is no second machine: its price is the catalog's, worked out as a cart's, what is agreed beside it is an exception, and what
the customer accepts is a quote (docs/decisions/deals.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing.models import Plan, TermsKind
from billing.queries import carts as cart_queries
from billing.queries import currencies, giving_back
from billing.rules import pricing
from billing.rules.giving_back import NoRate
from billing.services.agreeing import budgets
from billing.services.quoting import agreed_offers, quotes
from billing.services.selling import carts
from offramps.models import BEING_MADE, Deal, DealVersion, Lead, VersionState
from offramps.queries import deals as queries
from offramps.rules import deals as rules
from offramps.rules.deals import Asked, Part, Verdict
from offramps.services import deal_news

BANDS: Final = {
    TermsKind.DISCOUNT: "offramps.deal_rep_discount_bps",
    TermsKind.TERM: "offramps.deal_standard_months",
    TermsKind.PRICE_HOLD: "offramps.deal_standard_months",
    TermsKind.SEAT_CEILING: "offramps.deal_ceiling_times",
    TermsKind.PAYMENT_TERMS: "offramps.deal_rep_net_days",
    TermsKind.CREDIT_LIMIT: "offramps.deal_rep_net_days",
}


class DealError(Exception):
    """Nothing was changed."""


class NotNow(DealError):
    """It is in another state by now: look again."""

    def __init__(self, version: DealVersion) -> None:
        super().__init__(f"It is {version.state}.")
        self.version = version


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a form says. `discount_bps`, `net_days`, `ceiling` 0: as the catalog has it; `nonce` makes two clicks one."""

    plan: Plan
    seats: int
    interval: str
    term_months: int
    approver_email: str
    nonce: str
    addons: Mapping[str, int | None]
    discount_bps: int = 0
    net_days: int = 0
    ceiling: int = 0
    begins_on: date | None = None
    wording: str = ""
    reason: str = ""
    purchase_order: str = ""
    addressed_to: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a form comes to: its document, what it is a year, and what of it is not the catalog's. `room`: in the budget."""

    wanted: Wanted
    currency: str
    document: Mapping[str, Any]
    us_cents: int
    verdict: Verdict
    has_room: bool
    share_bps: int
    ceiling_bps: int


def draft(organization: Organization, wanted: Wanted, *, subject: str = "", at: datetime) -> Draft:
    """Work out a deal; nothing is written. Raises ValidationError naming the field and what would do."""
    currency = currencies.held(organization) or organization.currency or "usd"
    _check(wanted, at)
    offered = _offered(organization, wanted, currency, at)
    try:
        document = agreed_offers.priced(organization, offered, discount_bps=wanted.discount_bps, at=at)
    except agreed_offers.NotOffered:
        raise ValidationError({"plan": _("This plan is not sold like that in their currency. Choose another.")}) from None
    if cart_queries.live_subscription(organization, wanted.plan.line_id) is not None:
        text = _("They have a subscription of this product. They change it in the store; propose an exception for the rest.")
        raise ValidationError({"plan": text})
    asked = Asked(
        seats=wanted.seats,
        discount_bps=wanted.discount_bps,
        term_months=wanted.term_months,
        net_days=wanted.net_days,
        ceiling=wanted.ceiling,
        has_wording=bool(wanted.wording.strip()),
    )
    verdict = queries.judge(asked, wanted.plan, organization, at)
    cents = _year(document["net_minor"] * 12 // pricing.MONTHS[wanted.interval], currency, at)
    standing, has_room = budgets.preview(organization, subject, cents, at)
    return Draft(
        wanted=wanted,
        currency=currency,
        document=document,
        us_cents=cents,
        verdict=verdict,
        has_room=verdict.is_standard or has_room,
        share_bps=standing.share_bps,
        ceiling_bps=standing.ceiling_bps,
    )


def save(lead: Lead, wanted: Wanted, *, deal: Deal | None, at: datetime, origin: Origin) -> DealVersion:
    """Keep it as the next version; one that was being made is replaced by it, with what was approved of it.

    The same nonce again finds the same version. Raises ValidationError.
    """
    assert origin.actor is not None
    if lead.organization is None:
        raise ValidationError({"plan": _("Say first which organization it is for.")})
    if (known := DealVersion.objects.filter(nonce=wanted.nonce).first()) is not None:
        return known
    made = draft(lead.organization, wanted, subject=deal.subject if deal else "", at=at)
    if not made.verdict.is_standard and not wanted.reason.strip():
        raise ValidationError({"reason": _("Say why: something of it is not the catalog's.")})
    with transaction.atomic(durable=True):
        Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
        if deal is None:
            owner = lead.rep.user if lead.rep else origin.actor
            deal = Deal.objects.create(lead=lead, organization=lead.organization, owner=owner, created_at=at)
        _refuse_accepted(deal)
        _replace(deal, at)
        version = DealVersion.objects.create(deal=deal, **_values(deal, made), made_by=origin.actor, made_at=at)
        tell("versioned", version, at=at, origin=origin)
    return version


def send(version: DealVersion, *, at: datetime, origin: Origin) -> DealVersion:
    """Have the customer read it: its quote is issued, and the one of an older version taken back. Twice is once.

    Raises NotNow for what is not allowed (yet, or any more), and ValidationError where the catalog sells it no more, or at
    another price than was allowed.
    """
    with transaction.atomic(durable=True):
        held = lock(version)
        if held.state == VersionState.SENT:
            return held
        if held.state != VersionState.APPROVED or (held.expires_at and at >= held.expires_at):
            raise NotNow(held)
        older = held.deal.versions.filter(state=VersionState.SENT).select_related("quote").first()
        if older is not None:
            older.state, older.closed_at = VersionState.REPLACED, at
            older.save(update_fields=["state", "closed_at"])
        held.quote = _issue(held, older.quote if older else None, at=at, origin=origin)
        held.state, held.expires_at = VersionState.SENT, None
        held.save(update_fields=["state", "expires_at", "quote"])
        if queries.verdict_of(held).is_standard:
            budgets.free(held.deal.subject, at=at)
        tell("sent", held, at=at, origin=origin, number=held.quote.number)
        deal_news.sent(held, at=at)
    if older is not None and older.quote is not None:
        agreed_offers.take_back(older.quote, origin=origin, at=at)
    return held


def withdraw(deal: Deal, *, at: datetime, origin: Origin) -> None:
    """It is not offered any more: what was being made is put away, the customer's link accepts nothing, the budget is free."""
    with transaction.atomic(durable=True):
        held = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
        _refuse_accepted(held)
        sent = held.versions.filter(state=VersionState.SENT).select_related("quote").first()
        live = held.versions.filter(state__in=(*BEING_MADE, VersionState.SENT))
        newest = live.select_related("deal__lead", "deal__organization").order_by("-number").first()
        live.update(state=VersionState.WITHDRAWN, closed_at=at)
        budgets.free(held.subject, at=at)
        if newest is not None:
            tell("withdrawn", newest, at=at, origin=origin)
    if sent is not None and sent.quote is not None:
        agreed_offers.take_back(sent.quote, origin=origin, at=at)


def lock(version: DealVersion) -> DealVersion:
    """The version's row, locked, with what its acts need. Call inside a transaction."""
    needed = (
        "deal__lead__rep__user",
        "deal__lead__user",
        "deal__organization",
        "deal__owner",
        "plan__line",
        "made_by",
        "quote",
    )
    return DealVersion.objects.select_for_update(of=("self",)).select_related(*needed, "decided_by").get(pk=version.pk)


def tell(verb: str, version: DealVersion, *, at: datetime, origin: Origin, **more: object) -> None:
    """The journal's entry `offramps.deal.<verb>`; the case shows it."""
    deal = version.deal
    data = {"lead": deal.lead.public_id, "deal": deal.public_id, "version": version.number, **more}
    journal.append(kind=f"offramps.deal.{verb}", organization=deal.organization, at=at, origin=origin, data=data)


def _check(wanted: Wanted, at: datetime) -> None:
    least = wanted.plan.seats_min
    if wanted.seats < least:
        raise ValidationError({"seats": _("This plan is sold from %(least)s seats on.") % {"least": least}})
    if wanted.term_months not in rules.TERMS:
        raise ValidationError({"term_months": _("A deal is for 12, 24 or 36 months.")})
    if wanted.ceiling and wanted.ceiling < wanted.seats:
        raise ValidationError({"ceiling": _("The ceiling is no lower than the seats sold.")})
    if not 0 <= wanted.discount_bps < 10_000:
        raise ValidationError({"discount": _("Give a discount from 0 to below 100%.")})
    if wanted.begins_on is not None:
        most = at.date() + timedelta(days=90)
        if not at.date() <= wanted.begins_on <= most:
            raise ValidationError({"begins_on": _("Choose a day from today on, in 90 days at most.")})


def _offered(organization: Organization, wanted: Wanted, currency: str, at: datetime) -> agreed_offers.Wanted:
    """What is sold, with add-ons that go with it. Raises ValidationError."""
    offered = agreed_offers.Wanted(plan=wanted.plan, seats=wanted.seats, interval=wanted.interval, currency=currency, addons={})
    cart = agreed_offers.cart_of(organization, offered, at=at)
    try:
        chosen = {code: carts.addon_number(cart, code, number) for code, number in wanted.addons.items()}
    except carts.AddonRefused as error:
        raise ValidationError({"addons": str(error)}) from None
    return replace(offered, addons=chosen)


def _year(year_minor: int, currency: str, at: datetime) -> int:
    try:
        return giving_back.us_cents(year_minor, currency, at)
    except NoRate:
        return year_minor  # as if it were dollars: better counted roughly than not at all


def _refuse_accepted(deal: Deal) -> None:
    accepted = deal.versions.filter(state=VersionState.ACCEPTED).first()
    if accepted is not None:
        raise NotNow(accepted)


def _replace(deal: Deal, at: datetime) -> None:
    """What was being made is replaced. An approval of it counts no more; what is with the customer stays there."""
    deal.versions.filter(state__in=BEING_MADE).update(state=VersionState.REPLACED, closed_at=at, expires_at=None)
    if not deal.versions.filter(state=VersionState.SENT).exists():
        budgets.free(deal.subject, at=at)


def _values(deal: Deal, made: Draft) -> dict[str, Any]:
    wanted = made.wanted
    number = (deal.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    findings = [{"part": one.part, "value": one.value, "groups": list(one.groups)} for one in made.verdict.findings]
    return {
        "number": number,
        "plan": wanted.plan,
        "seats": wanted.seats,
        "interval": wanted.interval,
        "currency": made.currency,
        "addons": dict(wanted.addons),
        "discount_bps": wanted.discount_bps,
        "term_months": wanted.term_months,
        "net_days": wanted.net_days,
        "ceiling": wanted.ceiling,
        "begins_on": wanted.begins_on,
        "wording": wanted.wording.strip(),
        "reason": wanted.reason.strip(),
        "purchase_order": wanted.purchase_order.strip(),
        "addressed_to": wanted.addressed_to.strip(),
        "approver_email": wanted.approver_email.strip().lower(),
        "note": wanted.note.strip(),
        "document": dict(made.document),
        "us_cents": made.us_cents,
        "findings": findings,
        "nonce": wanted.nonce,
    }


def _issue(version: DealVersion, follows: Any, *, at: datetime, origin: Origin) -> Any:
    """The quote of a version. Raises ValidationError where it cannot be sold as it was allowed."""
    deal = version.deal
    wanted = agreed_offers.Wanted(
        plan=version.plan,
        seats=version.seats,
        interval=version.interval,
        currency=version.currency,
        addons=version.addons,
    )
    said = agreed_offers.Said(
        rep=deal.owner,
        contact=deal.lead.user,
        reason=version.reason or str(_("As the catalog has it.")),
        months=version.term_months,
        valid_days=policies.value("offramps.deal_days", at),
        begins_on=version.begins_on,
        wording=version.wording,
        version=version.number,
        addressed=quotes.Addressed(
            addressed_to=version.addressed_to,
            approver_email=version.approver_email,
            purchase_order=version.purchase_order,
            note=version.note,
        ),
    )
    agreements = _agreements(version, at)
    try:
        quote = agreed_offers.offer(
            deal.organization, wanted=wanted, agreements=agreements, said=said, follows=follows, origin=origin, at=at
        )
    except agreed_offers.NotOffered:
        raise ValidationError(
            {"plan": _("It is not sold like this any more, or they have bought it. Make a new one.")}
        ) from None
    if quote.document["net_minor"] != version.document["net_minor"]:
        raise ValidationError({"plan": _("The catalog's price has changed since it was made. Make a new version.")})
    return quote


def _agreements(version: DealVersion, at: datetime) -> list[agreed_offers.Agreed]:
    """The exceptions of a version: a term with its seats and price, the ceiling, and what the customer has besides."""
    sold = queries.sold(version.plan, version.deal.organization, at)
    ceiling = version.ceiling or rules.ceiling(version.seats, sold)
    found: dict[TermsKind, dict[str, Any]] = {
        TermsKind.TERM: {"seats": version.seats, "plan": version.plan.code, "plan_name": version.plan.name},
        TermsKind.PRICE_HOLD: {},
    }
    if version.discount_bps:
        found[TermsKind.DISCOUNT] = {"percent_bps": version.discount_bps}
    if ceiling > version.plan.seats_max:
        found[TermsKind.SEAT_CEILING] = {"seats": ceiling}
    if version.net_days:
        found[TermsKind.PAYMENT_TERMS] = {"net_days": version.net_days}
        found[TermsKind.CREDIT_LIMIT] = {"amount_minor": _credit(version, ceiling), "currency": version.currency}
    return [
        agreed_offers.Agreed(kind=kind, raw=raw, approver=_approver(version, kind), band=BANDS[kind])
        for kind, raw in found.items()
    ]


def _credit(version: DealVersion, ceiling: int) -> int:
    """Room on invoice for a period of the seats sold, and of as many as the ceiling lets them become."""
    total: int = version.document["total_minor"]
    return max(total * max(ceiling, version.seats) // version.seats * 2, 1)


def _approver(version: DealVersion, kind: TermsKind) -> Any:
    """Whoever allowed what is beyond a rep; None where a policy alone does."""
    parts = {TermsKind.PRICE_HOLD: Part.TERM, TermsKind.CREDIT_LIMIT: Part.PAYMENT_TERMS}
    part = parts.get(kind, kind)
    return version.decided_by if any(one["part"] == str(part) for one in version.findings) else None
