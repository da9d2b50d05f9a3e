"""The talk-to-us form: a reason first, then only what that reason needs."""

import re
import zoneinfo
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from config import words
from offramps.models import HandRaiseReason

CHANNELS: Final = [("mail", _("By mail")), ("phone", _("By phone")), ("video", _("By video call"))]
DOCUMENTS: Final = [("terms", _("Terms of service")), ("dpa", _("Data processing agreement")), ("own", _("A contract of ours"))]
NEEDS: Final = [
    ("po_number", _("Our purchase order number on the invoice")),
    ("vendor_registration", _("You registered as our vendor")),
    ("bank_transfer", _("Paying by bank transfer")),
    ("quote", _("A quote as PDF")),
]
# What each reason asks beside the message and the contact. Every reason has a message; for some it may stay empty.
ASKED: Final[dict[str, tuple[str, ...]]] = {
    HandRaiseReason.LEGAL: ("document",),
    HandRaiseReason.SECURITY: ("needed_by",),
    HandRaiseReason.PROCUREMENT: ("needs",),
    HandRaiseReason.DISCOUNT: ("seats",),
    HandRaiseReason.TERMS: (),
    HandRaiseReason.SEATS: ("seats",),
    HandRaiseReason.OTHER: (),
}
MESSAGES: Final = {
    HandRaiseReason.LEGAL: _("What should it say instead?"),
    HandRaiseReason.SECURITY: _("What do you have to check?"),
    HandRaiseReason.PROCUREMENT: _("What else does your purchasing need?"),
    HandRaiseReason.DISCOUNT: _("What would make it work for you?"),
    HandRaiseReason.TERMS: _("Which terms or which support?"),
    HandRaiseReason.SEATS: _("Anything we should know?"),
    HandRaiseReason.OTHER: _("What is it about?"),
}
NEEDS_MESSAGE: Final = (HandRaiseReason.TERMS, HandRaiseReason.OTHER, HandRaiseReason.DISCOUNT)


CALLS: Final = ("phone", "video")
# What E.164 allows; with the marks people write between digits.
PHONE: Final = re.compile(r"\+?[\d\s()./-]+")
LEAST_DIGITS, MOST_DIGITS = 6, 15


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Whether a call is offered beside mail. `from_seats`: only from so many seats on (0: whatever the seats)."""

    are_offered: bool = False
    from_seats: int = 0


class TalkForm(forms.Form):
    """The fields of one reason; a signed-in person is not asked for name and address, a call is offered where one will come."""

    document = forms.ChoiceField(label=_("Which document?"), choices=DOCUMENTS, widget=forms.RadioSelect)
    needed_by = forms.DateField(
        label=_("By when?"), required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text=_("If there is a date.")
    )
    needs = forms.MultipleChoiceField(label=_("What do you need?"), choices=NEEDS, widget=forms.CheckboxSelectMultiple)
    seats = forms.IntegerField(label=_("How many seats?"), min_value=1, max_value=1_000_000)
    message = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    name = forms.CharField(
        label=_("Your name"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your work e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    channel = forms.ChoiceField(label=_("How do you like to talk?"), choices=CHANNELS, widget=forms.RadioSelect, initial="mail")
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text=_("With the country's code. It is used for this call."),
    )
    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-time-zone": ""}), label=_("Time zone")
    )
    click = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, reason: HandRaiseReason, is_known: bool, calls: Calls, has_place: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.reason = reason
        self.calls = calls
        if not calls.are_offered:
            del self.fields["channel"], self.fields["phone"]
        elif calls.from_seats:
            self.fields["channel"].help_text = _("We call from %(seats)s on; for fewer we answer by mail.") % {
                "seats": words.seats(calls.from_seats)
            }
        if has_place:  # an organization has a time zone
            del self.fields["time_zone"]
        unasked = set(sum(ASKED.values(), ())) - set(ASKED[reason])
        for name in unasked | ({"name", "email"} if is_known else set()):
            del self.fields[name]
        self.fields["message"].label = MESSAGES[reason]
        self.fields["message"].required = reason in NEEDS_MESSAGE

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"]).strip()
        digits = sum(letter.isdigit() for letter in phone)
        if phone and not (PHONE.fullmatch(phone) and LEAST_DIGITS <= digits <= MOST_DIGITS):
            raise forms.ValidationError(_("Write the whole number in digits, for example +49 30 1234567."))
        return phone

    def clean_time_zone(self) -> str:
        """What the browser says of its place, if there is such a zone."""
        said = str(self.cleaned_data["time_zone"])
        return said if said in zoneinfo.available_timezones() else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel = cleaned.get("channel") or self.data.get("channel")
        if channel not in CALLS:
            return cleaned
        seats = cleaned.get("seats") or 0
        if not self.calls.are_offered:
            self.add_error(None, _("No call can be promised for this now. Send it, and it is answered by mail."))
        elif self.calls.from_seats and 0 < seats < self.calls.from_seats:
            least = words.seats(self.calls.from_seats)
            self.add_error("channel", _("We call from %(seats)s on. Choose mail, and it is answered there.") % {"seats": least})
        if channel == "phone" and "phone" in cleaned and not cleaned["phone"]:
            self.add_error("phone", _("Give a number to call, or choose mail or video."))
        return cleaned

    def answers(self) -> dict[str, Any]:
        """What the reason asked, as JSON values; nothing that was left empty."""
        cleaned = self.cleaned_data
        found = {name: cleaned.get(name) for name in (*ASKED[self.reason], "message", "time_zone")}
        return {name: value.isoformat() if name == "needed_by" else value for name, value in found.items() if value}
