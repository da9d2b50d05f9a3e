"""Plans that end: begun from a plan's page, the board of who has chosen what, and calling it off."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts import access, staff_guard
from accounts.origin import Source
from billing.models import Move, Plan, Subscription, Sunset, SunsetCase, SunsetCaseState, SunsetState
from billing.services.renewing import sunsets
from config import clock, words
from config.admin import acts, columns, pages

STATE_TONES = {"running": "wait", "over": "good", "called_off": ""}
CASE_TONES = {"open": "wait", "chosen": "good", "moved": "good", "ends": "bad", "stays": "", "gone": "", "called_off": ""}


class BeginForm(forms.Form):
    """From when on, what instead, what happens without a click, and why."""

    ends_on = forms.DateField(
        label=_("Ends on"),
        widget=UnfoldAdminDateWidget,
        help_text=_("For each customer at its first renewal from this day on."),
    )
    successor = forms.ModelChoiceField(
        label=_("Suggested instead"),
        queryset=Plan.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Plans that the catalog has a move to. It is offered first, and had by one click alone."),
    )
    is_end = forms.BooleanField(
        label=_("Ends without a click"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Off: who chooses nothing keeps the plan. Nobody is moved to another one either way."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text=_("For us.")
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        successor = self.fields["successor"]
        assert isinstance(successor, forms.ModelChoiceField)
        targets = Move.objects.filter(from_plan=plan).values("to_plan")
        successor.queryset = Plan.objects.filter(pk__in=targets, withdrawn_at=None).exclude(pk=plan.pk)


class SureForm(forms.Form):
    """Nothing to say: one button."""


@admin.register(Sunset)
class SunsetAdmin(pages.ReadOnly):
    list_display = ("plan", "state", "ends_on", "successor", "is_end", "answers", "created_by")
    list_filter = ("state",)
    list_select_related = ("plan__line", "successor__line", "created_by")
    search_fields = ("plan__code", "plan__name")
    ordering = ("-id",)
    badges = {"state": STATE_TONES}
    begins = pages.Begins(
        text=_("A plan is ended on its own page: choose the plan that is to end."),
        label=_("Choose a plan"),
        list="admin:billing_plan_changelist",
    )
    fields: Any = (
        *(("plan", "state"), ("ends_on", "is_end"), "successor", "answers", "reason", ("created_by", "created_at")),
        *(("closed_by", "closed_at"), "enrol_at"),
    )
    readonly_fields = ("answers",)

    def get_urls(self) -> list[URLPattern]:
        """With the pages on which one is begun and called off."""

        def begin(request: HttpRequest, plan_id: int) -> HttpResponse:
            return _begin(self, request, plan_id)

        def call_off(request: HttpRequest, sunset_id: int) -> HttpResponse:
            return _call_off(self, request, sunset_id)

        guard = self.admin_site.admin_view
        return [
            path("begin/<int:plan_id>/", guard(begin), name="billing_sunset_begin"),
            path("<int:sunset_id>/call-off/", guard(call_off), name="billing_sunset_call_off"),
            *super().get_urls(),
        ]

    @display(description=_("Answers"))
    def answers(self, row: Sunset) -> str:
        """How many customers stand how."""
        counts = dict(row.cases.values_list("state").annotate(Count("pk")).order_by("state"))
        names = dict(SunsetCaseState.choices)
        said = [f"{names[state]}: {words.number(counts[state])}" for state in SunsetCaseState.values if counts.get(state)]
        return " · ".join(said) or gettext("Nobody has been looked at yet.")


@admin.register(SunsetCase)
class SunsetCaseAdmin(pages.ReadOnly):
    list_display = ("subscription", "sunset", "state", "renews_at", "told", "price", "amount_minor")
    list_filter = ("state", "sunset")
    list_select_related = ("subscription__organization", "subscription__plan", "sunset__plan__line", "price__plan")
    search_fields = ("subscription__organization__name", "subscription__organization__public_id", "subscription__stripe_id")
    ordering = ("renews_at", "id")
    badges = {"state": CASE_TONES}
    fields = (
        ("subscription", "state"),
        "sunset",
        ("renews_at", "told"),
        ("price", "amount_minor"),
        ("chosen_by", "chosen_at"),
        "due_at",
    )


def _begin(page: Any, request: HttpRequest, plan_id: int) -> HttpResponse:
    """GET, POST .../begin/<plan>/: what it means, for how many, and beginning it."""
    if not request.user.has_perm("billing.add_sunset"):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    if proof:
        return HttpResponseRedirect(proof)
    plan = get_object_or_404(Plan.objects.select_related("line"), pk=plan_id)
    form = BeginForm(request.POST if request.method == "POST" else None, plan=plan)
    if request.method == "POST" and form.is_valid() and (made := _begun(request, plan, form)) is not None:
        messages.success(request, gettext("Begun. Its customers are told as their renewals come near."))
        return HttpResponseRedirect(reverse("admin:billing_sunset_change", args=[made.pk]))
    live = Subscription.objects.live().filter(plan=plan)
    act = acts.Act(
        title=gettext("End %(plan)s for its customers") % {"plan": plan.name},
        lead=gettext(
            "They are told 60, 30 and 7 days before, by policy, and choose with one click. Nobody is moved without it."
        ),
        form=form,
        button=gettext("Begin it"),
        back_url=reverse("admin:billing_plan_change", args=[plan.pk]),
        rows=[acts.Row(gettext("Customers"), words.number(live.values("organization").distinct().count()))],
    )
    return acts.render(page, request, plan, act, status=422 if form.is_bound else 200)


def _begun(request: HttpRequest, plan: Plan, form: BeginForm) -> Sunset | None:
    """The row; None, with what is wrong said at its field."""
    said = form.cleaned_data
    wanted = {name: said[name] for name in ("ends_on", "successor", "is_end", "reason")}
    try:
        return sunsets.begin(plan, **wanted, origin=access.origin(request, Source.ADMIN), at=clock.now())
    except sunsets.TooSoon as error:
        text = gettext("Leave time for all notices: %(day)s or later.") % {"day": words.full_day(error.earliest)}
        form.add_error("ends_on", text)
    except sunsets.Running:
        form.add_error(None, gettext("A sunset of this plan runs already: call it off first."))
    except sunsets.NoWay:
        form.add_error("successor", gettext("The catalog has no move to it: add one first."))
    return None


def _call_off(page: Any, request: HttpRequest, sunset_id: int) -> HttpResponse:
    """GET, POST .../<id>/call-off/: the plan stays."""
    if not request.user.has_perm("billing.change_sunset"):
        raise PermissionDenied
    row = get_object_or_404(Sunset.objects.select_related("plan"), pk=sunset_id)
    back_url = reverse("admin:billing_sunset_change", args=[row.pk])
    if request.method == "POST":
        if sunsets.call_off(row, origin=access.origin(request, Source.ADMIN), at=clock.now()):
            messages.success(request, gettext("Called off. Whoever was told hears of it."))
        return HttpResponseRedirect(back_url)
    act = acts.Act(
        title=gettext("Call it off: %(plan)s stays") % {"plan": row.plan.name},
        lead=gettext(
            "Ends that nobody asked for are taken back. What customers have chosen by a click and waits stays theirs."
        ),
        form=SureForm(),
        button=gettext("Call it off") if row.state == SunsetState.RUNNING else "",
        back_url=back_url,
    )
    return acts.render(page, request, row, act)


def _begin_offer(request: HttpRequest, plan: Plan) -> acts.Offer | None:
    runs = Sunset.objects.filter(plan=plan, state=SunsetState.RUNNING).first()
    if runs is not None and request.user.has_perm("billing.view_sunset"):
        return acts.Offer(gettext("Its sunset"), reverse("admin:billing_sunset_change", args=[runs.pk]), "wb_twilight")
    if runs is not None or not request.user.has_perm("billing.add_sunset"):
        return None
    return acts.Offer(gettext("End it for its customers"), reverse("admin:billing_sunset_begin", args=[plan.pk]), "wb_twilight")


def _board_offer(request: HttpRequest, row: Sunset) -> acts.Offer | None:
    if not request.user.has_perm("billing.view_sunsetcase"):
        return None
    return acts.Offer(gettext("Who has chosen"), columns.listing("billing.sunsetcase", sunset__id__exact=row.pk), "fact_check")


def _call_off_offer(request: HttpRequest, row: Sunset) -> acts.Offer | None:
    if row.state != SunsetState.RUNNING or not request.user.has_perm("billing.change_sunset"):
        return None
    return acts.Offer(gettext("Call it off"), reverse("admin:billing_sunset_call_off", args=[row.pk]), "event_busy")


acts.offer_on(Plan, _begin_offer)
acts.offer_on(Sunset, _board_offer)
acts.offer_on(Sunset, _call_off_offer)
