"""Seats that are added by themselves: what the owner allows."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import AutoExpansion
from billing.queries.overview import Standing
from billing.rules import money
from config import words

MOST_MAJOR = 1_000_000


class ExpansionForm(forms.Form):
    """The budget is typed in whole units of the subscription's currency, or parts of them."""

    is_on = forms.BooleanField(label=_("Add seats by themselves"), required=False)
    step = forms.IntegerField(label=_("Seats at a time"), min_value=1, max_value=100)
    most = forms.IntegerField(label=_("Seats in all, at most"), min_value=1, max_value=1_000_000)
    budget = forms.DecimalField(label=_("Budget in 30 days"), min_value=0, max_value=MOST_MAJOR)
    line = forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, standing: Standing, held: AutoExpansion, data: Any = None) -> None:
        self.factor = 10 ** money.exponent(standing.row.currency)
        super().__init__(
            data,
            initial={
                "is_on": held.is_on,
                "step": held.step,
                "most": held.most,
                "budget": Decimal(held.budget_minor) / self.factor if held.budget_minor else None,
                "line": standing.row.line.code,
            },
        )
        budget = self.fields["budget"]
        assert isinstance(budget, forms.DecimalField)
        budget.decimal_places = money.exponent(standing.row.currency)
        budget.label = _("Budget in 30 days (%(currency)s)") % {"currency": standing.row.currency.upper()}
        budget.help_text = _("What all seats that are added by themselves may cost, tax included.")
        values = {"now": words.seats(standing.quantity), "most": words.seats(standing.seats_max)}
        self.fields["most"].help_text = _("You have %(now)s; the plan is sold with up to %(most)s.") % values

    @property
    def budget_minor(self) -> int:
        return int(self.cleaned_data["budget"] * self.factor)


class UndoForm(forms.Form):
    """What comes back, as it was shown."""

    amount = forms.IntegerField(min_value=0)
