"""The forms of a refund, a credit and complimentary time."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import staff_groups
from billing.models import AdjustmentKind, AdjustmentReason, TimeUnit
from billing.models.giving_back import MOST_NOTE
from billing.rules import giving_back as rule
from billing.rules import money as amounts
from billing.services.refunds import giving_back

MOST_TIME, MOST_MONTHS = 366, 12
GROUPS = {
    staff_groups.SUPPORT: _("Support"),
    staff_groups.CSM: _("Customer success"),
    staff_groups.MANAGER: _("Managers"),
    staff_groups.REVENUE_OPERATIONS: _("Revenue operations"),
    staff_groups.FINANCE: _("Finance"),
}


class GiftForm(forms.Form):
    """Why. `shown` is the sum that the preview showed, `asks` that a second person is asked, `nonce` makes two clicks one."""

    reason = forms.ChoiceField(label=_("Reason"), choices=AdjustmentReason.choices, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        label=_("Note"),
        max_length=MOST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For us; the customer does not see it."),
    )
    shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    asks = forms.BooleanField(required=False, widget=forms.HiddenInput)
    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)

    kind = AdjustmentKind.CREDIT

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    @property
    def wanted(self) -> giving_back.Wanted:
        said = self.cleaned_data
        return giving_back.Wanted(
            kind=AdjustmentKind(said.get("kind") or self.kind),
            amount_minor=0,
            reason=AdjustmentReason(said["reason"]),
            note=said["note"],
            nonce=said["nonce"],
        )


class TimeForm(GiftForm):
    """How many days or months are free."""

    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_TIME, widget=UnfoldAdminIntegerFieldWidget)
    unit = forms.ChoiceField(label=_("Of what"), choices=TimeUnit.choices, widget=UnfoldAdminSelectWidget)
    field_order = ("count", "unit", "reason", "note")

    kind = AdjustmentKind.TIME

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("unit") == TimeUnit.MONTHS and said.get("count", 0) > MOST_MONTHS:
            self.add_error("count", gettext("Up to %(most)s months.") % {"most": MOST_MONTHS})
        return said

    @property
    def wanted(self) -> giving_back.Wanted:
        span = rule.Span(self.cleaned_data["count"], rule.Unit(self.cleaned_data["unit"]))
        return replace(super().wanted, span=span)


class CreditForm(GiftForm):
    """An amount, and why."""

    amount = forms.DecimalField(label=_("Amount"), min_value=Decimal(0), max_digits=14, widget=UnfoldAdminTextInputWidget)
    field_order = ("amount", "kind", "as_credit", "reason", "note")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, currency=currency, **kwargs)
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
        return replace(super().wanted, amount_minor=self.amount_minor)


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
        help_text=_("To split it: what paid it gets the rest."),
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


class NoteForm(forms.Form):
    """What somebody says to a decision."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=MOST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For us; the customer does not see it."),
    )


def may_give(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("billing.add_adjustment"))
