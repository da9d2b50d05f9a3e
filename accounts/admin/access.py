"""What every admin page shares: looking is by permission, changing is not offered unless a page says so."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from accounts import access
from accounts.origin import Origin, Source


class ReadOnly(ModelAdmin):  # type: ignore[misc] # unfold ships no types
    """A model to look at: no adding, changing or deleting, whoever asks."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyRows(TabularInline):  # type: ignore[misc] # unfold ships no types
    """Rows shown below another row."""

    extra = 0
    can_delete = False
    show_change_link = True
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def origin(request: HttpRequest) -> Origin:
    """The origin of a change made in the admin."""
    return access.origin(request, Source.ADMIN)
