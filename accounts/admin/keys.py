"""API keys: looked at and revoked; administrators make the vendor's own here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts import access
from accounts.models import ApiKey, Scope
from accounts.origin import Source
from accounts.services import api_keys
from config import clock
from config.admin.pages import ReadOnly


class VendorKeyForm(forms.ModelForm):  # type: ignore[type-arg] # django-stubs knows no subscript at run time
    """A new vendor-wide key."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    scopes = forms.MultipleChoiceField(label=_("It may"), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = ApiKey
        fields = ("name", "scopes")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    form = VendorKeyForm
    list_display = ("name", "shown_prefix", "kind", "organization", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_filter = ("kind", "revoked_at")
    search_fields = ("name", "prefix", "organization__name")
    list_select_related = ("organization",)
    ordering = ("-created_at",)
    exclude = ("secret_hash",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @display(description=_("Key"))
    def shown_prefix(self, key: ApiKey) -> str:
        return f"sfk_{key.prefix}_…"

    @action(description=_("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        now = clock.now()
        origin = access.origin(request, Source.ADMIN)
        ended = sum(api_keys.revoke(key=key, origin=origin, at=now) for key in queryset.select_related("organization"))
        text = ngettext("%(count)s key no longer works.", "%(count)s keys no longer work.", ended)
        self.message_user(request, text % {"count": ended})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        data = form.cleaned_data
        made, text = api_keys.create(
            organization=None,
            name=data["name"],
            scopes=data["scopes"],
            origin=access.origin(request, Source.ADMIN),
            at=clock.now(),
        )
        obj.pk, obj.prefix = made.pk, made.prefix
        words = _now("Copy the key now; it can't be shown again:")
        self.message_user(request, format_html("{} <code>{}</code>", words, text), messages.WARNING)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The journal has it."""

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        response: HttpResponse = self.response_post_save_add(request, obj)
        return response
