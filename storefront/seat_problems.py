"""Why a change of seats can't be made: what went wrong, what was kept, and what to do now."""

import functools
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import ScheduledKind
from billing.queries import terms_words
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import addons, committed, paying_first, plan_changes, seats
from config import words
from storefront import credit_words, debit_words, overdue_words, seat_urls


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A banner; `status` is the answer's HTTP status when it was a POST."""

    title: str
    text: str
    tone: str = "info"
    action_label: str = ""
    action_url: str = ""
    second_label: str = ""
    second_url: str = ""
    status: int = 409


def of(standing: Standing, error: Exception, wanted: int) -> Problem:
    """The exception of a flow in words. `wanted` is the number of seats that was asked for."""
    return _of(error, standing, wanted)


def conversion_url(standing: Standing) -> str:
    """What the plan after the pilot costs."""
    return f"{reverse('storefront:pilot_conversion')}?{urlencode({'line': standing.row.line.code})}"


def too_many_people(room: int) -> Problem:
    return Problem(
        title=ngettext("There will be %(count)s free seat", "There will be %(count)s free seats", room)
        % {"count": words.number(room)},
        text=_("You chose more people than that. Take some out, or buy more seats; nothing was charged."),
        tone="warn",
        status=422,
    )


def no_addresses(text: str) -> Problem:
    return Problem(
        title=text,
        text=_("Put them right or take them out; nothing was charged and nobody was invited."),
        tone="warn",
        status=422,
    )


def stale() -> Problem:
    return Problem(
        title=_("The price has moved since you looked"),
        text=_("Nothing was charged. Here is the price of this moment: confirm it, or leave it."),
        tone="warn",
    )


@functools.singledispatch
def _of(error: Exception, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("This change was refused"),
        text=_("Nothing was charged and you keep %(kept)s. Talk to us, we look into it.") % _kept(standing),
        tone="bad",
        action_label=_("Talk to a person"),
        action_url=reverse("storefront:talk"),
        status=422,
    )


@_of.register
def _above(error: seats.AboveMaximum, standing: Standing, wanted: int) -> Problem:
    plan = standing.row.plan
    values = {"plan": plan.name, "most": words.seats(error.maximum), "wanted": words.seats(wanted)}
    has_room = error.maximum > standing.quantity
    text = _("For %(wanted)s talk to a person; your number goes along.")
    if has_room:
        text = _("For %(wanted)s talk to a person; your number goes along. Meanwhile you can have %(most)s.")
    return Problem(
        title=_("%(plan)s is sold here for up to %(most)s") % values,
        text=text % values,
        action_label=_("Talk about %(wanted)s") % values,
        action_url=seat_urls.talk_url(standing, wanted),
        second_label=_("Take %(most)s now") % values if has_room else "",
        second_url=seat_urls.seats_url(standing, seats=error.maximum) if has_room else "",
        status=422,
    )


@_of.register
def _pay_first(error: paying_first.PayFirst, standing: Standing, wanted: int) -> Problem:
    title = _("Pay what is open first")
    overdue = overdue_words.of_rows(error.invoices)
    if not overdue:
        url = reverse("storefront:invoices")
        text = _("A payment is missing. Once it is paid this can be changed; cancelling is always possible.")
        return Problem(title=title, text=text, tone="warn", action_label=_("Look at what is open"), action_url=url)
    then = _("Once that is paid this can be changed; cancelling is always possible.")
    return Problem(
        title=title,
        text=f"{overdue_words.said(overdue)} {then}",
        tone="warn",
        action_label=overdue_words.pay_label(overdue),
        action_url=overdue_words.pay_url(overdue),
        second_label=_("Cancel the subscription"),
        second_url=seat_urls.cancellation_url(standing),
    )


@_of.register
def _beyond_credit(error: seats.BeyondCredit, standing: Standing, wanted: int) -> Problem:
    if not standing.row.is_invoiced:
        about = debit_words.beyond()
        about["text"] = f"{credit_words.figures(error.beyond)} {about['text']}"
        return Problem(tone="warn", second_url=seat_urls.talk_url(standing, wanted), **about)
    text = _("Pay what is open first, pay by card from now on, or ask a person for more. Nothing was changed.")
    fits, values = error.beyond.fits, {"seats": words.seats(error.beyond.fits)}
    return Problem(
        title=_("That is more than can be open on invoices"),
        text=f"{credit_words.figures(error.beyond)} {text}",
        tone="warn",
        action_label=_("Take %(seats)s instead") % values if fits else _("Look at what is open"),
        action_url=seat_urls.seats_url(standing, seats=fits) if fits else reverse("storefront:invoices"),
        second_label=_("Talk to a person"),
        second_url=seat_urls.talk_url(standing, wanted),
    )


