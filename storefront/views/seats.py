"""The seats: how many, who has one, what a change costs, what was changed before."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import SeatRequest
from accounts.queries import seat_requests as seat_requests_read
from accounts.services import seat_requests
from billing.models import ChangeState, SeatChange
from billing.queries import overview, unseated
from billing.queries import seats as queries
from billing.queries.overview import Standing
from billing.rules import pricing
from billing.services import commands, faults
from billing.services.changes import scheduled, seats
from config import clock, switches, words
from config.switches import Feature
from storefront import addon_words, invoice_words, seat_offers, seat_problems, seat_urls, timelines, window_words
from storefront.forms.seats import ChoiceForm, LaterForm, NowForm
from storefront.seat_offers import NOW, RENEWAL, Answer
from storefront.views import redirects


@require_safe
@access.require(Permission.VIEW_BILLING)
def page(request: OrganizationRequest) -> HttpResponse:
    """GET /seats/?line=&seats=&when=&q=&page=&before=: the page; with `seats` that number's price, without scripts too."""
    standing = overview.standing(request.organization, _line(request.GET))
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    return render(request, "storefront/seats/page.html", _context(request, standing, _asked(request, standing)))


@require_safe
@access.require(Permission.VIEW_BILLING)
def preview(request: OrganizationRequest) -> HttpResponse:
    """GET /seats/preview/?line=&seats=&when=: the answer to a number, as a fragment."""
    if not request.htmx:
        return redirect(f"/seats/?{request.GET.urlencode()}")
    standing = overview.standing(request.organization, _line(request.GET))
    if standing is None or not standing.row.is_live:
        return HttpResponse(status=204)
    answer = _asked(request, standing)
    return render(request, "storefront/seats/_answer.html", {"standing": standing, "answer": answer})


@require_POST
@access.require(Permission.CHANGE_SEATS)
def changes(request: OrganizationRequest) -> HttpResponse:
    """POST /seats/changes/: confirm a price {token, member...}, or set seats for the next period.

    That is {seats, when=renewal, release...}. `member` are those who get the new seats, `release` the seats that end.
    """
    standing = overview.standing(request.organization, _line(request.POST))
    if standing is None or not standing.row.is_live:
        messages.error(request, _("There is no active subscription. Nothing was changed."))
        return redirects.see("/seats/")
    return _later(request, standing) if request.POST.get("when") == RENEWAL else _now(request, standing)


