"""Renewals, as staff see them: what buyers were told beforehand, and the accounts that one of us looks at first."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts import access
from accounts.origin import Source
from billing.admin.shown import money
from billing.models import AutoExpansion, CardNotice, PriceMove, RenewalNotice, RenewalReview
from billing.services.renewing import renewal_reviews
from config import clock, words
from config.admin import action_forms, columns, pages

ANSWER_TONES = {"open": "wait", "accepted": "good", "other": "info", "stayed": "", "held": "info", "ended": "bad"}


class FindingForm(action_forms.NoteForm):
    """What was found."""

    asked = _("Finding")


@admin.register(RenewalNotice)
class RenewalNoticeAdmin(pages.ReadOnly):
    list_display = ("subscription", "period_ends_at", "kind", "sent_at", "amount", "seats", "active_seats", "recommended_seats")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter), "subscription__plan")
    list_select_related = ("subscription__organization", "subscription__plan")
    search_fields = ("subscription__organization__name", "subscription__stripe_id")
    ordering = ("-decided_at", "-id")
    date_hierarchy = "period_ends_at"
    fields = (
        ("subscription", "kind"),
        ("period_ends_at", "decided_at"),
        ("sent_at", "amount"),
        ("seats", "active_seats"),
        "recommended_seats",
    )
    readonly_fields = ("amount",)

    @display(description=_("Amount"), ordering="amount_minor")
    def amount(self, row: RenewalNotice) -> str:
        return money(row.amount_minor, row.currency) if row.amount_minor is not None else ""


@admin.register(CardNotice)
class CardNoticeAdmin(pages.ReadOnly):
    list_display = ("customer", "kind", "about_at", "sent_at", "decided_at")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("customer__organization",)
    search_fields = ("customer__organization__name", "customer__stripe_id")
    ordering = ("-decided_at", "-id")
    date_hierarchy = "about_at"
    fields = (("customer", "kind"), ("about_at", "payment_method_id"), ("decided_at", "sent_at"))


@admin.register(AutoExpansion)
class AutoExpansionAdmin(pages.ReadOnly):
    list_display = ("subscription", "is_on", "stopped", "step", "most", "budget", "set_by", "set_at")
    list_filter = ("is_on", "stopped")
    list_select_related = ("subscription__organization", "subscription__plan", "set_by")
    search_fields = ("subscription__organization__name", "subscription__stripe_id")
    ordering = ("-set_at",)
    fields = (("subscription", "is_on"), ("step", "most"), ("budget", "stopped"), ("set_by", "set_at"), "due_at")
    readonly_fields = ("budget",)

    @display(description=_("Budget in 30 days"), ordering="budget_minor")
    def budget(self, row: AutoExpansion) -> str:
        return money(row.budget_minor, row.subscription.currency)


@admin.register(PriceMove)
class PriceMoveAdmin(pages.ReadOnly):
    list_display = ("subscription", "state", "period_ends_at", "before", "after", "is_end", "asked_at", "closes_at")
    list_filter = ("state", "is_end", "currency", "subscription__plan")
    list_select_related = ("subscription__organization", "subscription__plan")
    search_fields = ("subscription__organization__name", "subscription__stripe_id")
    ordering = ("-asked_at", "-id")
    date_hierarchy = "period_ends_at"
    badges = {"state": ANSWER_TONES}
    fields = (
        ("subscription", "state"),
        ("price_before", "price_after"),
        ("before", "after"),
        ("period_ends_at", "is_end"),
        ("asked_at", "closes_at"),
    )
    readonly_fields = ("before", "after")

    @display(description=_("Renewal at the old price"), ordering="amount_before_minor")
    def before(self, row: PriceMove) -> str:
        return money(row.amount_before_minor, row.currency)

    @display(description=_("Renewal at the new price"), ordering="amount_after_minor")
    def after(self, row: PriceMove) -> str:
        return money(row.amount_after_minor, row.currency) if row.amount_after_minor is not None else ""


@admin.register(RenewalReview)
class RenewalReviewAdmin(pages.ReadOnly):
    list_display = (
        "subscription",
        "state",
        "period_ends_at",
        "coverage_tier",
        "has_exceptions",
        "asked_at",
        "reviewed_by",
        "note",
    )
    list_filter = (("reviewed_at", admin.EmptyFieldListFilter), "coverage_tier", "has_exceptions", "reviewed_by")
    list_select_related = ("subscription__organization", "subscription__plan", "reviewed_by")
    search_fields = ("subscription__organization__name", "subscription__stripe_id", "note")
    ordering = ("period_ends_at", "id")
    date_hierarchy = "period_ends_at"
    fields = (
        ("subscription", "coverage_tier"),
        ("period_ends_at", "has_exceptions"),
        ("asked_at", "state"),
        "reviewed_by",
        "note",
    )
    readonly_fields = ("state",)
    actions = ("conclude",)
    action_form = FindingForm

    def has_conclude_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_renewalreview")

    @display(description=_("State"))
    def state(self, row: RenewalReview) -> SafeString:
        if row.reviewed_at is not None:
            return columns.badge(_("Looked at on %(day)s") % {"day": words.day(row.reviewed_at)}, "good")
        if row.period_ends_at <= clock.now():
            return columns.badge(_("Renewed without a look"), "bad")
        return columns.badge(_("To be looked at"), "wait")

    @action(description=_("Looked at: say what you found"), permissions=["conclude"])
    def conclude(self, request: HttpRequest, queryset: QuerySet[RenewalReview]) -> None:
        ids, note = list(queryset.values_list("pk", flat=True)), request.POST.get("note", "")
        count = renewal_reviews.conclude(ids, note=note, origin=access.origin(request, Source.ADMIN), at=clock.now())
        said = ngettext("%(count)s account was looked at.", "%(count)s accounts were looked at.", count)
        self.message_user(request, said % {"count": words.number(count)}, messages.SUCCESS)