@_of.register
def _waits(error: seats.WaitsForPayment, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("An earlier change waits for its payment"),
        text=_("Finish paying it, or drop it; then the next change can be made."),
        tone="warn",
        action_label=_("Look at it"),
        action_url=reverse("storefront:seat_change", args=[error.change.public_id]),
    )


@_of.register
def _too_many(error: seats.TooManyChanges, standing: Standing, wanted: int) -> Problem:
    values = {"when": words.moment(error.next_at), **_kept(standing)}
    return Problem(
        title=_("Those were many changes in a short time"),
        text=_("The next one can be made from %(when)s. You keep %(kept)s until then.") % values,
        tone="warn",
        status=429,
    )


@_of.register
def _ends(error: seats.EndsSoon, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("The subscription ends with this period"),
        text=_("Take the cancellation back first; then seats can be changed for the time after."),
        action_label=_("Look at the cancellation"),
        action_url=seat_urls.cancellation_url(standing),
    )


@_of.register
def _paused(error: seats.Paused, standing: Standing, wanted: int) -> Problem:
    if not standing.is_trial_over:
        return Problem(
            title=_("Your subscription is paused"),
            text=_("Everything is kept; nothing can be changed meanwhile. Go on first: what it costs is shown before."),
            action_label=_("See what going on costs"),
            action_url=seat_urls.resumption_url(standing),
        )
    return Problem(
        title=_("The trial is over"),
        text=_("Everything is kept and can be read. Go on first; then seats can be changed again."),
        tone="warn",
        action_label=_("See what going on costs"),
        action_url=seat_urls.resumption_url(standing),
    )


@_of.register
def _in_pilot(error: seats.InPilot, standing: Standing, wanted: int) -> Problem:
    plan = {"plan": standing.row.plan.name}
    return Problem(
        title=_("A pilot's seats are in its fee"),
        text=_("They are not bought one by one, and it ends by itself. For more people begin %(plan)s. Nothing was changed.")
        % plan,
        action_label=_("Go on with %(plan)s") % plan,
        action_url=conversion_url(standing),
        status=422,
    )


@_of.register
def _in_trial(error: seats.InTrial, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("In a trial seats change at once"),
        text=_("They cost nothing until it ends, so there is nothing to wait for. Choose the number you want from now on."),
        status=422,
    )


@_of.register
def _not_live(error: seats.NotLive, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("Seats can't be changed right now"),
        text=_("The subscription has ended. Nothing was changed."),
        tone="warn",
        action_label=_("See plans and prices"),
        action_url=reverse("storefront:pricing"),
    )


@_of.register
def _not_offered(error: addons.NotOffered, standing: Standing, wanted: int) -> Problem:
    text = _("It is not sold for your plan, or no longer. Nothing was changed.")
    return Problem(title=_("This add-on can't be had"), text=text, status=422)


@_of.register
def _no_such_move(error: plan_changes.NotOffered, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("This change takes a person"),
        text=_("It is not sold as a change of your plan here. Talk to us, we arrange it; nothing was changed."),
        action_label=_("Talk to a person"),
        action_url=seat_urls.talk_url(standing, wanted),
        status=422,
    )


@_of.register
def _committed(error: committed.Committed, standing: Standing, wanted: int) -> Problem:
    values = {"day": terms_words.last_day(error.until), "ends": words.day(error.ends_at)}
    text = _("You can cancel it for %(ends)s. If something has changed for you, talk to us.")
    return Problem(
        title=_("You agreed to stay until %(day)s") % values,
        text=text % values,
        tone="info",
        action_label=_("Talk to a person"),
        action_url=reverse("storefront:talk"),
        status=422,
    )


@_of.register
def _not_with_seats(error: plan_changes.NotWithSeats, standing: Standing, wanted: int) -> Problem:
    values = {
        "plan": error.plan.name,
        "least": words.number(error.plan.seats_min),
        "most": words.seats(error.plan.seats_max),
        "seats": words.seats(error.number),
    }
    return Problem(
        title=_("%(plan)s is sold with %(least)s to %(most)s") % values,
        text=_("You would have %(seats)s then. Change their number first; nothing was changed.") % values,
        action_label=_("Change seats"),
        action_url=seat_urls.seats_url(standing),
        status=422,
    )


