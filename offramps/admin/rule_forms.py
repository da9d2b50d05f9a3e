"""A rule's conditions as a form: a row each, read by offramps.rules.detecting, which says what is wrong with which."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Region, Segment
from config import clock
from offramps.admin.roster_forms import Day
from offramps.models import LeadTopic, TriggerRule
from offramps.queries import backtests, rule_words
from offramps.rules import detecting
from offramps.rules.detecting import FACTS, Kind

ROWS: Final = 8
PLACES: Final = [("all", _("and")), ("any", _("or"))]
YES: Final = {"yes": True, "no": False}
NOTHING: Final = ("", "-")


def _facts() -> list[tuple[str, Any]]:
    return [NOTHING, *((name, rule_words.FACTS[name]) for name in FACTS)]


def _text(fact: str, value: Any) -> str:
    """A kept value as it is typed: dollars, numbers, codes with commas, yes or no."""
    kind = FACTS[fact].kind
    if kind is Kind.YES:
        return "yes" if value else "no"
    if kind is Kind.CHOICE:
        return ", ".join(value)
    return str(value // 100 if kind is Kind.MINOR else value)


def _value(fact: str, typed: str) -> Any:
    """What was typed, as it is kept; what is no such value stays a text, which the rule refuses."""
    kind = FACTS[fact].kind if fact in FACTS else Kind.NUMBER
    if kind is Kind.YES:
        return YES.get(typed.strip().lower(), typed)
    if kind is Kind.CHOICE:
        return [part.strip() for part in typed.split(",") if part.strip()]
    digits = typed.replace(",", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 15):
        return typed
    return int(digits) * (100 if kind is Kind.MINOR else 1)


class ConditionWidget(forms.MultiWidget):
    """And or or, the fact, the comparison, the value, and over how many days."""

    template_name = "admin/offramps/condition.html"

    def __init__(self) -> None:
        said = {"place": _("And, or"), "fact": _("What"), "op": _("How"), "value": _("Value"), "days": _("Days")}
        ops = [NOTHING, *rule_words.OPS.items()]
        super().__init__(
            {
                "place": UnfoldAdminSelectWidget(attrs={"aria-label": said["place"]}, choices=PLACES),
                "fact": UnfoldAdminSelectWidget(attrs={"aria-label": said["fact"]}, choices=_facts()),
                "op": UnfoldAdminSelectWidget(attrs={"aria-label": said["op"]}, choices=ops),
                "value": UnfoldAdminTextInputWidget(attrs={"aria-label": said["value"], "placeholder": said["value"]}),
                "days": UnfoldAdminTextInputWidget(attrs={"aria-label": said["days"], "placeholder": said["days"]}),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        if not value:
            return ["all", "", "", "", ""]
        days = str(value["days"]) if value.get("days") else ""
        return [value["place"], value["fact"], value["op"], _text(value["fact"], value["value"]), days]


class ConditionField(forms.MultiValueField):
    def __init__(self, **options: Any) -> None:
        fields = [forms.CharField(required=False, max_length=200) for _part in range(5)]
        super().__init__(fields, widget=ConditionWidget(), require_all_fields=False, required=False, **options)

    def compress(self, data_list: Sequence[Any]) -> dict[str, Any] | None:
        place, fact, op, typed, days = data_list or ("", "", "", "", "")
        if not fact:
            return None
        found = {"place": place or "all", "fact": fact, "op": op, "value": _value(fact, typed)}
        return {**found, "days": _value("", days)} if days else found


class ConditionsForm(forms.Form):
    """Up to eight conditions; empty rows say nothing. `conditions` is what the service takes."""

    conditions: dict[str, list[dict[str, Any]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(ROWS):
            self.fields[f"condition_{number}"] = ConditionField(label=_("Condition %(number)s") % {"number": number + 1})
        self.fields["condition_0"].help_text = gettext(
            "Money in US dollars; yes or no; segments (%(segments)s) and regions (%(regions)s) with commas."
        ) % {"segments": ", ".join(Segment.values), "regions": ", ".join(Region.values)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.conditions, fields = {"all": [], "any": []}, {}
        for name, one in self._rows(cleaned):
            place = one["place"] if one["place"] in self.conditions else "all"
            fields[f"{place}.{len(self.conditions[place])}"] = name
            self.conditions[place].append({key: value for key, value in one.items() if key != "place"})
        try:
            detecting.read(self.conditions)
        except detecting.Unfit as error:
            self.add_error(fields.get(error.place.rpartition(".")[0] or error.place), rule_words.problem(error))
        return cleaned

    @property
    def in_words(self) -> list[tuple[str, str]]:
        """Of a valid form, a line each."""
        return rule_words.lines(detecting.read(self.conditions))

    @staticmethod
    def of(data: Mapping[str, Any]) -> dict[str, Any]:
        """Kept conditions, as the form begins."""
        every = [{**one, "place": place} for place in ("all", "any") for one in data[place]]
        return {f"condition_{number}": one for number, one in enumerate(every)}

    def _rows(self, cleaned: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
        for number in range(ROWS):
            name = f"condition_{number}"
            if cleaned.get(name):
                yield name, cleaned[name]


class NewRuleForm(ConditionsForm):
    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    topic = forms.ChoiceField(
        label=_("Topic"),
        choices=LeadTopic.choices,
        initial=LeadTopic.PURCHASE,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Of the lead that it opens or joins."),
    )
    field_order = ("name", "topic")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if TriggerRule.objects.filter(name=name).exists():
            raise forms.ValidationError(_("A rule has this name already: choose another, or change that one."))
        return name


class PeriodForm(forms.Form):
    """Whole days, both included; at first the ninety before today."""

    since = forms.DateField(label=_("From"), widget=Day)
    until = forms.DateField(label=_("Through"), widget=Day)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        since, until = backtests.last_quarter(clock.now())
        super().__init__(*args, **{"initial": {"since": since.date(), "until": until.date()}, **kwargs})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", _("It ends before it begins: choose a later day."))
        return cleaned

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Half open, in UTC."""
        begin, end = (
            datetime.combine(day, time.min, UTC)
            for day in (self.cleaned_data["since"], self.cleaned_data["until"] + timedelta(days=1))
        )
        return begin, end
