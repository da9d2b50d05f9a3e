"""The pages on which staff ask for a refund or a credit: first Stripe's preview of it, then the same figures confirmed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import access, staff_groups, staff_guard
from accounts.models import Organization, User
from accounts.origin import Source
from billing.admin.shown import money
from billing.models import Adjustment, AdjustmentKind, AdjustmentReason, AdjustmentState, Customer, Invoice
from billing.models.giving_back import MOST_NOTE
from billing.rules import giving_back as rule
from billing.rules import money as amounts
from billing.services import commands, faults
from billing.services.refunds import giving_back
from config import clock
from config.admin import acts, columns

# What a person may be told, and go on with other figures.
TROUBLE = (giving_back.GivingError, rule.NoRate, commands.Busy, faults.GatewayError)
PLAIN: dict[type[Exception], Any] = {
    giving_back.BadSplit: _(
        "As credit can go less than the whole amount: the card gets the rest. For all of it choose credit."
    ),
    giving_back.NothingLeft: _("Nothing can go back this way: it was not paid like this, or has gone back already."),
    commands.Busy: _("Another refund of it is under way. Look again in a few seconds."),
    faults.Unreachable: _("Stripe does not answer. Nothing was given; try again in a minute."),
}
GROUPS = {
    staff_groups.SUPPORT: _("Support"),
    staff_groups.CSM: _("Customer success"),
    staff_groups.MANAGER: _("Managers"),
    staff_groups.REVENUE_OPERATIONS: _("Revenue operations"),
    staff_groups.FINANCE: _("Finance"),
}


class CreditForm(forms.Form):
    """Amount and why. `shown` is the sum that the preview showed, `nonce` makes two clicks one."""

    amount = forms.DecimalField(label=_("Amount"), min_value=Decimal(0), max_digits=14, widget=UnfoldAdminTextInputWidget)
    reason = forms.ChoiceField(label=_("Reason"), choices=AdjustmentReason.choices, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        label=_("Note"),
        max_length=MOST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For us; the customer does not see it."),
    )
    shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)

    kind = AdjustmentKind.CREDIT

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = currency.upper()

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        minor = amount.scaleb(amounts.exponent(self.currency))
        if minor != minor.to_integral_value() or minor < 1:
            raise forms.ValidationError(_("Give an amount that can be paid in this currency, above nothing."))
        return amount

    @property
    def amount_minor(self) -> int:
        return int(self.cleaned_data["amount"].scaleb(amounts.exponent(self.currency)))

    @property
    def wanted(self) -> giving_back.Wanted:
        said = self.cleaned_data
        return giving_back.Wanted(
            kind=AdjustmentKind(said.get("kind") or self.kind),
            amount_minor=self.amount_minor,
            reason=AdjustmentReason(said["reason"]),
            note=said["note"],
            nonce=said["nonce"],
        )


class RefundForm(CreditForm):
    """Of a paid invoice: to the card, as credit, or some of each."""

    kind = forms.ChoiceField(  # type: ignore[assignment] # a field here, a constant where there is no choice
        label=_("How"),
        choices=[(kind.value, kind.label) for kind in (AdjustmentKind.REFUND, AdjustmentKind.NOTE)],
        initial=AdjustmentKind.REFUND,
        widget=UnfoldAdminRadioSelectWidget,
    )
    as_credit = forms.DecimalField(
        label=_("Of it as credit"),
        min_value=Decimal(0),
        max_digits=14,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("To split it: the card gets the rest."),
    )

    def clean_as_credit(self) -> Decimal:
        part: Decimal = self.cleaned_data["as_credit"] or Decimal(0)
        minor = part.scaleb(amounts.exponent(self.currency))
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("Give an amount that can be paid in this currency."))
        return part

    @property
    def wanted(self) -> giving_back.Wanted:
        part = self.cleaned_data["as_credit"].scaleb(amounts.exponent(self.currency))
        return replace(super().wanted, credit_minor=int(part))


class LowerForm(CreditForm):
    """Of an open invoice: what is left to pay becomes less."""

    kind = AdjustmentKind.LOWER


def may_give(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("billing.add_adjustment"))


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

    def look(form: CreditForm) -> tuple[int, list[acts.Row]]:
        wanted = form.wanted
        found = giving_back.offer_of(invoice, wanted)
        _check(request, invoice.organization, found.total_minor, invoice.currency)
        return found.total_minor, _note_rows(found, invoice.currency, wanted)

    def act(form: CreditForm) -> Adjustment:
        origin, shown = access.origin(request, Source.ADMIN), form.cleaned_data["shown"]
        return giving_back.give_back(invoice, wanted=form.wanted, shown_minor=shown, origin=origin, at=clock.now())

    paid = max(invoice.amount_paid_minor - invoice.refunded_minor, 0) or invoice.total_minor
    initial = {"amount": _decimal(invoice.amount_remaining_minor if is_open else paid, invoice.currency)}
    return _ask(page, request, Asked(invoice, base, kind, invoice.currency, initial, look, act))


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

    def look(form: CreditForm) -> tuple[int, list[acts.Row]]:
        _check(request, organization, form.amount_minor, currency)
        after = customer.balance_minor - form.amount_minor
        rows = [
            acts.Row(gettext("Credit before"), money(max(-customer.balance_minor, 0), currency)),
            acts.Row(gettext("Given now"), money(form.amount_minor, currency)),
            acts.Row(gettext("Credit after"), money(max(-after, 0), currency), is_sum=True),
        ]
        return form.amount_minor, rows

    def act(form: CreditForm) -> Adjustment:
        if form.cleaned_data["shown"] != form.amount_minor:
            raise giving_back.Changed
        origin = access.origin(request, Source.ADMIN)
        return giving_back.give_credit(organization, wanted=form.wanted, currency=currency, origin=origin, at=clock.now())

    return _ask(
        page, request, Asked(organization, base, CreditForm, currency, {"reason": AdjustmentReason.GOODWILL}, look, act)
    )


@dataclass(frozen=True)
class Asked:
    """What a page asks about `row`: `look` works the sum and its lines out, `act` does it."""

    row: Any
    base: acts.Act
    form: type[CreditForm]
    currency: str
    initial: dict[str, Any]
    look: Callable[[CreditForm], tuple[int, list[acts.Row]]]
    act: Callable[[CreditForm], Adjustment]


def _ask(page: Any, request: HttpRequest, asked: Asked) -> HttpResponse:
    """The form; what it would do; what it did."""
    if request.method != "POST":
        return _show(
            page, request, asked, asked.form(initial={**asked.initial, "nonce": uuid.uuid4().hex}, currency=asked.currency)
        )
    form = asked.form(request.POST, currency=asked.currency)
    if not form.is_valid():
        return _show(page, request, asked, form, status=422)
    problem = ""
    try:
        if "preview" not in request.POST and form.cleaned_data["shown"] is not None:
            return _done(request, asked.act(form))
    except giving_back.Changed:
        problem = gettext("The figures are others than those you saw. Look at them again; nothing was given yet.")
    except TROUBLE as error:
        return _show(page, request, asked, form, problem=_why(error, asked.currency), status=422)
    try:
        total, rows = asked.look(form)
    except TROUBLE as error:
        return _show(page, request, asked, form, problem=_why(error, asked.currency), status=422)
    again = asked.form(initial={**form.cleaned_data, "shown": total}, currency=asked.currency)
    labels = {CreditForm: gettext("Give %(amount)s credit"), LowerForm: gettext("Take %(amount)s off")}
    button = labels.get(asked.form, gettext("Give %(amount)s back")) % {"amount": money(total, asked.currency)}
    return _show(page, request, asked, again, problem=problem, rows=rows, button=button, status=409 if problem else 200)


def _show(page: Any, request: HttpRequest, asked: Asked, form: CreditForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return acts.render(page, request, asked.row, acts.replace(asked.base, form=form, **more), status=status)


def _guard(request: HttpRequest) -> HttpResponse | None:
    if not may_give(request):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    return HttpResponseRedirect(proof) if proof else None


def _check(request: HttpRequest, organization: Organization, amount_minor: int, currency: str) -> None:
    assert isinstance(request.user, User)
    giving_back.check(request.user, organization, amount_minor=amount_minor, currency=currency, at=clock.now())


def _done(request: HttpRequest, row: Adjustment) -> HttpResponse:
    amount = money(row.amount_minor, row.currency)
    if row.state == AdjustmentState.DONE and row.kind == AdjustmentKind.LOWER:
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
        rows.append(acts.Row(gettext("To the card"), money(found.total_minor - wanted.credit_minor, currency)))
        rows.append(acts.Row(gettext("As credit"), money(wanted.credit_minor, currency)))
    return rows


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
