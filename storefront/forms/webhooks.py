"""Webhook endpoints: a new one, what it hears of, and from when on what happened is sent again."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.services.webhook_endpoints import OFFERED
from storefront.forms.api_keys import NonceForm

CODE = '<span>{}<span class="webhooks__code mono">{}</span></span>'
HOURS = [(1, _("1 hour")), (24, _("1 day")), (72, _("3 days")), (168, _("7 days")), (720, _("30 days"))]


def types() -> list[tuple[str, SafeString]]:
    """Each type in words and as programs know it."""
    return [(one.value, format_html(CODE, one.label, one.value)) for one in OFFERED]


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Where we send a POST to, beginning with https://."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=120,
        required=False,
        help_text=_("For you, for example “Access in our app”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    types = forms.MultipleChoiceField(
        label=_("It hears of"),
        choices=types,
        required=False,
        help_text=_("Choose none to hear of all, and of what is added later."),
        widget=forms.CheckboxSelectMultiple,
    )


class NewEndpointForm(NonceForm, EndpointForm):
    field_order = ("url", "description", "types", "nonce")


class ReplayForm(forms.Form):
    hours = forms.TypedChoiceField(label=_("What happened in the last"), choices=HOURS, coerce=int, initial=24)
    with_delivered = forms.BooleanField(label=_("also what was taken already"), required=False)

    def span(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])


def present(endpoint: Any) -> dict[str, Any]:
    return {"url": endpoint.url, "description": endpoint.description, "types": endpoint.types}
