"""What pays, a card or a bank account: which one, until when, and changing it on Stripe's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.queries import policies
from billing.models import Customer
from billing.queries import next_charges, overview, payers, payment_terms, standing_facts
from billing.queries.overview import Standing, State
from billing.queries.standing_facts import Card
from billing.rules import debits
from billing.services import faults
from billing.services.books import sent_invoices
from billing.services.selling import cards, mandates
from config import clock, words
from storefront import invoice_words, overdue_words
from storefront.views import redirects, trials

LONGEST_SESSION_ID = 200
# In what states how it is paid may be changed.
SWITCHABLE = (State.ACTIVE, State.ENDING, State.ARRANGING)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_PAYMENT)
def payment_method(request: OrganizationRequest) -> HttpResponse:
    """GET /payment-method/: the card; `?session=` when somebody comes back from changing it. POST: on to Stripe's card page."""
    if request.method == "POST":
        return _change(request)
    if request.GET.get("session"):
        return _came_back(request, request.GET["session"])
    return render(request, "storefront/payment/page.html", _context(request))


def _context(request: OrganizationRequest) -> dict[str, Any]:
    """Four queries: the standings bring the customer along; without any, there is no card to show, and one query."""
    standings = overview.standings(request.organization)
    standing = standings[0] if standings else None
    customer = getattr(request.organization if standing is None else standing.row.organization, "customer", None)
    card = standing_facts.card_of(payers.of(standing.row)) if standing else None
    is_invoiced = standing is not None and standing.row.is_invoiced
    charge = standing.next_charge if standing else None
    today = words.day_of(clock.now())
    return {
        "standing": standing,
        "paid_by": _paid_by(standings),
        "card": card,
        "bank": standing.bank if standing else None,
        "has_bank": standing_facts.bank_of(customer) is not None,
        "takes_debits": _takes_debits(standing) if standing else False,
        "charges": next_charges.of(standings),
        "has_several": sum(one.row.is_live for one in standings) > 1,
        "is_expired": card is not None and not card.works_on(today),
        "overdue": _overdue(request) if any(one.is_behind for one in standings) else "",
        "waiting": [one.change for one in standings if one.change and one.change.is_waiting],
        "is_invoiced": is_invoiced,
        "invoice_days": _invoice_days(request, standing),
        "account": _account(customer, standing) if standing and is_invoiced else [],
        "expires_before_charge": charge is not None and _is_gone_by(card, charge.at) and not is_invoiced,
    }


def _paid_by(standings: Sequence[Standing]) -> list[dict[str, Any]]:
    """What pays each product, where it is not the same for all: a plan's name, its card or bank, and whether that works."""
    live = [one for one in standings if one.row.is_live]
    if len({(one.last4, one.row.is_invoiced) for one in live}) < 2:
        return []
    today = words.day_of(clock.now())
    return [
        {
            "plan": one.row.plan.name,
            "is_invoiced": one.row.is_invoiced,
            "card": one.card,
            "bank": one.bank,
            "is_expired": one.card is not None and not one.card.works_on(today),
        }
        for one in live
    ]


def _is_gone_by(card: Card | None, at: datetime) -> bool:
    return card is not None and not card.works_on(words.day_of(at))


def _account(customer: Customer | None, standing: Standing) -> list[dict[str, str]]:
    """Where invoices can be paid to by transfer."""
    return invoice_words.account(sent_invoices.bank_account(customer, standing.row.currency))


def _invoice_days(request: OrganizationRequest, standing: Standing | None) -> int:
    """How long there would be to pay, for whom may choose to pay on invoice; 0: nobody may, or there is nothing to pay."""
    if standing is None or standing.row.is_invoiced or standing.state not in SWITCHABLE:
        return 0
    return payment_terms.days(request.organization, clock.now())


def _takes_debits(standing: Standing) -> bool:
    """Whether Stripe's page offers more than cards, as far as it is known without asking for the segment. No query."""
    lines = policies.value("billing.payment_methods", clock.now())
    return len(debits.offered(lines, standing.row.currency)) > 1


def _overdue(request: OrganizationRequest) -> str:
    """What a new card pays at once, in words: all that is overdue."""
    return overdue_words.amount(overdue_words.of_rows(cards.overdue(request.organization)))


@require_safe
@access.require(Permission.MANAGE_PAYMENT)
@never_cache
def card(request: OrganizationRequest) -> HttpResponse:
    """GET /payment-method/card/: straight on to Stripe's card page, for a link in a mail. Nothing is charged by it."""
    if "prefetch" in request.headers.get("Sec-Purpose", "") or request.method == "HEAD":
        return HttpResponse(status=204)
    return _change(request)


@require_safe
@access.require(Permission.MANAGE_PAYMENT)
def mandate(request: OrganizationRequest) -> HttpResponse:
    """GET /payment-method/mandate/: on to what was allowed of the bank account; its address is asked of Stripe each time."""
    try:
        return redirects.see(mandates.url(request.organization))
    except faults.Unreachable:
        messages.error(request, _("Our payment service does not answer. Try again in a minute."))
    except mandates.NoDocument:
        messages.info(request, _("You allowed it on our payment service's page; there is no document. Write to us to end it."))
    return redirects.see("/payment-method/")


def _change(request: OrganizationRequest) -> HttpResponse:
    try:
        command = cards.start_setup(request.organization, origin=access.origin(request), at=clock.now())
    except cards.NoCustomer:
        messages.info(request, _("Buy a plan first: the card is asked for there."))
        return redirects.see("/payment-method/")
    url = command.result.get("url")
    if not url:
        messages.error(request, _("The card page could not be opened. Your card is as it was; try again in a minute."))
        return redirects.see("/payment-method/")
    return redirects.see(url)


def _now_pays(request: OrganizationRequest) -> str:
    kind = Customer.objects.filter(organization=request.organization).values_list("method_kind", flat=True).first()
    return _("The bank account pays from now on.") if kind in debits.DEBITS else _("The new card is in use from now on.")


def _came_back(request: OrganizationRequest, session_id: str) -> HttpResponse:
    """Whoever comes first, this look or the event: the card is used once."""
    try:
        is_used = cards.look_up(session_id[:LONGEST_SESSION_ID], request.organization)
    except faults.Unreachable:
        is_used = False
    except faults.GatewayError:
        return redirects.see("/payment-method/")
    going_on = cards.resumption(session_id[:LONGEST_SESSION_ID])
    if going_on is not None:
        return trials.went_on(request, going_on)
    overdue = _overdue(request) if is_used else ""
    if is_used:
        pays = _now_pays(request)
        rest = _("%(amount)s could not be charged to it, though. Pay that by another one.") % {"amount": overdue}
        (messages.warning if overdue else messages.success)(request, f"{pays} {rest}" if overdue else pays)
    else:
        messages.info(request, _("It is being taken over; that takes a few seconds."))
    return redirects.see("/payment-method/")
