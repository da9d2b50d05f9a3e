"""Another plan or interval: what there is, what it costs to the cent, having it now or from the period's end on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import ChangeState, Interval, Price, SeatChange
from billing.queries import overview
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import committed, plan_changes, seats
from config import clock, words
from storefront import addon_words, agreement_words, invoice_words, plan_receipts, plan_words, seat_problems, seat_urls
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def plan(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/plan/?line=: the plans. With plan= and interval= what one costs, now or from the period's end on.

    A year instead of months can be had at either: when=later is the period's end.

    POST {token} has it now; POST {plan, interval, action=later} from the period's end on.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    code, interval = said.get("plan", "")[:40], _interval(standing, said.get("interval", ""))
    if request.method != "POST":
        return _answer(request, standing, code, interval) if code else _choose(request, standing, interval)
    return _later(request, standing, code, interval) if said.get("action") == "later" else _confirm(request, standing)


def _interval(standing: Standing, said: str) -> str:
    return said if said in Interval.values else standing.row.price.interval


def _choose(
    request: OrganizationRequest,
    standing: Standing,
    interval: str,
    *,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    labels = {"month": _("Monthly"), "year": _("Yearly")}
    if problem is None and standing.row.status == "paused":
        problem = seat_problems.of(standing, seats.Paused(), standing.quantity)
    options = [
        {"label": labels[value], "url": plan_words.url(standing, interval=value), "current": value == interval}
        for value in Interval.values
    ]
    values = {
        "standing": standing,
        "problem": problem,
        "intervals": options,
        "choices": plan_words.choices(standing, interval),
        "lead": plan_words.lead(standing),
        "seats_url": seat_urls.seats_url(standing),
        "agreement": agreement_words.rows(standing),
    }
    return render(request, "storefront/plan/page.html", values, status=status)


def _answer(request: OrganizationRequest, standing: Standing, code: str, interval: str) -> HttpResponse:
    row = standing.row
    later = request.GET.get("when") == "later"
    try:
        price = plan_changes.price_for(row, code, interval)
        if plan_changes.is_now(row, price) and not (later and plan_changes.becomes_a_year(row, price)):
            offered = plan_changes.offer(row, plan=code, interval=interval, quantity=None, at=clock.now())
            return _render(request, standing, price, offered=offered)
        plan_changes.check_shown(row, price)
    except plan_changes.YearsConflict as error:
        return _render(request, standing, price, problem=seat_problems.of(standing, error, standing.quantity))
    except (seats.SeatsError, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _choose(request, standing, interval, problem=problem)
    return _render(request, standing, price)


def _confirm(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    token, origin = request.POST.get("token", ""), access.origin(request)
    try:
        change = plan_changes.confirm(standing.row, token=token, origin=origin, at=clock.now())
    except seats.Stale as error:
        problem = seat_problems.stale()
        price = plan_changes.price_of(error.fresh) if error.fresh else None
        if price is None:
            return _choose(request, standing, standing.row.price.interval, problem=problem, status=409)
        return _render(request, standing, price, offered=error.fresh, problem=problem, status=409)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _choose(request, standing, standing.row.price.interval, problem=problem, status=problem.status)
    if change.state != ChangeState.DONE or change.price_after is None:
        return redirects.see(f"/seats/changes/{change.public_id}/")
    messages.success(request, _made(change, standing))
    return redirects.back(request, "storefront:home")


def _made(change: SeatChange, standing: Standing) -> str:
    assert change.price_after is not None
    values = {"plan": change.price_after.plan.name, "amount": words.money(change.due_now_minor, change.currency)}
    if said := invoice_words.made(change):
        had = _("You have %(plan)s now.") % values
        return f"{had} {said}"
    said = _("You have %(plan)s now. %(amount)s paid.") if change.due_now_minor else _("You have %(plan)s now.")
    if change.due_now_minor and change.price_after.interval != standing.row.price.interval:
        said = _("You have %(plan)s for a year now. %(amount)s paid.")
    return f"{said % values} {invoice_words.carried(change.carried_minor, change.currency)}".strip()


def _later(request: OrganizationRequest, standing: Standing, code: str, interval: str) -> HttpResponse:
    """From the period's end on. Free to take back until then."""
    origin = access.origin(request)
    try:
        change = plan_changes.schedule_for(standing.row, plan=code, interval=interval, origin=origin, at=clock.now())
    except (seats.SeatsError, commands.Busy) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _choose(request, standing, interval, problem=problem, status=problem.status)
    assert change.price_after is not None
    values = {"plan": change.price_after.plan.name, "day": words.day(change.effective_at)}
    messages.success(request, _("%(plan)s from %(day)s. You can take it back until then.") % values)
    return redirects.back(request, "storefront:home")


def _render(
    request: OrganizationRequest,
    standing: Standing,
    price: Price,
    *,
    offered: seats.Offer | None = None,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    stale = status == 409
    term = committed.plan_waits(standing.row, price) if standing.commitment and offered is None else None
    receipt = (
        plan_receipts.of_now(offered.preview, standing, price, stale=stale)
        if offered
        else plan_receipts.of_later(price, standing, term)
    )
    left = plan_changes.left_behind(standing.row, price)
    choice = next(one for one in plan_words.choices(standing, price.interval) if one.code == price.plan.code)
    values = {
        "standing": standing,
        "problem": problem,
        "choice": choice,
        "interval": price.interval,
        "token": offered.token if offered else "",
        "receipt": receipt,
        "label": _label(offered, price, standing) if offered else _later_label(price, standing, term),
        "left": [addon_words.of_code(standing, code) for code in left],
        "plans_url": plan_words.url(standing, interval=price.interval),
        "other": plan_words.other_start(standing, price, now=offered is not None) if problem is None else None,
    }
    return render(request, "storefront/plan/price.html", values, status=status)


def _later_label(price: Price, standing: Standing, term: committed.Term | None) -> str:
    at = term.ends_at if term else standing.row.period_ends_at
    return _("Change to %(plan)s on %(day)s") % {"plan": price.plan.name, "day": words.day(at)}


def _label(offered: seats.Offer, price: Price, standing: Standing) -> str:
    shown = offered.preview
    values = {"plan": price.plan.name, "amount": words.money(shown.due_now_minor, shown.currency)}
    if invoice_words.is_invoiced(shown):
        return _("Change to %(plan)s on invoice") % values
    if shown.due_now_minor and plan_changes.becomes_a_year(standing.row, price):
        return _("Pay %(amount)s for a year of %(plan)s") % values
    return (_("Pay %(amount)s and change to %(plan)s") if shown.due_now_minor else _("Change to %(plan)s")) % values
