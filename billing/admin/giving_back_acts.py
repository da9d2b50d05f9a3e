"""The pages on which staff give a refund, a credit or time: first what it comes to, then the same figures confirmed.

Beyond somebody's limit the same page asks a second person for it.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import access, staff_guard
from accounts.models import Organization, User
from accounts.origin import Source
from billing.admin.giving_back_forms import GROUPS, CreditForm, GiftForm, LowerForm, NoteForm, RefundForm, TimeForm, may_give
from billing.admin.shown import money
from billing.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentReason,
    AdjustmentState,
    Customer,
    Invoice,
    Subscription,
    TimeUnit,
)
from billing.rules import giving_back as rule
from billing.rules import money as amounts
from billing.services import commands, faults
from billing.services.refunds import approving, complimentary, giving_back
from config import clock, words
from config.admin import acts, columns

# What a person may be told, and go on with other figures.
TROUBLE = (giving_back.GivingError, rule.NoRate, commands.Busy, faults.GatewayError)
PLAIN: dict[type[Exception], Any] = {
    giving_back.BadSplit: _(
        "As credit can go less than the whole amount: what paid it gets the rest. For all of it choose credit."
    ),
    giving_back.NothingLeft: _("Nothing can go back this way: it was not paid like this, or has gone back already."),
    complimentary.NoRenewal: _(
        "Nothing will be charged from which free time could be taken: it ends, rests, or has not begun to be paid."
    ),
    approving.NotOpen: _("It was decided or withdrawn meanwhile."),
    approving.SamePerson: _("You asked for it: a second person decides."),
    giving_back.Changed: _("The figures are others by now. Decline it, or withdraw it, and ask anew."),
    commands.Busy: _("Another refund of it is under way. Look again in a few seconds."),
    faults.Unreachable: _("Stripe does not answer. Nothing was given; try again in a minute."),
}


def refund(page: Any, request: HttpRequest, invoice_id: int) -> HttpResponse:
    """GET, POST .../refund/<invoice>/: amount, how, why; Stripe's preview of the credit note; then the note."""
    if (elsewhere := _guard(request)) is not None:
        return elsewhere
    invoice = get_object_or_404(Invoice.objects.select_related("organization"), pk=invoice_id)
    is_open = invoice.status == "open"
    kind: type[CreditForm] = LowerForm if is_open else RefundForm
    title = gettext("Lower invoice %(number)s") if is_open else gettext("Refund invoice %(number)s")
    base = acts.Act(
        title=title % {"number": invoice},
        lead=gettext(
            "Stripe issues a credit note, so that the tax goes back with it, and the customer gets a mail. The subscription, "
            "its seats and the MRR stay as they are."
        ),
        form=kind(currency=invoice.currency),
        button="",
        second=gettext("Preview"),
        back_url=columns.address(invoice),
    )

    def look(form: GiftForm, _at: datetime) -> tuple[giving_back.Gift, list[acts.Row]]:
        gift, found = giving_back.of_invoice(invoice, form.wanted)
        return gift, _note_rows(found, invoice.currency, gift.wanted)

    paid = max(invoice.amount_paid_minor - invoice.refunded_minor, 0) or invoice.total_minor
    initial = {"amount": _decimal(invoice.amount_remaining_minor if is_open else paid, invoice.currency)}
    return _ask(page, request, Asked(invoice, base, kind, invoice.currency, initial, look))


