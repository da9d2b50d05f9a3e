"""What the roster's acts ask: a rep's profile, the week's hours, leave, a pool and its people, an account's owner."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization, Region, Segment, User
from accounts.queries import places
from billing.models import ProductLine
from offramps.models import Leave, LeaveKind, OwnerKind, OwnerStyle, Pool, Rep, Skill
from offramps.rules import shift_words
from offramps.rules.hours import Shift
from offramps.services import pools, roster

WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


class Day(UnfoldAdminTextInputWidget):
    """The browser's own calendar."""

    input_type = "date"


def _line(label: Any, help_text: Any = "", *, required: bool = False, most: int = 40) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=most, widget=UnfoldAdminTextInputWidget
    )


def _several(label: Any, choices: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, help_text=help_text, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


def _row(label: Any, rows: Any, help_text: Any = "", *, required: bool = True) -> Any:
    return forms.ModelChoiceField(
        label=label, queryset=rows, help_text=help_text, required=required, widget=UnfoldAdminSelectWidget
    )


def working() -> Any:
    """Reps who work here."""
    return Rep.objects.filter(left_on=None).select_related("user").order_by("user__name")


class ProfileForm(forms.Form):
    """What a rep can do and how to be reached."""

    skills = _several(_("Skills"), Skill.choices, _("What a topic may need beyond selling."))
    regions = _several(_("Regions"), Region.choices, _("None: all."))
    lines = _several(_("Product lines"), [], _("None: all."))
    languages = _line(_("Languages"), _("Codes, with commas: en, de."), required=True)
    capacity = forms.IntegerField(
        label=_("Capacity"),
        min_value=1,
        max_value=500,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Open cases at most; then no offers come."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=UnfoldAdminSelectWidget, help_text=_("Working hours are there."))
    phone = _line(_("Phone"), _("What customers see calling."))
    meeting_url = forms.URLField(
        label=_("Video room"), required=False, assume_scheme="https", widget=UnfoldAdminTextInputWidget
    )
    calendar_url = forms.URLField(
        label=_("Free/busy calendar"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget,
        help_text=_("An iCal address whose events block call slots."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {"time_zone": places.time_zones(), "lines": list(ProductLine.objects.values_list("code", "name"))}
        for name, found in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = found

    @classmethod
    def of(cls, rep: Rep) -> dict[str, Any]:
        """A rep's profile, as the form begins."""
        kept = {name: getattr(rep, name) for name in roster.Profile.__dataclass_fields__}
        return {**kept, "languages": ", ".join(rep.languages)}

    @property
    def profile(self) -> roster.Profile:
        said = {name: self.cleaned_data[name] for name in roster.Profile.__dataclass_fields__}
        languages = tuple(code.strip().lower() for code in said["languages"].split(",") if code.strip())
        return roster.Profile(**{**said, "languages": languages})


class NewRepForm(ProfileForm):
    """A member of staff who is to be a rep."""

    user = _row(_("Person"), User.objects.none(), _("Staff who are no rep yet, or left."))
    field_order = ("user",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = User.objects.filter(is_staff=True, is_active=True).exclude(rep__isnull=False, rep__left_on=None)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = staff.order_by("email")


class HoursForm(forms.Form):
    """A line a weekday: "9:00-12:30, 13:00-17:30", empty for a day off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, name in enumerate(WEEKDAYS):
            self.fields[f"day_{day}"] = _line(name, most=100)

    @classmethod
    def of(cls, rep: Rep) -> dict[str, str]:
        week = list(rep.shifts.values_list("weekday", "starts_minute", "ends_minute"))
        return {f"day_{day}": shift_words.say((row[1], row[2]) for row in week if row[0] == day) for day in range(7)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.shifts: list[Shift] = []
        for day in range(7):
            try:
                found = shift_words.read(str(cleaned.get(f"day_{day}", "")))
            except shift_words.Unreadable:
                self.add_error(f"day_{day}", gettext("As in 9:00-12:30, 13:00-17:30; 24:00 is midnight. Empty: a day off."))
                continue
            self.shifts += [Shift(weekday=day, starts=starts, ends=ends) for starts, ends in found]
        return cleaned


class LeaveForm(forms.Form):
    """Days off to come."""

    kind = forms.ChoiceField(label=_("Kind"), choices=LeaveKind.choices, widget=UnfoldAdminSelectWidget)
    starts_on = forms.DateField(label=_("First day off"), widget=Day)
    ends_on = forms.DateField(label=_("Back on"), widget=Day, help_text=_("The first day at work again."))
    cover = _row(_("Covered by"), Rep.objects.none(), _("Who looks after the accounts meanwhile."), required=False)

    def __init__(self, *args: Any, rep: Rep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cover"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = working().exclude(pk=rep.pk)


class LeaveBackForm(forms.Form):
    """Which days off are not taken."""

    leave = _row(_("Leave"), Leave.objects.none())

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["leave"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows


class PoolForm(forms.Form):
    """A pool and whose leads it takes."""

    name = _line(_("Name"), required=True, most=60)
    segments = _several(_("Segments"), Segment.choices, _("None: all."))
    regions = _several(_("Regions"), Region.choices, _("None: all."))
    is_fallback = forms.BooleanField(
        label=_("Catches the rest"), required=False, widget=UnfoldBooleanWidget, help_text=_("Leads that fit no other pool.")
    )

    @classmethod
    def of(cls, pool: Pool) -> dict[str, Any]:
        return {name: getattr(pool, name) for name in cls.base_fields}

    @property
    def wanted(self) -> pools.Wanted:
        return pools.Wanted(**self.cleaned_data)


class ChatForm(forms.Form):
    """Where offers are said; the address that is kept is never shown."""

    url = _line(_("Address"), _("Begins with https://. Whoever has it can write there, so it is not shown again."), most=500)


class MemberForm(forms.Form):
    """Who takes turns, and how many against the others."""

    rep = _row(_("Rep"), Rep.objects.none())
    weight = forms.IntegerField(
        label=_("Weight"),
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("With 2 against 1 a rep gets two of three leads. 0 takes the rep out of the pool."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rep"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = working()


class OwnerForm(forms.Form):
    """Whose account it is from now on."""

    organization: Organization
    kind = forms.ChoiceField(label=_("As"), choices=OwnerKind.choices, widget=UnfoldAdminSelectWidget)
    rep = _row(_("Rep"), Rep.objects.none(), required=False)
    pool = _row(_("Pool"), Pool.objects.all(), _("Only for “Pool”."), required=False)
    style = forms.ChoiceField(
        label=_("Style"), choices=OwnerStyle.choices, initial=OwnerStyle.FARMER, widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rep"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = working()
