"""Differences to Stripe: what each side says, two buttons with a reason, and who looks after it; the runs that found them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import access, staff_groups
from accounts.models import User
from accounts.origin import Origin, Source
from billing.admin.shown import at_stripe
from billing.models import Difference, Reconciliation
from billing.services import commands, faults
from billing.services.reconciliation import reconciling_decisions as decisions
from billing.services.reconciliation.reconciling_books import CannotDecide
from config import clock, words
from config.admin import action_forms, facts, pages

TONES = {"open": "bad", "accepted": "good", "resent": "good", "gone": ""}
DECIDING = (staff_groups.REVENUE_OPERATIONS, staff_groups.FINANCE)
Verb = Callable[[Difference, Origin], object]


class DecisionForm(action_forms.Beside):
    """Beside the choice of an action: why, and for giving it to somebody, to whom."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=decisions.MOST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Why"), "aria-label": _("Why")}),
    )
    owner = forms.ModelChoiceField(
        User.objects.none(),
        label="",
        required=False,
        empty_label=_("Revenue operations"),
        widget=UnfoldAdminSelectWidget(attrs={"aria-label": _("Who looks after it")}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = _deciding()


def _deciding() -> QuerySet[User]:
    """Who may decide: by their group, or an administrator."""
    may = Q(groups__name__in=DECIDING) | Q(is_superuser=True)
    return User.objects.filter(may, is_active=True, is_staff=True).order_by("name", "pk").distinct()


@admin.register(Difference)
class DifferenceAdmin(pages.ReadOnly):
    list_display = ("found_at", "kind", "state", "organization", "ours_said", "stripes_said", "looked_after")
    list_filter = ("state", "kind", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "owner", "decided_by")
    search_fields = ("subject", "organization__name", "organization__domain")
    ordering = ("-found_at", "-id")
    date_hierarchy = "found_at"
    badges = {"state": TONES}
    actions = ("accept", "resend", "assign")
    action_form = DecisionForm
    change_form_outer_before_template = "admin/billing/decide.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(("kind", "state"), ("organization", "looked_after"), ("subscription", "invoice"), "stripe"),
                    *(("ours_said", "stripes_said"), ("found_at", "last_seen_at"), "note"),
                )
            },
        ),
        (_("Decision"), {"fields": (("decided_by", "decided_at"), "reason", "command")}),
    )
    readonly_fields = ("ours_said", "stripes_said", "looked_after", "stripe")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_difference")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        more: dict[str, Any] = {}
        if row is not None and row.state == "open" and self.has_decide_permission(request):
            more = {
                "decide": {"accept": decisions.can_accept(row), "resend": decisions.can_resend(row)},
                "deciding": list(_deciding()),
                "most_reason": decisions.MOST_REASON,
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})
        return response

    @action(description=_("Accept Stripe's"), permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda row, by: decisions.accept(row, reason=reason, origin=by, at=clock.now()))

    @action(description=_("Send ours again"), permissions=["decide"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda row, by: decisions.resend(row, reason=reason, origin=by, at=clock.now()))

    @action(description=_("Give it to"), permissions=["decide"])
    def assign(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        chosen = request.POST.get("owner", "")
        owner = _deciding().filter(pk=chosen).first() if chosen.isdigit() else None
        self._each(request, queryset, lambda row, by: decisions.assign(row, owner=owner, origin=by, at=clock.now()))

    def _each(self, request: HttpRequest, queryset: QuerySet[Difference], verb: Verb) -> None:
        """One after the other: what is in one's way does not stop the others."""
        by, done = access.origin(request, Source.ADMIN), 0
        for row in queryset.select_related("organization", "subscription__price", "subscription__organization"):
            try:
                verb(row, by)
            except CannotDecide as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)
            except commands.Busy:
                self.message_user(
                    request, _now("%(row)s: a change is being made on it just now.") % {"row": row}, messages.WARNING
                )
            except (faults.Refused, faults.Unreachable) as error:
                text = _now("%(row)s: Stripe did not answer as hoped: %(why)s")
                self.message_user(request, text % {"row": row, "why": error}, messages.ERROR)
            else:
                done += 1
        if done:
            text = ngettext("%(count)s difference done.", "%(count)s differences done.", done)
            self.message_user(request, text % {"count": words.number(done)}, messages.SUCCESS)

    @display(description=_("Ours"))
    def ours_said(self, row: Difference) -> str:
        return said(row.ours)

    @display(description=_("Stripe's"))
    def stripes_said(self, row: Difference) -> str:
        return said(row.stripes)

    @display(description=_("Looked after by"), ordering="owner")
    def looked_after(self, row: Difference) -> str:
        return str(row.owner or _("Revenue operations"))

    @display(description=_("At Stripe"))
    def stripe(self, row: Difference) -> SafeString | str:
        return at_stripe(row.subject)


def said(values: dict[str, Any]) -> str:
    """One side in words; an empty one says "none"."""
    plain = {name: value for name, value in values.items() if name != "phases"}
    phases = [
        _now("%(seats)s seats from %(day)s") % {"seats": words.number(seats), "day": words.day(datetime.fromisoformat(at))}
        for at, _price, seats in values.get("phases", [])
    ]
    return ", ".join(filter(None, [facts.told(plain), *phases])) or _now("none")


@admin.register(Reconciliation)
class ReconciliationAdmin(pages.ReadOnly):
    list_display = ("started_at", "organization", "stage", "compared", "repaired", "found", "gone", "finished_at", "error")
    list_filter = (("organization", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    ordering = ("-started_at", "-id")
    badges = {"stage": {"done": "good"}}
    fields = (
        *(("started_at", "finished_at"), ("organization", "stage"), ("compared", "calls"), ("repaired", "error")),
        ("found", "gone"),
    )
