"""Typing it out, before something ends for good."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class DeletionForm(forms.Form):
    """One's own address."""

    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_email(self) -> str:
        said: str = self.cleaned_data["email"]
        if said.strip().lower() != self.address.lower():
            raise ValidationError(_("This is not the address of this account. Type it as it stands above."))
        return said


class ClosureForm(forms.Form):
    """The organization's name; billing.services.closing compares it."""

    name = forms.CharField(
        label=_("The organization's name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
