"""The roster's acts: each asks on a page of its own, calls one service and says what is wrong at its field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.origin import Origin, Source
from accounts.queries import webhook_words
from config import clock, words
from config.admin import acts
from offramps.admin import roster_forms as asked
from offramps.models import ChatHook, Leave, LeaveKind, Pool, Rep
from offramps.services import chat_hooks, leaving, pools, roster


@dataclass(frozen=True)
class Step:
    """One act on a row. `form(data, row)` is what it asks; `do` is told the row, the valid form, who and when.

    `second` is a button that does nothing but show `preview(row, form)`.
    """

    title: Any
    lead: Any
    button: Any
    done: Any
    permission: str
    form: Callable[[Any, Any], forms.Form]
    do: Callable[[Any, Any, dict[str, Any]], object]
    icon: str = ""
    is_open: Callable[[Any], bool] = lambda _row: True
    rows: Callable[[Any], list[acts.Row]] = lambda _row: []
    second: Any = ""
    preview: Callable[[Any, Any], list[acts.Row]] = lambda _row, _form: []
    caption: Any = ""


def run(page: Any, request: HttpRequest, step: Step, row: models.Model | None, back_url: str) -> HttpResponse:
    """GET, POST: ask, do, and back; 403 without the permission, 422 with what is wrong."""
    if not request.user.has_perm(step.permission):
        raise PermissionDenied
    form = step.form(request.POST if request.method == "POST" else None, row)
    is_asked, is_looked_at = request.method == "POST", bool(step.second) and "preview" in request.POST
    if is_asked and step.button and form.is_valid() and not is_looked_at:
        origin: Origin = access.origin(request, Source.ADMIN)
        try:
            made = step.do(row, form, {"at": clock.now(), "origin": origin})
        except ValidationError as error:
            _say(form, error)
        else:
            messages.success(request, str(step.done))
            url = _address(made) if row is None and isinstance(made, models.Model) else back_url
            return HttpResponseRedirect(url)
    act = acts.Act(
        title=f"{step.title}: {row}" if row else str(step.title),
        lead=str(step.lead),
        form=form,
        button=str(step.button) if step.is_open(row) else "",
        back_url=back_url,
        rows=step.preview(row, form) if is_looked_at and form.is_valid() else step.rows(row),
        second=str(step.second) if step.is_open(row) else "",
        caption=str(step.caption),
    )
    return acts.render(page, request, row, act, status=422 if is_asked and not (is_looked_at and form.is_valid()) else 200)


def on_row(page: Any, request: HttpRequest, step: Step, model: type[models.Model], row_id: int) -> HttpResponse:
    row = get_object_or_404(model._default_manager.all(), pk=row_id)  # noqa: SLF001 - what Django documents under this name
    return run(page, request, step, row, _address(row))


def _say(form: forms.Form, error: ValidationError) -> None:
    fields = getattr(error, "error_dict", {})
    for name, said in fields.items():
        form.add_error(name if name in form.fields else None, said)
    if not fields:
        form.add_error(None, error)


def _address(row: models.Model) -> str:
    return reverse(f"admin:offramps_{type(row).__name__.lower()}_change", args=[row.pk])


def _leaves_ahead(rep: Rep) -> models.QuerySet[Leave]:
    return Leave.objects.filter(rep=rep, ends_on__gt=clock.now().date()).select_related("rep__user").order_by("starts_on")


def _leave(rep: Rep, form: Any, who: dict[str, Any]) -> object:
    said = form.cleaned_data
    return roster.add_leave(rep, **{**said, "kind": LeaveKind(said["kind"])}, **who)


def _put(pool: Pool, form: Any, who: dict[str, Any]) -> None:
    rep, weight = form.cleaned_data["rep"], form.cleaned_data["weight"]
    if weight:
        pools.put(pool, rep, weight=weight, **who)
    else:
        pools.remove(pool, rep, **who)


def _what_leaving_does(rep: Rep) -> list[acts.Row]:
    had = leaving.consequences(rep)
    return [
        acts.Row(gettext("Open cases, to their pools"), words.number(had.cases)),
        acts.Row(gettext("Dated calls, to somebody else or another time"), words.number(had.calls)),
        acts.Row(gettext("Accounts, to nobody"), words.number(had.accounts)),
        acts.Row(gettext("No more turns in"), ", ".join(had.pools) or gettext("no pool")),
    ]


def _chat(permission: str) -> Step:
    return Step(
        title=_("Chat"),
        lead=_(
            "Each offer is said there as well. Make an incoming webhook in Slack, and paste its address; empty: no messages."
        ),
        button=_("Save"),
        done=_("Saved."),
        permission=permission,
        form=lambda data, _row: asked.ChatForm(data),
        do=lambda row, form, who: chat_hooks.connect(row, url=form.cleaned_data["url"], **who),
        icon="chat",
        is_open=lambda row: getattr(row, "left_on", None) is None,
        rows=_chat_now,
    )


def _chat_now(row: Any) -> list[acts.Row]:
    hook = ChatHook.objects.filter(**{type(row).__name__.lower(): row}).first()
    if hook is None:
        return [acts.Row(gettext("Now"), gettext("no messages"))]
    status = int(hook.failure) if hook.failure.isdigit() else None
    said = [acts.Row(gettext("Latest try"), webhook_words.failure(hook.failure, status))] if hook.failure else []
    return [acts.Row(gettext("Now"), hook.host), *said]


NEW_REP = Step(
    title=_("Make a rep"),
    lead=_("Hours and pools come next, on the rep's page. Nothing rings before the rep is there."),
    button=_("Make a rep"),
    done=_("Made. Set the working hours and the pools now."),
    permission="offramps.add_rep",
    form=lambda data, _row: asked.NewRepForm(data, initial={"languages": "en", "capacity": 10, "time_zone": "UTC"}),
    do=lambda _row, form, who: roster.make_rep(form.cleaned_data["user"], profile=form.profile, **who),
)
NEW_POOL = Step(
    title=_("Make a pool"),
    lead=_("Its people come next, on the pool's page."),
    button=_("Make the pool"),
    done=_("Made. Put reps in it now."),
    permission="offramps.add_pool",
    form=lambda data, _row: asked.PoolForm(data),
    do=lambda _row, form, who: pools.make(wanted=form.wanted, **who),
)
OF_REP = {
    "profile": Step(
        title=_("Skills and reach"),
        lead=_("It counts from the next offer on."),
        button=_("Save"),
        done=_("Saved."),
        permission="offramps.change_rep",
        form=lambda data, rep: asked.ProfileForm(data, initial=asked.ProfileForm.of(rep)),
        do=lambda rep, form, who: roster.change(rep, profile=form.profile, **who),
        icon="tune",
        is_open=lambda rep: rep.left_on is None,
    ),
    "hours": Step(
        title=_("Working hours"),
        lead=_("On the clock where the rep is. Calls dated in hours that go are dated anew, and the customers are told."),
        button=_("Save"),
        done=_("Saved."),
        permission="offramps.change_rep",
        form=lambda data, rep: asked.HoursForm(data, initial=asked.HoursForm.of(rep)),
        do=lambda rep, form, who: roster.set_hours(rep, shifts=form.shifts, **who),
        icon="schedule",
        is_open=lambda rep: rep.left_on is None,
    ),
    "leave": Step(
        title=_("Leave"),
        lead=_("Nothing is offered on these days. Calls dated in them are dated anew, and the customers are told."),
        button=_("Enter the leave"),
        done=_("Entered."),
        permission="offramps.change_rep",
        form=lambda data, rep: asked.LeaveForm(data, rep=rep),
        do=_leave,
        icon="beach_access",
        is_open=lambda rep: rep.left_on is None,
    ),
    "chat": _chat("offramps.change_rep"),
    "leave_back": Step(
        title=_("Take leave back"),
        lead=_("The days are working days again. Calls that were dated anew stay where they are."),
        button=_("Take it back"),
        done=_("Taken back."),
        permission="offramps.change_rep",
        form=lambda data, rep: asked.LeaveBackForm(data, rows=_leaves_ahead(rep)),
        do=lambda _rep, form, who: roster.take_leave_back(form.cleaned_data["leave"], **who),
        icon="undo",
        is_open=lambda rep: _leaves_ahead(rep).exists(),
    ),
    "leaving": Step(
        title=_("Leaves the company"),
        lead=_("At once nothing is offered any more. What the rep has goes to others; customers with a dated call are told."),
        button=_("Take off the roster"),
        done=_("Taken off the roster. Take away the sign-in on the person's page too."),
        permission="offramps.change_rep",
        form=lambda data, _rep: forms.Form(data),
        do=lambda rep, _form, who: leaving.leave(rep, **who),
        icon="logout",
        is_open=lambda rep: rep.left_on is None or not leaving.consequences(rep).is_nothing,
        rows=_what_leaving_does,
    ),
}
OF_POOL = {
    "settings": Step(
        title=_("Whose leads"),
        lead=_("It counts from the next offer on. Leads that the pool has stay."),
        button=_("Save"),
        done=_("Saved."),
        permission="offramps.change_pool",
        form=lambda data, pool: asked.PoolForm(data, initial=asked.PoolForm.of(pool)),
        do=lambda pool, form, who: pools.change(pool, wanted=form.wanted, **who),
        icon="tune",
    ),
    "member": Step(
        title=_("Who takes turns"),
        lead=_("Puts a rep in, sets another weight, or takes the rep out."),
        button=_("Save"),
        done=_("Saved."),
        permission="offramps.change_pool",
        form=lambda data, _pool: asked.MemberForm(data),
        do=_put,
        icon="group",
    ),
    "chat": _chat("offramps.change_pool"),
    "pause": Step(
        title=_("Pause the pool"),
        lead=_("Nothing is offered to it; what it would take goes to the next pool that fits, else to the one for the rest."),
        button=_("Pause"),
        done=_("Paused."),
        permission="offramps.change_pool",
        form=lambda data, _pool: forms.Form(data),
        do=lambda pool, _form, who: pools.pause(pool, **who),
        icon="pause",
        is_open=lambda pool: pool.paused_at is None and not pool.is_fallback,
    ),
    "resume": Step(
        title=_("Go on"),
        lead=_("Leads are offered to it again."),
        button=_("Go on"),
        done=_("It goes on."),
        permission="offramps.change_pool",
        form=lambda data, _pool: forms.Form(data),
        do=lambda pool, _form, who: pools.resume(pool, **who),
        icon="play_arrow",
        is_open=lambda pool: pool.paused_at is not None,
    ),
}
