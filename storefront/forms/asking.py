"""Asking and answering, billing contacts, and who may join without an invitation."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Joining
from accounts.models.requests import LONGEST_WORD


class AskForm(forms.Form):
    """A word beside the request; it may stay empty."""

    reason = forms.CharField(
        label=_("A word to them"),
        required=False,
        max_length=LONGEST_WORD,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AnswerForm(forms.Form):
    """Yes or no, and with a no a word that the person gets."""

    decision = forms.ChoiceField(choices=[("approve", "approve"), ("decline", "decline")])
    answer = forms.CharField(
        label=_("A word with a no"),
        required=False,
        max_length=LONGEST_WORD,
        help_text=_("It goes into the mail to them. You need not give a reason."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class JoiningForm(forms.Form):
    """What colleagues may do without an invitation."""

    joining = forms.ChoiceField(label=_("Colleagues without an invitation"), choices=Joining.choices, widget=forms.RadioSelect)


class ContactForm(forms.Form):
    """One more billing contact."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "invoices@acme.example", "spellcheck": "false"}),
    )
    locale = forms.ChoiceField(label=_("Language of the mails"), choices=settings.LANGUAGES)