def credit(page: Any, request: HttpRequest, organization_id: int) -> HttpResponse:
    """GET, POST .../credit/<organization>/: amount and why; what the balance becomes; then the credit."""
    if (elsewhere := _guard(request)) is not None:
        return elsewhere
    organization = get_object_or_404(Organization, pk=organization_id)
    customer = Customer.objects.filter(organization=organization).first()
    currency = (customer.balance_currency if customer else "") or organization.currency
    if customer is None or not currency:
        messages.warning(request, gettext("This organization has bought nothing yet: there is no account to put a credit on."))
        return HttpResponseRedirect(columns.address(organization))
    base = acts.Act(
        title=gettext("Give %(organization)s credit") % {"organization": organization.name},
        lead=gettext("The next invoice takes it by itself, and the customer gets a mail. No invoice and no tax changes by it."),
        form=CreditForm(currency=currency),
        button="",
        second=gettext("Preview"),
        back_url=columns.address(organization),
    )

    def look(form: GiftForm, _at: datetime) -> tuple[giving_back.Gift, list[acts.Row]]:
        gift = giving_back.of_credit(organization, form.wanted, currency)
        return gift, _balance_rows(customer, gift)

    return _ask(page, request, Asked(organization, base, CreditForm, currency, {"reason": AdjustmentReason.GOODWILL}, look))


def time(page: Any, request: HttpRequest, subscription_id: int) -> HttpResponse:
    """GET, POST .../time/<subscription>/: how long and why; what that is worth; then the credit."""
    if (elsewhere := _guard(request)) is not None:
        return elsewhere
    row = get_object_or_404(Subscription.objects.select_related("organization__customer", "line", "plan"), pk=subscription_id)
    base = acts.Act(
        title=gettext("Give %(organization)s time") % {"organization": row.organization},
        lead=gettext(
            "What the time costs at the price of the coming renewal is credited: the next charges are less by it, and the "
            "dates stay. The customer gets a mail."
        ),
        form=TimeForm(currency=row.currency),
        button="",
        second=gettext("Preview"),
        back_url=columns.address(row),
    )

    def look(form: GiftForm, at: datetime) -> tuple[giving_back.Gift, list[acts.Row]]:
        gift, standing = complimentary.gift(row, form.wanted, at)
        renewal = gettext("The renewal on %(day)s, before credit") % {"day": words.day(standing.row.period_ends_at)}
        whole = acts.Row(renewal, money(standing.period_charge_minor, row.currency))
        monthly = complimentary.monthly_minor(standing)
        by_the_month = [acts.Row(gettext("Of that, charged by the month"), money(monthly, row.currency))] if monthly else []
        return gift, [whole, *by_the_month, *_balance_rows(row.organization.customer, gift)]

    initial = {"reason": AdjustmentReason.GOODWILL, "count": 1, "unit": TimeUnit.MONTHS}
    return _ask(page, request, Asked(row, base, TimeForm, row.currency, initial, look))


@dataclass(frozen=True)
class Asked:
    """What a page asks about `row`: `look` works out what a form comes to, and its lines."""

    row: Any
    base: acts.Act
    form: type[GiftForm]
    currency: str
    initial: dict[str, Any]
    look: Callable[[GiftForm, datetime], tuple[giving_back.Gift, list[acts.Row]]]


def _ask(page: Any, request: HttpRequest, asked: Asked) -> HttpResponse:
    """The form; what it would do; what it did."""
    if request.method != "POST":
        return _show(
            page, request, asked, asked.form(initial={**asked.initial, "nonce": uuid.uuid4().hex}, currency=asked.currency)
        )
    form, at = asked.form(request.POST, currency=asked.currency), clock.now()
    if not form.is_valid():
        return _show(page, request, asked, form, status=422)
    said = form.cleaned_data
    is_confirmed = "preview" not in request.POST and said["shown"] is not None
    if is_confirmed and (earlier := giving_back.known(said["nonce"])) is not None:
        return _done(request, earlier)
    problem, status = "", 200
    try:
        gift, rows = asked.look(form, at)
        beyond = _beyond_limit(request, gift, at)
        if is_confirmed and gift.amount_minor == said["shown"] and (said["asks"] or beyond is None):
            origin = access.origin(request, Source.ADMIN)
            return _done(request, (approving.ask if said["asks"] else giving_back.give)(gift, origin=origin, at=at))
    except TROUBLE as error:
        return _show(page, request, asked, form, problem=_why(error, asked.currency), status=422)
    if beyond is not None:
        problem, status = _beyond(beyond), 422 if is_confirmed else 200
    elif is_confirmed:
        problem = gettext("The figures are others than those you saw. Look at them again; nothing was given yet.")
        status = 409
    again = asked.form(initial={**said, "shown": gift.amount_minor, "asks": beyond is not None}, currency=asked.currency)
    button = _button(asked.form, is_asking=beyond is not None) % {"amount": money(gift.amount_minor, asked.currency)}
    return _show(page, request, asked, again, problem=problem, rows=rows, button=button, status=status)


