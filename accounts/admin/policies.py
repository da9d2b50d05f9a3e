"""The policy register: every number of the business with its bounds, and putting a new one in force."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.access import ReadOnly, origin
from accounts.models import Policy, Segment
from accounts.queries import policies as read
from accounts.rules import policy as rule
from accounts.services import policies
from config import clock


@dataclass(frozen=True)
class Entry:
    """A registered policy as the register's table shows it."""

    name: str
    what: str
    value: str
    default: str
    bounds: str
    unit: str
    source: str
    is_set: bool


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
            except rule.Unfit as error:
                self.add_error("value", str(error))
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
    list_display = ("name", "segment", "shown_value", "reason", "set_by", "effective_at", "created_at")
    list_filter = ("name", "segment")
    search_fields = ("name", "reason")
    list_select_related = ("set_by",)
    ordering = ("-effective_at", "-id")
    change_list_template = "admin/accounts/policy/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_policy")

    @display(description=_("Value"))
    def shown_value(self, row: Policy) -> str:
        return _words(row.value)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "register": _register(), "may_set": self.has_add_permission(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        row = policies.put(**form.cleaned_data, origin=origin(request), at=min(clock.now(), form.cleaned_data["effective_at"]))
        obj.pk, obj.name, obj.value = row.pk, row.name, row.value

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The journal has it."""


def _register() -> list[Entry]:
    now = clock.now()
    entries = []
    for name, definition in sorted(read.definitions().items()):
        value = read.value(name, at=now)
        entries.append(
            Entry(
                name=name,
                what=gettext(definition.what),
                value=_words(value),
                default=_words(definition.default),
                bounds=_bounds(definition),
                unit=definition.measure,
                source=definition.source,
                is_set=value != definition.default,
            )
        )
    return entries


def _describe(definition: rule.Definition) -> str:
    bounds = _bounds(definition)
    parts = [gettext(definition.what), definition.measure + (f", {bounds}" if bounds else "")]
    return " ".join([parts[0], f"({parts[1]})", gettext("Default: %(value)s.") % {"value": _words(definition.default)}])


def _bounds(definition: rule.Definition) -> str:
    low, high = definition.minimum, definition.maximum
    return " ".join([*([f"≥ {low}"] if low is not None else []), *([f"≤ {high}"] if high is not None else [])])


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return ", ".join(value) or gettext("none") if isinstance(value, list) else str(value)
