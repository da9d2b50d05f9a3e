"""A model's field as staff read it: instants and days in words, states as badges, rows of others as links."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.utils import quote
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config import words

Column = Callable[[Any], Any]
# A field's value to its tone: "good", "wait", "bad", "info" or "" (plain).
Tones = Mapping[str, str]


def of(model: type[models.Model], name: Any, badges: Mapping[str, Tones], *, has_links: bool = False) -> Any:
    """`name` as it stands in list_display or fields, or a column that says the field better."""
    field = _field(model, name)
    if field is None:
        return name
    if name in badges:
        return _column(field, _badge(field, badges[name]))
    say = next((say for kind, say in _SAID if isinstance(field, kind)), None)
    if has_links and isinstance(field, models.ForeignKey):
        say = link
    return _column(field, lambda row: say(getattr(row, name))) if say else name


def moment(value: Any) -> SafeString | None:
    return None if value is None else format_html('<span class="admin-when">{}</span>', words.moment(value))


def day(value: Any) -> SafeString | None:
    return None if value is None else format_html('<span class="admin-when">{}</span>', words.day(value))


def structured(value: Any) -> SafeString | None:
    """JSON as a person can read it."""
    if value in (None, "", [], {}):
        return None
    return format_html('<pre class="admin-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False, default=str))


def short(text: str, length: int = 24) -> str:
    """A long id by its beginning."""
    return text if len(text) <= length else f"{text[:length]}…"


def badge(text: Any, tone: str = "") -> SafeString:
    return format_html('<span class="admin-badge{}">{}</span>', f" is-{tone}" if tone else "", text)


def link(row: models.Model | None, text: Any = None) -> SafeString | str | None:
    """A row's admin page, under its own name or under `text`; only the name where it has no page."""
    if row is None:
        return None
    said = str(row) if text is None else text
    url = address(row)
    return format_html('<a class="text-link" href="{}">{}</a>', url, said) if url else str(said)


def address(row: models.Model) -> str:
    """Where a row is looked at; empty for a model without a page."""
    options = row._meta  # noqa: SLF001 - what Django documents under this name
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[quote(row.pk)])
    except NoReverseMatch:
        return ""


def listing(label: str, **filters: Any) -> str:
    """The address of the rows of "app.model" that the filters leave."""
    app, model = label.split(".")
    return reverse(f"admin:{app}_{model}_changelist", query=filters)


def _field(model: type[models.Model], name: Any) -> Any:
    try:
        return model._meta.get_field(name) if isinstance(name, str) else None  # noqa: SLF001 - as above
    except FieldDoesNotExist:
        return None


def _badge(field: Any, tones: Tones) -> Column:
    said = dict(field.flatchoices)

    def say(row: Any) -> SafeString | None:
        value = getattr(row, field.name)
        return badge(said.get(value, value), tones.get(value, "")) if value else None

    return say


def _column(field: Any, say: Column) -> Column:
    def column(row: Any) -> Any:
        return say(row)

    column.__name__ = field.name
    column.short_description = field.verbose_name  # type: ignore[attr-defined] # where Django looks for a column's title
    column.admin_order_field = field.name  # type: ignore[attr-defined] # and for its order
    return column


# Instants are days to isinstance; they come first.
_SAID: tuple[tuple[type, Column], ...] = (
    (models.DateTimeField, moment),
    (models.DateField, day),
    (models.JSONField, structured),
)
