"""New owners for organizations whose owner is gone, and organizations opened again: two staff pages, through services only."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts import access
from accounts.models import ClosedOrganization, Membership, OwnerRecovery, Role, User
from accounts.origin import Source
from accounts.services import closure, recoveries, second_factors
from config import clock
from config.admin import action_forms
from config.admin.pages import ReadOnly

TONES = {
    "requested": "wait",
    "notice": "info",
    "done": "good",
    "objected": "bad",
    "refused": "bad",
    "withdrawn": "",
    "lapsed": "",
}


class RequestForm(forms.ModelForm):  # type: ignore[type-arg] # django-stubs knows no subscript at run time
    """Who is to become the owner, and why we believe it."""

    email = forms.EmailField(
        label=_("New owner's e-mail address"), widget=UnfoldAdminTextInputWidget, help_text=_("A member today.")
    )
    customer = forms.CharField(
        label=_("Organization"), max_length=120, widget=UnfoldAdminTextInputWidget, help_text=_("Its public ID.")
    )
    proof = forms.CharField(label=_("Proof"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}))

    class Meta:
        model = OwnerRecovery
        fields = ("customer", "email", "proof")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        rows = Membership.objects.live().select_related("organization", "user").exclude(role=Role.OWNER)
        member = rows.filter(
            organization__public_id=cleaned.get("customer", "").strip(),
            user__email__iexact=cleaned.get("email", ""),
        ).first()
        if member is None:
            raise ValidationError(_("Nobody of this address is a member of this organization without owning it."))
        if len(cleaned.get("proof", "").strip()) < recoveries.SHORTEST_PROOF:
            self.add_error("proof", _("Say in a few sentences what shows that the owner is gone, and where that is kept."))
        cleaned["membership"] = member
        return cleaned

    def _post_clean(self) -> None:
        """The service makes the row, with its own checks."""


@admin.register(OwnerRecovery)
class OwnerRecoveryAdmin(ReadOnly):
    form = RequestForm
    list_display = ("organization", "membership", "state", "requested_by", "requested_at", "decided_by", "due_at", "ended_at")
    list_filter = ("state",)
    search_fields = ("organization__name", "membership__user__email")
    list_select_related = ("organization", "membership__user", "membership__organization", "requested_by", "decided_by")
    ordering = ("-requested_at",)
    badges = {"state": TONES}
    actions = ("approve", "refuse", "withdraw")
    action_form = action_forms.NoteForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_ownerrecovery")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_ownerrecovery")

    def save_model(self, request: HttpRequest, obj: OwnerRecovery, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        data = form.cleaned_data
        try:
            case = recoveries.request(
                membership=data["membership"],
                proof=data["proof"],
                origin=access.origin(request, Source.ADMIN),
                at=clock.now(),
            )
        except recoveries.NotTwoPeople:
            self.message_user(request, gettext("You can't make yourself the owner."), messages.ERROR)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            obj.pk, obj.organization, obj.membership = case.pk, case.organization, case.membership

    def response_add(self, request: HttpRequest, obj: OwnerRecovery, post_url_continue: str | None = None) -> Any:
        return self.response_post_save_add(request, obj)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The journal has it."""

    @action(description=_("Approve: announce it to all members"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[OwnerRecovery]) -> None:
        self._each(request, queryset, recoveries.approve)

    @action(description=_("Refuse"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[OwnerRecovery]) -> None:
        self._each(request, queryset, recoveries.refuse, note=request.POST.get("note", ""))

    @action(description=_("Withdraw"), permissions=["add"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[OwnerRecovery]) -> None:
        self._each(request, queryset, recoveries.withdraw, note=request.POST.get("note", ""))

    def _each(self, request: HttpRequest, cases: QuerySet[OwnerRecovery], step: Callable[..., Any], **more: Any) -> None:
        origin = access.origin(request, Source.ADMIN)
        for case in cases.select_related("organization", "membership__user"):
            try:
                step(case=case, origin=origin, at=clock.now(), **more)
            except recoveries.NotTwoPeople:
                text = gettext("%(case)s: a second person decides, not who asked nor who would become the owner.")
                self.message_user(request, text % {"case": case}, messages.ERROR)
            except ValidationError as error:
                self.message_user(request, f"{case}: {' '.join(error.messages)}", messages.ERROR)
            except recoveries.Overtaken:
                self.message_user(request, gettext("%(case)s: it is not open any more.") % {"case": case}, messages.WARNING)
            else:
                self.message_user(request, gettext("%(case)s: done.") % {"case": case.organization})


@action(description=_("Take the second factors away"), permissions=["change"])
def reset_factors(page: ModelAdmin, request: HttpRequest, queryset: QuerySet[User]) -> None:
    """For somebody who has lost phone and codes; an action of the page of people."""
    for user in queryset:
        try:
            count = second_factors.reset(
                user=user, reason=request.POST.get("note", ""), origin=access.origin(request, Source.ADMIN), at=clock.now()
            )
        except ValidationError as error:
            page.message_user(request, f"{user}: {' '.join(error.messages)}", messages.ERROR)
        else:
            said = gettext("%(name)s has no second factor any more.") if count else gettext("%(name)s had no second factor.")
            page.message_user(request, said % {"name": user})


@admin.register(ClosedOrganization)
class ClosedOrganizationAdmin(ReadOnly):
    list_display = ("name", "domain", "country", "closed_at", "created_at")
    search_fields = ("name", "domain", "public_id")
    ordering = ("-closed_at",)
    fields = ("name", "public_id", "domain", "country", "closed_at", "created_at")
    readonly_fields = ("public_id",)
    actions = ("reopen",)
    action_form = action_forms.NoteForm

    def has_reopen_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_closedorganization")

    @action(description=_("Open again"), permissions=["reopen"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[ClosedOrganization]) -> None:
        for organization in queryset:
            try:
                closure.reopen(
                    organization=organization,
                    reason=request.POST.get("note", ""),
                    origin=access.origin(request, Source.ADMIN),
                    at=clock.now(),
                )
            except ValidationError as error:
                self.message_user(request, f"{organization}: {' '.join(error.messages)}", messages.ERROR)
            except closure.TooLate:
                text = gettext("%(name)s was closed too long ago; a new organization has to be made.")
                self.message_user(request, text % {"name": organization}, messages.ERROR)
            except closure.Already:
                self.message_user(request, gettext("%(name)s is open.") % {"name": organization}, messages.WARNING)
            else:
                self.message_user(request, gettext("%(name)s is open again.") % {"name": organization})
