"""What is asked before something is bought: who its invoice is made out to, a tax id, a purchase order."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.queries import tax_words
from billing.rules import tax_ids as rules
from storefront.forms.tax import SEPARATOR, DetailsForm, kinds


class CompanyForm(DetailsForm):
    """Billing details, and a tax id if one is to be on the invoice; `country` is where the organization is billed so far."""

    tax_kind = forms.ChoiceField(label=_("Tax id"), required=False)
    tax_number = forms.CharField(
        label=_("Number"),
        max_length=60,
        required=False,
        help_text=_("Printed on the invoice; of a company in another country of the EU it takes the VAT off."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["tax_kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", _("None")), *kinds(country)]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("tax_number") and not said.get("tax_kind"):
            self.add_error("tax_kind", _("Choose what kind of number it is."))
        return said

    def details(self) -> dict[str, str]:
        """What is kept of it as billing details, once the form is valid."""
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith("tax_")}

    def tax_id(self) -> dict[str, str] | None:
        """Country, kind and number as billing.services.mirroring.tax_ids takes them; None: none was typed."""
        if not self.cleaned_data["tax_number"]:
            return None
        country, _separator, kind = self.cleaned_data["tax_kind"].partition(SEPARATOR)
        return {"country": country, "kind": kind, "typed": self.cleaned_data["tax_number"]}

    def refuse(self, error: rules.UnfitError) -> None:
        self.add_error("tax_number", tax_words.remedy(error))


class InvoiceOrderForm(CompanyForm):
    """Before it is bought on invoice: an invoice that is sent needs an address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("line1", "city", "country"):
            self.fields[name].required = True


class OrderForm(CompanyForm):
    """Before Stripe's payment page, which asks for a card alone: a name typed there would be the cardholder's.

    `asks_country`: the catalog's rates depend on it.
    """

    def __init__(self, *args: Any, asks_country: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        country.required, self.asks_country = False, asks_country
        if asks_country:
            country.label = _("Where your company is billed")
            country.help_text = _("Its tax is charged. The country of your card decides on nothing.")

    def details(self) -> dict[str, str]:
        """What was said: a field that a page did not have stays as it is kept, and so does a country left open."""
        found = {name: value for name, value in super().details().items() if self.add_prefix(name) in self.data}
        return {name: value for name, value in found.items() if value or name != "country"}

    @property
    def has_company_errors(self) -> bool:
        """Whether something in the part that is folded away is to be mended."""
        return any(name != "purchase_order" for name in self.errors)
