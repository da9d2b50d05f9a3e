"""What the seats page is told. The forms check shapes; what may be done is decided by billing's services."""

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.rules import addresses
from billing.models import CancelReason
from storefront.seat_offers import NOW, RENEWAL

# A number of seats as anybody may type it; the plan's own limits are the service's to say.
MOST_SEATS = 1_000_000
LONGEST_TOKEN = 8_000
LONGEST_LIST = 20_000


class ChoiceForm(forms.Form):
    """A number of seats, from when on, of which product line."""

    seats = forms.IntegerField(min_value=1, max_value=MOST_SEATS)
    when = forms.ChoiceField(choices=[(NOW, NOW), (RENEWAL, RENEWAL)], required=False)
    line = forms.SlugField(max_length=40, required=False)

    def clean_when(self) -> str:
        return self.cleaned_data["when"] or NOW


class NowForm(forms.Form):
    """Confirming a price: the token stands for everything that was shown; `seats` is told to say again what was asked."""

    token = forms.CharField(max_length=LONGEST_TOKEN)
    seats = forms.IntegerField(min_value=1, max_value=MOST_SEATS, required=False)
    line = forms.SlugField(max_length=40, required=False)
    invite = forms.CharField(max_length=LONGEST_LIST, required=False)

    def clean_invite(self) -> list[str]:
        """The addresses, each once. Raises ValidationError that names those that are none."""
        found = list(dict.fromkeys(addresses.split(self.cleaned_data["invite"])))
        wrong = [one for one in found if not _is_address(one)]
        if wrong:
            raise forms.ValidationError(_now("These are no e-mail addresses: %(what)s") % {"what": ", ".join(wrong[:5])})
        return found


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except forms.ValidationError:
        return False
    return True


class LaterForm(ChoiceForm):
    """A change for the next period, and the seats that end with this one."""

    reason = forms.CharField(max_length=200, required=False)


class CancelForm(forms.Form):
    """Why somebody leaves: one of a few reasons, and a line of their own."""

    reason_code = forms.ChoiceField(
        label=_("Why are you leaving?"),
        choices=CancelReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what comes closest; it goes to the people who build the product.")},
    )
    reason = forms.CharField(
        label=_("What would have kept you?"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A sentence is enough. Somebody reads it."),
    )
    line = forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput)


class RecommendedForm(forms.Form):
    """The seats that a renewal was recommended with, and for how much."""

    seats = forms.IntegerField(min_value=1, max_value=MOST_SEATS)
    amount = forms.IntegerField(min_value=0)


class NewPriceForm(forms.Form):
    """The price on sale that a renewal is accepted at, and for how much."""

    price = forms.IntegerField(min_value=1)
    amount = forms.IntegerField(min_value=0)
