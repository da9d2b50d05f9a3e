"""The policy register: every number of the business with its bounds, and putting a new one in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import units
from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import access
from accounts.models import Policy, Segment
from accounts.origin import Source
from accounts.queries import policies as read
from accounts.rules import policy as rule
from accounts.services import policies
from config import clock, words
from config.admin import columns
from config.admin.pages import ReadOnly

# The unit of a second's multiples, the largest first.
SPANS = ((86_400, "duration-day"), (3_600, "duration-hour"), (60, "duration-minute"))
# What policies are measured in (the definitions' units; rules know no translation).
UNITS = {
    "addresses": _("addresses"),
    "attempts": _("attempts"),
    "basis points": _("basis points"),
    "calls": _("calls"),
    "clicks": _("clicks"),
    "customers": _("customers"),
    "days": _("days"),
    "hand-raises": _("hand-raises"),
    "hours": _("hours"),
    "integer": _("whole number"),
    "invitations": _("invitations"),
    "invoices": _("invoices"),
    "keys": _("keys"),
    "list of texts": _("entries, one a line"),
    "mails": _("mails"),
    "minor units": _("minor units"),
    "minutes": _("minutes"),
    "months": _("months"),
    "offers": _("offers"),
    "pauses": _("pauses"),
    "people": _("people"),
    "quotes": _("quotes"),
    "requests": _("requests"),
    "rows": _("rows"),
    "seats": _("seats"),
    "seconds": _("seconds"),
    "visits": _("visits"),
    "points": _("points"),
    "times": _("times"),
    "working days": _("working days"),
    "boolean": _("yes or no"),
}


@dataclass(frozen=True)
class Entry:
    """A registered policy as the register's table shows it. `segments` are the overrides in force: (segment, value)."""

    name: str
    what: str
    value: str
    default: str
    bounds: str
    is_set: bool
    segments: list[tuple[str, str]]


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg] # django-stubs knows no subscript at run time
    """One new value. The register's definition decides whether it fits."""

    name = forms.ChoiceField(label=_("Policy"), widget=UnfoldAdminSelectWidget)
    segment = forms.ChoiceField(
        label=_("Segment"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        choices=[("", _("Everybody")), *Segment.choices],
        help_text=_("A value for a segment goes before the one for everybody."),
    )
    value = forms.CharField(
        label=_("Value"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("A whole number; yes or no; or one text a line."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)
    effective_at = forms.SplitDateTimeField(
        label=_("In force from"), required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text=_("Empty: from now on. UTC.")
    )

    class Meta:
        model = Policy
        fields = ("name", "segment", "value", "reason", "effective_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            # mypy: this kind of field has it.
            self.fields["name"].choices = [(name, name) for name in sorted(read.definitions())]  # type: ignore[attr-defined]
            named = self.initial.get("name") or self.data.get("name")
            if named in read.definitions():
                self.fields["value"].help_text = _describe(read.definition(named))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"name", "value"} <= set(cleaned):
            try:
                cleaned["value"] = read.definition(cleaned["name"]).parse(cleaned["value"])
            except rule.Unfit:
                self.add_error("value", _must_be(read.definition(cleaned["name"])))
        now = clock.now()
        cleaned["effective_at"] = cleaned.get("effective_at") or now
        if cleaned["effective_at"] < now:
            self.add_error("effective_at", _("The past can't be changed. Choose now or later."))
        return cleaned

    def _post_clean(self) -> None:
        """The service makes the row, with its own checks; a half-made instance would only be validated for nothing."""


@admin.register(Policy)
class PolicyAdmin(ReadOnly):
    form = PolicyForm
    list_display = ("name", "segment", "shown_value", "standing", "effective_at", "reason", "set_by", "created_at")
    list_filter = ("name", "segment")
    search_fields = ("name", "reason")
    list_select_related = ("set_by",)
    ordering = ("-effective_at", "-id")
    change_list_template = "admin/accounts/policy/change_list.html"
    badges = {"segment": dict.fromkeys(Segment.values, "info")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_policy")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        """With the instant since when the same policy and segment has its present value."""
        same = Policy.objects.filter(name=OuterRef("name"), segment=OuterRef("segment"), effective_at__lte=clock.now())
        rows: QuerySet[Policy] = super().get_queryset(request)
        return rows.annotate(counts_since=Subquery(same.order_by("-effective_at").values("effective_at")[:1]))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": PolicyForm.Meta.fields})]
        pairs = (("name", "segment"), ("shown_value", "standing"), ("effective_at", "set_by"), ("reason", "created_at"))
        return [(None, {"fields": [self.lines_in_words(pair) for pair in pairs]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        own = ["shown_value", "standing"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=_("Value"))
    def shown_value(self, row: Policy) -> str:
        return _said(row.value, read.definitions().get(row.name))

    @display(description=_("Standing"))
    def standing(self, row: Any) -> SafeString:
        """Whether the row is what counts now: the newest that has come into force for its name and segment."""
        now = clock.now()
        if row.effective_at > now:
            return columns.badge(_("Coming"), "info")
        counts = row.counts_since == row.effective_at
        return columns.badge(_("In force"), "good") if counts else columns.badge(_("Past"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "register": _register(), "may_set": self.has_add_permission(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        at = min(clock.now(), form.cleaned_data["effective_at"])
        row = policies.put(**form.cleaned_data, origin=access.origin(request, Source.ADMIN), at=at)
        obj.pk, obj.name, obj.value = row.pk, row.name, row.value

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The journal has it."""


def _register() -> list[Entry]:
    now = clock.now()
    return [_entry(definition, now) for _name, definition in sorted(read.definitions().items())]


def _entry(definition: rule.Definition, now: datetime) -> Entry:
    value = read.value(definition.name, at=now)
    special = [(label, read.value(definition.name, at=now, segment=segment)) for segment, label in Segment.choices]
    return Entry(
        name=definition.name,
        what=gettext(definition.what),
        value=_said(value, definition),
        default=_said(definition.default, definition),
        bounds=_bounds(definition),
        is_set=value != definition.default,
        segments=[(str(label), _said(own, definition)) for label, own in special if own != value],
    )


def _describe(definition: rule.Definition) -> str:
    default = gettext("Default: %(value)s.") % {"value": _said(definition.default, definition)}
    return " ".join([gettext(definition.what), f"({_bounds(definition)}).", default])


def _bounds(definition: rule.Definition) -> str:
    """ "1 to 60 minutes": what is allowed, in the unit one types."""
    low, high = definition.minimum, definition.maximum
    unit = str(UNITS[definition.measure])
    if low is not None and high is not None:
        return gettext("%(low)s to %(high)s %(unit)s") % {"low": words.number(low), "high": words.number(high), "unit": unit}
    if high is not None:
        return gettext("up to %(high)s %(unit)s") % {"high": words.number(high), "unit": unit}
    return gettext("from %(low)s %(unit)s") % {"low": words.number(low), "unit": unit} if low is not None else unit


def _said(value: Any, definition: rule.Definition | None) -> str:
    """A value with its unit: "15 minutes", "604,800 seconds (7 days)", "12.5%", "yes", or the texts."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(value) or gettext("none")
    if definition is None or not isinstance(value, int):
        return str(value)
    if definition.kind is rule.Kind.BPS:
        return words.percent(value)
    said = f"{words.number(value)} {UNITS[definition.measure]}"
    span = _span(value) if definition.kind is rule.Kind.SECONDS else ""
    return f"{said} ({span})" if span else said


def _span(seconds: int) -> str:
    """Seconds as whole days, hours or minutes: "7 days"; empty where they are none of these."""
    for length, unit in SPANS:
        if seconds and seconds % length == 0:
            return units.format_unit(seconds // length, unit, locale=words.locale())
    return ""


def _must_be(definition: rule.Definition) -> str:
    return gettext("%(name)s takes this: %(bounds)s.") % {"name": definition.name, "bounds": _bounds(definition)}
