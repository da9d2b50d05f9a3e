"""The pages that every app's admin is made of: looking is by permission, changing is not offered unless a page says so."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from config.admin import acts, columns, labels

ROWS_A_PAGE = 50


class Rows(ChangeList):
    """A list that offers to show all only where a filter or a search hides some. (All are not counted beside those found.)"""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count


@dataclass(frozen=True)
class Begins:
    """Where rows of a list are begun, for an empty list: a sentence, and the button to another `list` (a URL's name)."""

    text: Any
    label: Any
    list: str


class Page(ModelAdmin):
    """A model's pages, with columns in words. `badges` names the choice fields shown as badges, with their tones."""

    list_per_page = ROWS_A_PAGE
    show_full_result_count = False
    badges: dict[str, columns.Tones] = {}
    change_form_outer_before_template = "admin/offers.html"
    begins: Begins | None = None

    def __init__(self, model: type[models.Model], admin_site: Any) -> None:
        labels.give(model)
        super().__init__(model, admin_site)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Rows]:
        return Rows

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With what is offered on this row (config.admin.acts)."""
        row = kwargs.get("obj")
        offered = acts.offers(request, row) if row is not None else []
        return super().render_change_form(request, {**context, "offers": offered}, *args, **kwargs)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The first column is the link to the row itself and leads nowhere else."""
        names = super().get_list_display(request)
        return [columns.of(self.model, name, self.badges, has_links=place > 0) for place, name in enumerate(names)]


class ReadOnly(Page):
    """A model to look at: no adding, changing or deleting, whoever asks."""

    def __init__(self, model: type[models.Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.worded = _worded(self.model, self.badges)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        hidden = set(self.exclude or ())
        worded = [column for name, column in self.worded.items() if name not in hidden] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *worded]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [(title, {**options, "fields": self.lines_in_words(options["fields"])}) for title, options in fieldsets]

    def lines_in_words(self, fields: Any) -> list[Any]:
        """Fields and lines of fields, each field once, those that read better in words in words."""
        lines = [
            tuple(self.worded.get(name, name) for name in line)
            if isinstance(line, tuple | list)
            else self.worded.get(line, line)
            for line in fields
        ]
        return list(dict.fromkeys(lines))


class ReadOnlyRows(TabularInline):
    """Rows shown below another row. `related` names what their columns read, so that rows cost no query each."""

    extra = 0
    can_delete = False
    show_change_link = True
    hide_title = True
    tab = True
    related: tuple[str, ...] = ()
    badges: dict[str, columns.Tones] = {}

    def __init__(self, parent_model: type[models.Model], admin_site: Any) -> None:
        labels.give(self.model)
        super().__init__(parent_model, admin_site)
        self.worded = _worded(self.model, self.badges)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), *self.worded.values()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = flatten_fieldsets(super().get_fieldsets(request, obj))
        return [(None, {"fields": list(dict.fromkeys(self.worded.get(name, name) for name in names))})]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def hang(rows: type[ReadOnlyRows], below: type[models.Model]) -> None:
    """Show rows of an upper app below a lower app's row, which knows nothing of them."""
    page = admin.site.get_model_admin(below)
    setattr(page, "inlines", [*page.inlines, rows])  # noqa: B010 - typed as the class's; each model has one page


def _worded(model: type[models.Model], badges: dict[str, columns.Tones]) -> dict[str, Any]:
    names = [field.name for field in model._meta.fields]  # noqa: SLF001 - what Django documents under this name
    found = {name: columns.of(model, name, badges) for name in names}
    return {name: column for name, column in found.items() if not isinstance(column, str)}