def _now(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    form = NowForm(request.POST)
    if not form.is_valid() and form.errors.keys() != {"invite"}:
        return redirects.see(seat_urls.seats_url(standing))
    at, members, wanted = clock.now(), _numbers(request.POST.getlist("member")), form.cleaned_data["seats"]
    emails = form.cleaned_data.get("invite", []) if switches.has(Feature.INVITATIONS) else []
    problem = _people_problem(form, standing, wanted, len(members) + len(emails))
    if problem is not None:
        answer = seat_offers.answer(standing, wanted=wanted or standing.quantity, when=NOW, at=at)
        return _render(request, standing, answer, problem)
    token, origin = form.cleaned_data["token"], access.origin(request)
    try:
        change = seats.confirm(standing.row, token=token, origin=origin, at=at, assign_to=members, invite=emails)
    except seats.Stale as error:
        return _stale(request, error)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        return _refused(request, standing, error)
    if change.state != ChangeState.DONE:
        return redirects.see(f"/seats/changes/{change.public_id}/")
    said = _made(change) if change.window_id is None else _gathered(request, change)
    messages.success(request, " ".join([said, *_invited(standing, emails)]))
    return redirects.see(seat_urls.seats_url(standing))


def _people_problem(form: NowForm, standing: Standing, wanted: int | None, count: int) -> seat_problems.Problem | None:
    """What is wrong with whom the seats are for."""
    if "invite" in form.errors:
        return seat_problems.no_addresses(str(form.errors["invite"][0]))
    room = standing.free + (wanted or 0) - standing.quantity
    return seat_problems.too_many_people(room) if wanted and count > room >= 0 else None


def _invited(standing: Standing, emails: list[str]) -> list[str]:
    """How many of the addresses were invited; those who are members or were invited before were not."""
    if not emails:
        return []
    count = unseated.invited(standing.row, emails)
    said = [ngettext("%(count)s person was invited.", "%(count)s people were invited.", count) % {"count": words.number(count)}]
    if count < len(emails):
        said.append(_("The others are here already, or were invited before."))
    return said


def _gathered(request: OrganizationRequest, change: SeatChange) -> str:
    """Had at once, and charged with what else comes."""
    now = overview.standing(request.organization, change.subscription.line.code)
    return window_words.made(change.quantity_after, change.due_now_minor, change.currency, now)


def _made(change: SeatChange) -> str:
    """What was paid; in a trial, what the first charge has become."""
    values = {"seats": words.seats(change.quantity_after), "amount": words.money(change.due_now_minor, change.currency)}
    charge = change.preview.get("first_charge")
    if charge:
        values["amount"] = words.money(charge["due_minor"], change.currency)
        values["day"] = words.day(datetime.fromtimestamp(charge["at"], UTC))
        return _("%(seats)s from now on, free until %(day)s. Then %(amount)s.") % values
    if said := invoice_words.made(change):
        had = _("%(seats)s from now on.") % values
        return f"{had} {said}"
    said = _("%(seats)s from now on. %(amount)s paid.") if change.due_now_minor else _("%(seats)s from now on.")
    return f"{said % values} {invoice_words.carried(change.carried_minor, change.currency)}".strip()


def _later(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    form = LaterForm(request.POST)
    if not form.is_valid():
        return redirects.see(seat_urls.seats_url(standing))
    wanted = form.cleaned_data["seats"]
    try:
        change = scheduled.change_seats(
            standing.row,
            seats_after=wanted,
            releases=_numbers(request.POST.getlist("release")),
            origin=access.origin(request),
            at=clock.now(),
            reason=form.cleaned_data["reason"],
        )
    except (seats.SeatsError, commands.Busy) as error:
        return _refused(request, standing, error, wanted=wanted)
    said = _("%(seats)s from %(day)s. You can take it back until then.")
    messages.success(request, said % {"seats": words.seats(wanted), "day": words.day(change.effective_at)})
    return redirects.see(seat_urls.seats_url(standing))


def _stale(request: OrganizationRequest, error: seats.Stale) -> HttpResponse:
    """The fresh price instead, with the reason; nothing was charged."""
    standing = overview.standing(request.organization, _line(request.POST))
    if standing is None or not standing.row.is_live:
        return redirects.see("/seats/")
    answer = (
        seat_offers.of_offer(standing, error.fresh, at=clock.now(), stale=True)
        if error.fresh
        else Answer(seats=standing.quantity, when=NOW)
    )
    return _render(request, standing, answer, seat_problems.stale())


def _refused(request: OrganizationRequest, standing: Standing, error: Exception, *, wanted: int | None = None) -> HttpResponse:
    problem = seat_problems.of(standing, error, wanted or standing.quantity)
    answer = Answer(seats=wanted or standing.quantity, when=RENEWAL if wanted else NOW)
    if isinstance(error, seats.BelowSeatsInUse):
        answer = seat_offers.answer(standing, wanted=answer.seats, when=RENEWAL, at=clock.now())
    return _render(request, standing, answer, problem)


def _render(request: OrganizationRequest, standing: Standing, answer: Answer, problem: seat_problems.Problem) -> HttpResponse:
    values = _context(request, standing, answer) | {"problem": problem}
    values["typed"] = request.POST.get("invite", "")
    values["chosen"] = frozenset(_numbers([*request.POST.getlist("release"), *request.POST.getlist("member")]))
    return render(request, "storefront/seats/page.html", values, status=problem.status)


def _asked(request: OrganizationRequest, standing: Standing) -> Answer:
    """The answer to the number in the address; to no number, or none that makes sense, the present one."""
    form = ChoiceForm(request.GET)
    if not form.is_valid():
        return Answer(seats=standing.quantity, when=NOW)
    said = form.cleaned_data
    return seat_offers.answer(standing, wanted=said["seats"], when=said["when"], at=clock.now())


def _context(request: OrganizationRequest, standing: Standing, answer: Answer) -> dict[str, Any]:
    """Three queries besides the standing."""
    at = clock.now()
    plan = standing.row.plan
    before = _numbers([request.GET.get("before", "")])
    return {
        "standing": standing,
        "answer": answer,
        "addons": addon_words.rows(standing),
        "events": timelines.coming(standing, at),
        "people": queries.people(
            standing.row, at=at, query=request.GET.get("q", "").strip()[:100], page=_page(request.GET.get("page", ""))
        ),
        "ledger": queries.ledger(standing.row, before=before[0] if before else None),
        "is_older": bool(before),
        "stops": list(pricing.break_seats(standing.rate.tiers, standing.seats_max)),
        "least": plan.seats_min,
        "most": max(standing.seats_max, standing.quantity),
        "whens": _whens(standing),
        # Whom a request for a seat is about comes with the number (storefront.views.asking).
        "chosen": frozenset(_numbers(request.GET.getlist("member"))),
        "asking": _asking(request, standing, at),
        "talk_url": seat_urls.talk_url(standing, answer.seats),
    }


def _whens(standing: Standing) -> list[dict[str, str]]:
    """From when on seats can be changed: in a trial at once alone."""
    if standing.trial_ends_at is not None:
        return []
    return [
        {"value": NOW, "label": _("Now")},
        {"value": RENEWAL, "label": _("From %(day)s") % {"day": words.day(standing.row.period_ends_at)}},
    ]


def _asking(request: OrganizationRequest, standing: Standing, at: datetime) -> list[tuple[SeatRequest, str]]:
    """Members who ask for a seat, each with the token of the page that answers. No query while nobody asks."""
    if not standing.is_asked:
        return []
    return [(row, seat_requests.token(row)) for row in seat_requests_read.waiting(request.organization, at)]


def _line(said: QueryDict) -> str:
    return said.get("line", "")[:40]


def _numbers(texts: Iterable[str]) -> list[int]:
    """The whole numbers among what a form sent."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 16]


def _page(text: str) -> int:
    found = _numbers([text])
    return min(max(found[0], 1), 1_000) if found else 1
