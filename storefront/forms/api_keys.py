"""A new API key."""

import secrets

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import VENDOR_SCOPES, Scope

OFFERED = [(value, label) for value, label in Scope.choices if value not in VENDOR_SCOPES]


def new_nonce() -> str:
    """One for each form that is shown: sent twice, it makes one key."""
    return secrets.token_urlsafe(16)


class NonceForm(forms.Form):
    nonce = forms.CharField(max_length=40, required=False, initial=new_nonce, widget=forms.HiddenInput)


class ApiKeyForm(NonceForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What uses the key, for example “Nightly report”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), choices=OFFERED, widget=forms.CheckboxSelectMultiple)
