"""Disputed charges: what somebody has to answer by when, the evidence, and giving in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts import access, staff_guard
from accounts.origin import Source
from billing.admin.shown import at_stripe, money
from billing.models import Dispute
from billing.queries import disputes
from billing.rules import disputes as rules
from billing.services import commands
from billing.services.recovery import dispute_answers
from config import clock, words
from config.admin import acts, codes, columns, pages

STATUS_TONES = {
    "needs_response": "bad",
    "warning_needs_response": "wait",
    "under_review": "info",
    "warning_under_review": "info",
    "won": "good",
    "warning_closed": "good",
    "lost": "bad",
}
LABELS = {
    "product_description": _("What was sold"),
    "customer_name": _("Customer"),
    "customer_email_address": _("E-mail"),
    "service_date": _("From when"),
    "access_activity_log": _("How it was used"),
    "refund_policy_disclosure": _("Terms accepted"),
    "uncategorized_text": _("In our words"),
}
LONG = frozenset({"product_description", "access_activity_log", "refund_policy_disclosure", "uncategorized_text"})


class EvidenceForm(forms.Form):
    """Stripe's fields of text; what is empty is not sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in rules.FIELDS:
            widget = UnfoldAdminTextareaWidget(attrs={"rows": 4}) if name in LONG else UnfoldAdminTextInputWidget()
            self.fields[name] = forms.CharField(
                label=LABELS[name], required=False, max_length=rules.LONGEST, widget=widget, strip=True
            )


@admin.register(Dispute)
class DisputeAdmin(pages.ReadOnly):
    list_display = ("opened_at", "organization", "invoice", "amount", "why", "state", "answer_by")
    list_filter = ("status", "reason", "currency", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "invoice")
    search_fields = ("organization__name", "organization__public_id", "invoice__number", "stripe_id", "charge_id")
    ordering = ("-opened_at", "-id")
    date_hierarchy = "opened_at"
    fields = (
        *(("organization", "subscription"), ("invoice", "amount"), ("why", "state"), ("opened_at", "answer_by")),
        *(("access", "told_at"), ("answered_at", "answered_by"), "sent", ("stripe", "closed_at")),
    )
    readonly_fields = ("amount", "why", "state", "answer_by", "sent", "stripe")

    def get_urls(self) -> list[URLPattern]:
        """With the page on which it is answered."""

        def answer(request: HttpRequest, dispute_id: int) -> HttpResponse:
            return _answer(self, request, dispute_id)

        guard = self.admin_site.admin_view
        return [
            path("<int:dispute_id>/answer/", guard(answer), name="billing_dispute_answer"),
            *super().get_urls(),
        ]

    @display(description=_("Amount"), ordering="amount_minor")
    def amount(self, row: Dispute) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=_("Reason"), ordering="reason")
    def why(self, row: Dispute) -> str:
        return codes.said("dispute_reason", row.reason)

    @display(description=_("State"), ordering="status")
    def state(self, row: Dispute) -> SafeString:
        return columns.badge(codes.said("dispute_status", row.status), STATUS_TONES.get(row.status, ""))

    @display(description=_("Answer by"), ordering="due_at")
    def answer_by(self, row: Dispute) -> SafeString | str:
        """The deadline, while there is something to answer."""
        now = clock.now()
        if row.due_at is None or not row.can_answer(now) or row.answered_at is not None:
            return "-"
        said = words.day_away(row.due_at)
        is_urgent = rules.is_urgent(row.status, row.due_at, now)
        return columns.badge(said, "bad" if is_urgent else "wait")

    @display(description=_("Sent to the bank"))
    def sent(self, row: Dispute) -> SafeString | str:
        if not row.evidence:
            return "-"
        lines = ((LABELS.get(name, name), text) for name, text in row.evidence.items())
        return format_html('<div class="admin-json">{}</div>', format_html_join("\n\n", "<strong>{}</strong>\n{}", lines))

    @display(description=_("At Stripe"))
    def stripe(self, row: Dispute) -> SafeString | str:
        return at_stripe(row.stripe_id)


def _may(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.change_dispute")


def _answer(page: DisputeAdmin, request: HttpRequest, dispute_id: int) -> HttpResponse:
    """GET, POST <id>/answer/ with the evidence; `preview` gives in instead."""
    if not _may(request):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    if proof:
        return HttpResponseRedirect(proof)
    rows = Dispute.objects.select_related("organization", "subscription__plan", "invoice")
    row = get_object_or_404(rows, pk=dispute_id)
    back = reverse("admin:billing_dispute_change", args=[row.pk])
    form = EvidenceForm(request.POST or None, initial=row.evidence or rules.compose(disputes.known(row)))
    if request.method == "POST" and form.is_valid():
        problem = _send(request, row, form)
        if not problem:
            return HttpResponseRedirect(back)
        form.add_error(None, problem)
    return acts.render(page, request, row, _act(row, form, back), status=422 if form.errors else 200)


def _act(row: Dispute, form: EvidenceForm, back: str) -> acts.Act:
    can = row.can_answer(clock.now()) and row.answered_at is None
    lead = gettext("The bank reads this once: it can't be added to or taken back. Put in what shows that the charge was right.")
    over = gettext("It was answered, or its day has passed.")
    return acts.Act(
        title=gettext("Answer the dispute"),
        lead=lead if can else over,
        form=form,
        button=gettext("Send to the bank") if can else "",
        second=gettext("Give in") if can else "",
        back_url=back,
        rows=[
            acts.Row(gettext("Disputed"), money(row.amount_minor, row.currency)),
            acts.Row(gettext("Reason"), codes.said("dispute_reason", row.reason)),
            acts.Row(gettext("Answer by"), words.day_away(row.due_at) if row.due_at else "-"),
        ],
    )


def _send(request: HttpRequest, row: Dispute, form: EvidenceForm) -> str:
    """Empty when it is done or under way; else what is in its way."""
    by, at = access.origin(request, Source.ADMIN), clock.now()
    try:
        if "preview" in request.POST:
            command = dispute_answers.accept(row, origin=by, at=at)
        else:
            command = dispute_answers.answer(row, evidence=form.cleaned_data, origin=by, at=at)
    except dispute_answers.TooLate:
        return gettext("It was answered, or its day has passed.")
    except dispute_answers.NoEvidence:
        return gettext("Every field is empty. Say at least in your own words why the charge was right.")
    except commands.Busy:
        return gettext("It is being sent just now. Look again in a few seconds.")
    if command.state == "failed":
        return gettext("Stripe refused it. Look at the dispute there.")
    done = (
        gettext("Done: the bank has it.") if command.state == "done" else gettext("Stripe does not answer; it is sent again.")
    )
    messages.success(request, done)
    return ""


def _answer_offer(request: HttpRequest, row: Dispute) -> acts.Offer | None:
    if not _may(request) or not row.can_answer(clock.now()) or row.answered_at is not None:
        return None
    return acts.Offer(gettext("Answer"), reverse("admin:billing_dispute_answer", args=[row.pk]), "gavel")


acts.offer_on(Dispute, _answer_offer)