def _beyond_limit(request: HttpRequest, gift: giving_back.Gift, at: datetime) -> giving_back.BeyondLimit | None:
    """Why a second person is to be asked; None: one may give it."""
    assert isinstance(request.user, User)
    try:
        giving_back.check(request.user, gift.organization, amount_minor=gift.amount_minor, currency=gift.currency, at=at)
    except giving_back.BeyondLimit as error:
        return error
    return None


def _button(form: type[GiftForm], *, is_asking: bool) -> str:
    if is_asking:
        return gettext("Ask for approval of %(amount)s")
    labels = {
        CreditForm: gettext("Give %(amount)s credit"),
        LowerForm: gettext("Take %(amount)s off"),
        TimeForm: gettext("Give time worth %(amount)s"),
    }
    return labels.get(form, gettext("Give %(amount)s back"))


def _show(page: Any, request: HttpRequest, asked: Asked, form: GiftForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return acts.render(page, request, asked.row, acts.replace(asked.base, form=form, **more), status=status)


DECIDING: dict[str, tuple[Any, Any, Any]] = {
    "approve": (approving.approve, _("Approve it"), _("It is given at once, as it was shown, and the customer gets a mail.")),
    "decline": (approving.decline, _("Decline it"), _("Nothing is given. Whoever asked reads your note.")),
    "withdraw": (approving.withdraw, _("Withdraw it"), _("Nothing is given.")),
}


def may_decide(request: HttpRequest, row: Adjustment, verb: str) -> bool:
    """A second person approves or declines; whoever asked withdraws."""
    is_own = request.user.pk == row.actor_id
    return may_give(request) and row.state == AdjustmentState.ASKED and is_own == (verb == "withdraw")


def decide(page: Any, request: HttpRequest, adjustment_id: int, verb: str) -> HttpResponse:
    """GET, POST .../<id>/approve|decline|withdraw/: what was asked for, and a note."""
    if (elsewhere := _guard(request)) is not None:
        return elsewhere
    row = get_object_or_404(Adjustment.objects.select_related("organization", "actor"), pk=adjustment_id)
    carry_out, button, lead = DECIDING[verb]
    rows = [
        acts.Row(gettext("Customer"), str(row.organization)),
        acts.Row(gettext("Asked for by"), str(row.actor)),
        acts.Row(str(row.get_kind_display()), money(row.amount_minor, row.currency), is_sum=True),
    ]
    act = acts.Act(
        title=str(button), lead=str(lead), form=NoteForm(), button=str(button), back_url=columns.address(row), rows=rows
    )
    if not may_decide(request, row, verb):
        why = approving.NotOpen() if row.state != AdjustmentState.ASKED else approving.SamePerson()
        stuck = acts.replace(act, form=forms.Form(), button="", problem=_why(why, row.currency))
        return acts.render(page, request, row, stuck, status=409)
    if request.method != "POST":
        return acts.render(page, request, row, act)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return acts.render(page, request, row, acts.replace(act, form=form), status=422)
    origin, at = access.origin(request, Source.ADMIN), clock.now()
    try:
        done = carry_out(row.pk, note=form.cleaned_data["note"], origin=origin, at=at)
    except TROUBLE as error:
        problem = _why(error, row.currency)
        return acts.render(page, request, row, acts.replace(act, form=form, problem=problem), status=409)
    return _done(request, done)


def _guard(request: HttpRequest) -> HttpResponse | None:
    if not may_give(request):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    return HttpResponseRedirect(proof) if proof else None


def _done(request: HttpRequest, row: Adjustment) -> HttpResponse:
    amount = money(row.amount_minor, row.currency)
    if row.state == AdjustmentState.ASKED:
        messages.info(request, gettext("Asked for: nothing is given before a second person approves it."))
    elif row.state in (AdjustmentState.DECLINED, AdjustmentState.WITHDRAWN):
        messages.info(request, gettext("Nothing is given."))
    elif row.state == AdjustmentState.DONE and row.kind == AdjustmentKind.LOWER:
        messages.success(request, gettext("The invoice is %(amount)s less. The customer gets a mail.") % {"amount": amount})
    elif row.state == AdjustmentState.DONE:
        messages.success(request, gettext("%(amount)s given back. The customer gets a mail.") % {"amount": amount})
    elif row.state == AdjustmentState.FAILED:
        messages.error(request, gettext("Stripe refused: %(why)s Nothing was given.") % {"why": row.message})
    else:
        messages.info(request, gettext("Under way: Stripe has not answered yet. It is asked again; you need do nothing."))
    return HttpResponseRedirect(reverse("admin:billing_adjustment_change", args=[row.pk]))


def _note_rows(found: giving_back.Offer, currency: str, wanted: giving_back.Wanted) -> list[acts.Row]:
    rows = [acts.Row(description, money(amount, currency)) for description, amount in found.lines]
    if found.discount_minor:
        rows.append(acts.Row(gettext("Discount"), money(-found.discount_minor, currency)))
    if found.tax_minor:
        rows.append(acts.Row(gettext("Tax"), money(found.tax_minor, currency)))
    said = gettext("Is taken off") if wanted.kind == AdjustmentKind.LOWER else gettext("Goes back")
    rows.append(acts.Row(said, money(found.total_minor, currency), is_sum=True))
    if wanted.credit_minor:
        rows.append(acts.Row(gettext("To what paid it"), money(found.total_minor - wanted.credit_minor, currency)))
        rows.append(acts.Row(gettext("As credit"), money(wanted.credit_minor, currency)))
    return rows


def _balance_rows(customer: Customer, gift: giving_back.Gift) -> list[acts.Row]:
    after = customer.balance_minor - gift.amount_minor
    return [
        acts.Row(gettext("Credit before"), money(max(-customer.balance_minor, 0), gift.currency)),
        acts.Row(gettext("Given now"), money(gift.amount_minor, gift.currency)),
        acts.Row(gettext("Credit after"), money(max(-after, 0), gift.currency), is_sum=True),
    ]


def _why(error: Exception, currency: str) -> str:
    if isinstance(error, giving_back.BeyondLimit):
        return _beyond(error)
    if isinstance(error, giving_back.TooMuch):
        return gettext("At most %(amount)s can go back this way.") % {"amount": money(error.left_minor, currency)}
    if isinstance(error, rule.NoRate):
        text = gettext("The register knows no rate of %(currency)s (billing.usd_rates): add one, for the limits.")
        return text % {"currency": currency.upper()}
    plain = next((text for kind, text in PLAIN.items() if isinstance(error, kind)), None)
    return str(plain) if plain else gettext("Stripe refused: %(why)s Nothing was given.") % {"why": error}


def _beyond(error: giving_back.BeyondLimit) -> str:
    verdict = error.verdict
    names = [str(GROUPS[group]) for group in verdict.groups] or [gettext("administrators")]
    text = gettext(
        "That is beyond your limit: up to %(at_once)s at once, and %(left)s more to this customer within 30 days. They may: "
        "%(groups)s."
    )
    said = {"at_once": money(verdict.at_once, "usd"), "left": money(verdict.left, "usd"), "groups": ", ".join(names)}
    return text % said


def _decimal(amount_minor: int, currency: str) -> Decimal:
    places = amounts.exponent(currency)
    return Decimal(amount_minor).scaleb(-places).quantize(Decimal(1).scaleb(-places))
