"""What stands on invoices, and tax ids: each field says what is wrong and what to type instead."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.queries import places
from billing.models import BillingDetails
from billing.queries import tax_words
from billing.rules import purchase_orders, tax_ids
from billing.services.tax import tax_details

SEPARATOR: Final = ":"


def _purchase_order() -> forms.CharField:
    return forms.CharField(
        label=_("Purchase order"),
        max_length=purchase_orders.LONGEST,
        required=False,
        help_text=_("A number or a line of text that is printed on each invoice from now on."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DetailsForm(forms.Form):
    """Legal name, address, purchase order."""

    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=150,
        required=False,
        help_text=_("As registered, with its legal form. If empty, invoices carry your organization's name."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    line1 = forms.CharField(
        label=_("Street and number"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    line2 = forms.CharField(
        label=_("More of the address"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    postal_code = forms.CharField(
        label=_("Postal code"), max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "postal-code"})
    )
    city = forms.CharField(
        label=_("City"), max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    state = forms.CharField(
        label=_("State or region"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level1"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), help_text=_("It decides on the tax."), widget=forms.Select(attrs={"autocomplete": "country"})
    )
    purchase_order = _purchase_order()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # mypy: this kind of field has it.
        self.fields["country"].choices = [("", _("Choose")), *places.countries()]  # type: ignore[attr-defined]


class TaxIdForm(forms.Form):
    """The kind of id and its number; `country` is where the organization is billed, whose kinds come first."""

    kind = forms.ChoiceField(label=_("Kind"))
    number = forms.CharField(
        label=_("Number"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # mypy: this kind of field has it.
        self.fields["kind"].choices = kinds(country)  # type: ignore[attr-defined]
        own = tax_ids.forms(country)
        if own:
            self.fields["kind"].initial = f"{country}{SEPARATOR}{own[0].type}"
            self.fields["number"].help_text = _now("For example %(example)s.") % {"example": own[0].example}

    def asked(self) -> dict[str, str]:
        """Country, kind and number as billing.services.mirroring.tax_ids takes them, once the form is valid."""
        country, _separator, kind = self.cleaned_data["kind"].partition(SEPARATOR)
        return {"country": country, "kind": kind, "typed": self.cleaned_data["number"]}

    def refuse(self, error: tax_ids.UnfitError) -> None:
        self.add_error("number", tax_words.remedy(error))


def kinds(country: str) -> list[tuple[str, str]]:
    """(country:type, "Germany: VAT ID") of every kind we check; those of the organization's own country first."""
    found = [
        (f"{code}{SEPARATOR}{form.type}", f"{name}: {_kind_name(form)}")
        for code, name in places.countries()
        for form in tax_ids.forms(code)
    ]
    return sorted(found, key=lambda choice: not choice[0].startswith(f"{country}{SEPARATOR}"))


def _kind_name(form: tax_ids.Form) -> str:
    return _now("VAT ID") if form.type == "eu_vat" and form.number else form.name


def present(details: BillingDetails) -> dict[str, str]:
    """The values the form starts with."""
    return {name: getattr(details, name) for name in tax_details.FIELDS}
