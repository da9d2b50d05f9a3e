"""Reps and pools in the admin: lists, a page each, and the acts that change them."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Region, Segment
from accounts.queries import webhook_words
from config import words
from config.admin import acts, pages
from offramps.admin import roster_acts
from offramps.admin.roster_forms import WEEKDAYS
from offramps.models import AccountOwnership, Leave, Pool, PoolMember, Rep, RepCalendar, Skill, WorkingHours
from offramps.rules import shift_words
from offramps.services import calendars

PRESENCE_TONES = {"online": "good", "offline": ""}


class Acted(pages.ReadOnly):
    """A model whose rows are begun and changed by acts: `begins_with`, and `steps` by the last part of their address."""

    begins_with: roster_acts.Step
    steps: Mapping[str, roster_acts.Step]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.begins_with.permission)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        back_url = reverse(f"admin:offramps_{self.opts.model_name}_changelist")
        return roster_acts.run(self, request, self.begins_with, None, back_url)

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, self.opts.model_name
        own = [
            path(f"<int:row_id>/{verb}/", guard(self._act(step)), name=f"offramps_{name}_{verb}")
            for verb, step in self.steps.items()
        ]
        return [*own, *super().get_urls()]

    def _act(self, step: roster_acts.Step) -> Callable[..., HttpResponse]:
        def act(request: HttpRequest, row_id: int) -> HttpResponse:
            return roster_acts.on_row(self, request, step, self.model, row_id)

        return act


class LeaveRows(pages.ReadOnlyRows):
    model = Leave
    fk_name = "rep"
    fields = ("kind", "starts_on", "ends_on", "cover")
    ordering = ("-starts_on",)
    related = ("rep__user", "cover__user")


class PoolsOfRep(pages.ReadOnlyRows):
    model = PoolMember
    fields = ("pool", "weight")
    related = ("pool", "rep__user")


class MembersOfPool(pages.ReadOnlyRows):
    model = PoolMember
    fields = ("rep", "weight")
    related = ("pool", "rep__user")


class AccountsOfRep(pages.ReadOnlyRows):
    model = AccountOwnership
    fields = ("organization", "kind", "style", "reason", "starts_at", "ends_at")
    ordering = ("-starts_at",)
    related = ("organization", "rep__user", "pool")


@admin.register(Rep)
class RepAdmin(Acted):
    list_display = ("name", "presence", "presence_at", "can", "where", "capacity", "time_zone", "left_on")
    list_filter = ("presence", "pools__pool", ("left_on", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name", "public_id")
    ordering = ("left_on", "user__name", "pk")
    badges = {"presence": PRESENCE_TONES}
    inlines = (PoolsOfRep, LeaveRows, AccountsOfRep)
    fields: Any = (
        *(("user", "presence"), ("presence_at", "presence_cause"), ("can", "where"), ("speaks", "sells"), "week"),
        *(
            ("capacity", "time_zone"),
            ("phone", "meeting_url"),
            ("calendar_url", "calendar_said"),
            "left_on",
            ("created_at", "public_id"),
        ),
    )
    readonly_fields = ("can", "where", "speaks", "sells", "week", "calendar_said", "public_id")
    begins_with = roster_acts.NEW_REP
    steps = roster_acts.OF_REP

    @display(description=_("Name"), ordering="user__name")
    def name(self, row: Rep) -> str:
        return str(row)

    @display(description=_("Skills"))
    def can(self, row: Rep) -> str:
        return ", ".join(str(Skill(code).label) for code in row.skills)

    @display(description=_("Regions"))
    def where(self, row: Rep) -> str:
        return ", ".join(str(Region(code).label) for code in row.regions) or gettext("All")

    @display(description=_("Languages"))
    def speaks(self, row: Rep) -> str:
        return ", ".join(row.languages)

    @display(description=_("Product lines"))
    def sells(self, row: Rep) -> str:
        return ", ".join(row.lines) or gettext("All")

    @display(description=_("Calendar"))
    def calendar_said(self, row: Rep) -> str:
        kept = RepCalendar.objects.filter(rep=row).first()
        if kept is None:
            return gettext("no calendar")
        if kept.failure and kept.failed_since:
            why = _why_unread(kept.failure)
            return gettext("Cannot be read since %(when)s: %(why)s") % {"when": words.moment(kept.failed_since), "why": why}
        if kept.read_at is None:
            return gettext("is being read")
        said = {"when": words.moment(kept.read_at), "count": len(kept.spans)}
        return gettext("Read %(when)s; busy times ahead: %(count)s") % said

    @display(description=_("Working hours"))
    def week(self, row: Rep) -> str:
        shifts = list(row.shifts.all())
        return "\n".join(_day(day, shifts) for day in range(7) if any(shift.weekday == day for shift in shifts))


@admin.register(Pool)
class PoolAdmin(Acted):
    list_display = ("name", "of_segments", "of_regions", "is_fallback", "paused_at", "people")
    list_filter = ("is_fallback", ("paused_at", admin.EmptyFieldListFilter))
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (MembersOfPool,)
    fields: Any = (("name", "is_fallback"), ("of_segments", "of_regions"), ("paused_at", "created_at"), "public_id")
    readonly_fields = ("of_segments", "of_regions", "public_id")
    begins_with = roster_acts.NEW_POOL
    steps = roster_acts.OF_POOL

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Pool]:
        rows: models.QuerySet[Pool] = super().get_queryset(request)
        return rows.annotate(_people=models.Count("members"))

    @display(description=_("Segments"))
    def of_segments(self, row: Pool) -> str:
        return ", ".join(str(Segment(code).label) for code in row.segments) or gettext("All")

    @display(description=_("Regions"))
    def of_regions(self, row: Pool) -> str:
        return ", ".join(str(Region(code).label) for code in row.regions) or gettext("All")

    @display(description=_("Reps"), ordering="_people")
    def people(self, row: Pool) -> int:
        return int(getattr(row, "_people", 0))


def _why_unread(failure: str) -> str:
    if failure == calendars.NO_CALENDAR:
        return gettext("what is there is no calendar")
    return webhook_words.failure(failure, int(failure) if failure.isdigit() else None)


def _day(day: int, shifts: list[WorkingHours]) -> str:
    spans = ((shift.starts_minute, shift.ends_minute) for shift in shifts if shift.weekday == day)
    return f"{WEEKDAYS[day]} {shift_words.say(spans)}"


def offer(verb: str, step: roster_acts.Step, request: HttpRequest, row: models.Model) -> acts.Offer | None:
    """An act as a button on a row's page, for whoever may do it while it can be done."""
    if not request.user.has_perm(step.permission) or not step.is_open(row):
        return None
    url = reverse(f"admin:offramps_{type(row).__name__.lower()}_{verb}", args=[row.pk])
    return acts.Offer(str(step.title), url, step.icon)


for _model, _steps in ((Rep, roster_acts.OF_REP), (Pool, roster_acts.OF_POOL)):
    for _verb, _step in _steps.items():
        acts.offer_on(_model, functools.partial(offer, _verb, _step))
