"""What may be corrected of a final invoice: all but the country, which decides on its tax."""

from typing import Any

from django import forms

from billing.services.refunds import replacing
from storefront.forms.tax import DetailsForm


class CorrectionForm(DetailsForm):
    """Billing details without the country. `nonce` makes two clicks one."""

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["country"]

    def corrected(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in replacing.CORRECTED}