@_of.register
def _conflicts(error: seats.Conflicts, standing: Standing, wanted: int) -> Problem:
    values = {"least": words.number(error.minimum), "most": words.seats(error.maximum)}
    values["day"] = words.day(error.change.effective_at)
    if error.change.kind == ScheduledKind.PLAN:
        title = _("Another plan is to begin on %(day)s") % values
        text = _("It is sold with %(least)s to %(most)s. Take it back first, under what happens next; nothing was changed.")
    else:
        title = _("Seats are to change on %(day)s") % values
        text = _("The plan is sold with %(least)s to %(most)s. Take that back first, under what happens next.")
    return Problem(
        title=title,
        text=text % values,
        tone="warn",
        action_label=_("See what happens next"),
        action_url=f"{seat_urls.seats_url(standing)}#next",
    )


@_of.register
def _years_conflict(error: plan_changes.YearsConflict, standing: Standing, wanted: int) -> Problem:
    values = {"day": words.day(error.change.effective_at)}
    return Problem(
        title=_("Something is to change on %(day)s already") % values,
        text=_("A year that begins today would push it out by a year. Take it back first, or let the year begin on %(day)s.")
        % values,
        tone="warn",
        action_label=_("See what happens next"),
        action_url=f"{seat_urls.seats_url(standing)}#next",
    )


@_of.register
def _not_held(error: addons.NotHeld, standing: Standing, wanted: int) -> Problem:
    return Problem(title=_("You do not have this add-on"), text=_("Nothing was changed."), status=422)


@_of.register
def _out_of_range(error: addons.OutOfRange, standing: Standing, wanted: int) -> Problem:
    values = {"least": words.number(error.minimum), "most": words.number(error.maximum)}
    title = _("%(least)s to %(most)s of it can be had now") % values
    text = _("What you have paid for stays until the period ends: give some back then. Nothing was changed.")
    return Problem(title=title, text=text, status=422)


def not_fewer(addon: str, had: int) -> Problem:
    """Fewer of an add-on than now is from none to one less."""
    values = {"most": words.number(had - 1), "addon": addon, "had": words.number(had)}
    title = _("Keep 0 to %(most)s of %(addon)s") % values if had > 1 else _("Keep none of %(addon)s, or all of it") % values
    text = _("You have %(had)s. Say a smaller number to keep from the period's end on. Nothing was changed.") % values
    return Problem(title=title, text=text, status=422)


@_of.register
def _leaves(error: addons.LeavesThen, standing: Standing, wanted: int) -> Problem:
    text = _("Take that back first, under what happens next; then more of it can be had.")
    return Problem(
        title=_("It is to be given back with this period"),
        text=text,
        action_label=_("See what happens next"),
        action_url=f"{seat_urls.seats_url(standing)}#next",
    )


@_of.register
def _below_minimum(error: seats.BelowMinimum, standing: Standing, wanted: int) -> Problem:
    plan = standing.row.plan
    values = {"plan": plan.name, "seats": words.seats(plan.seats_min)}
    title = _("%(plan)s starts at %(seats)s") % values
    return Problem(title=title, text=_("Fewer can't be had on this plan. Nothing was changed."), status=422)


@_of.register
def _nothing(error: seats.NothingChanges, standing: Standing, wanted: int) -> Problem:
    return Problem(title=_("You have that many already"), text=_("Nothing was changed."), status=422)


@_of.register
def _in_use(error: seats.BelowSeatsInUse, standing: Standing, wanted: int) -> Problem:
    values = {"count": words.number(error.missing)}
    if standing.trial_ends_at is not None or wanted >= standing.row.billed:
        count = ngettext("%(count)s more person has a seat", "%(count)s more people have a seat", error.missing)
        return Problem(
            title=count % values,
            text=_("Fewer seats count at once here: take seats back below, then choose the number. Nothing was changed."),
            tone="warn",
            action_label=_("See who has a seat"),
            action_url=f"{seat_urls.seats_url(standing)}#people",
            status=422,
        )
    return Problem(
        title=_("Choose who gives a seat back"),
        text=_("More people have a seat than would be left: choose %(count)s more. Nothing was changed yet.") % values,
        tone="warn",
        status=422,
    )


@_of.register
def _busy(error: commands.Busy, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("A change is being made"),
        text=_("It takes a few seconds. Nothing of yours was lost: look again when it is done."),
        tone="warn",
    )


@_of.register
def _unreachable(error: faults.Unreachable, standing: Standing, wanted: int) -> Problem:
    return Problem(
        title=_("Our payment service does not answer"),
        text=_("Nothing was charged and you keep %(kept)s. Try again in a minute.") % _kept(standing),
        tone="bad",
        status=503,
    )


def _kept(standing: Standing) -> dict[str, str]:
    return {"kept": words.seats(standing.quantity)}
