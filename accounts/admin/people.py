"""People: looked up by staff; administrators decide who is staff, and in which group."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts import access
from accounts.admin import recovery
from accounts.models import Membership, User
from accounts.origin import Source
from accounts.services import staff
from config import clock
from config.admin import action_forms
from config.admin.pages import Page, ReadOnlyRows

ACCESS = ("is_active", "is_staff", "is_superuser", "groups")


class AccessForm(ModelForm):  # type: ignore[type-arg] # django-stubs knows no subscript at run time
    """Who may do what among the vendor's own people; saved by accounts.services.staff."""

    groups = forms.ModelMultipleChoiceField(
        label=_("Groups"),
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = User
        fields = ACCESS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("groups") or cleaned.get("is_superuser")) and not cleaned.get("is_staff"):
            raise ValidationError({"is_staff": _("Only staff can be in groups or administrate.")})
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=self.instance.pk)
        if (
            not (cleaned.get("is_superuser") and cleaned.get("is_active"))
            and self.initial.get("is_superuser")
            and not others.exists()
        ):
            raise ValidationError({"is_superuser": _("This is the last administrator. Make another one first.")})
        return cleaned


class MembershipRows(ReadOnlyRows):
    model = Membership
    fields = ("organization", "role", "joined_at", "left_at")
    related = ("organization", "user")


@admin.register(User)
class UserAdmin(Page):
    form = AccessForm
    list_display = ("email", "name", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("email", "name", "external_id", "memberships__organization__name")
    ordering = ("-date_joined",)
    actions = (recovery.reset_factors,)
    action_form = action_forms.NoteForm
    inlines = (MembershipRows,)
    readonly_fields = ("email", "name", "locale", "external_id", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "name", "locale", "external_id", "date_joined", "last_login")}),
        (_("Access"), {"fields": ACCESS}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        if not change:
            raise PermissionDenied
        values = {name: form.cleaned_data[name] for name in ACCESS}
        staff.set_access(user=obj, **values, origin=access.origin(request, Source.ADMIN), at=clock.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Groups are saved with the rest, by the service."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, *args: Any, **kwargs: Any) -> Any:
        return super().construct_change_message(request, form, [], *args, **kwargs)
