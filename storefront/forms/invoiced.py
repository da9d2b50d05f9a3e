"""What is asked before something is bought on invoice: who it is made out to, a tax id, a purchase order."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.queries import tax_words
from billing.rules import tax_ids as rules
from storefront.forms.tax import SEPARATOR, DetailsForm, kinds


class InvoiceOrderForm(DetailsForm):
    """Billing details of which an invoice needs some; a tax id, if one is to be on it; and that the terms are accepted."""

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
        for name in ("line1", "city", "country"):
            self.fields[name].required = True
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
