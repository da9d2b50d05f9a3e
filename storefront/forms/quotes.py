"""What a buyer adds to a quote, and what an approver says."""

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.rules import purchase_orders


class AddressForm(forms.Form):
    """For whom it is, who approves it, and what stands on it."""

    addressed_to = forms.CharField(
        label=_("Attention of"),
        max_length=120,
        required=False,
        help_text=_("A person or department, above the address."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    approver_email = forms.EmailField(
        label=_("Who approves it"),
        required=False,
        help_text=_("Gets the link by mail. It can be accepted there without an account."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    purchase_order = forms.CharField(
        label=_("Purchase order"),
        max_length=purchase_orders.LONGEST,
        required=False,
        help_text=_("Stands on the quote, and on the invoices once it is accepted."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("For your colleagues: it is printed below the heading."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AcceptForm(forms.Form):
    """Who accepts, for the organization."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, error_messages={"required": _("Type your name: it is kept with the acceptance.")}
    )
    email = forms.EmailField(label=_("Your e-mail address"))
    purchase_order = forms.CharField(
        label=_("Purchase order"),
        max_length=purchase_orders.LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    accept = forms.BooleanField(
        error_messages={"required": _("Accept the terms first: tick the box above the button. Nothing was charged.")}
    )


class DealAcceptForm(AcceptForm):
    """Of what one of us offered: in which position, and by which authority."""

    title = forms.CharField(
        label=_("Your position"), max_length=120, error_messages={"required": _("Say in which position you accept it.")}
    )
    authority = forms.CharField(
        label=_("By which authority"),
        max_length=200,
        help_text=_("As “sole director” or “procuration”: it is kept with the acceptance."),
        error_messages={"required": _("Say what allows you to sign for the organization.")},
    )
    field_order = ("name", "title", "authority", "email", "purchase_order", "accept")
