"""What reps are credited with: their own, and everybody's for who runs the floor; the same as a file."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config import clock
from offramps.desk_guard import FloorRequest, floor_only
from offramps.models import Rep
from offramps.queries import credit as queries
from offramps.queries import desk_access


@require_safe
@floor_only
def credit(request: FloorRequest) -> HttpResponse:
    """GET /desk/credit/?quarter=2026-Q4&rep=<id>"""
    quarter, rep = _asked(request)
    rows = queries.entries(quarter, rep)
    shown = list(rows[: queries.MOST_ROWS + 1])
    is_manager = desk_access.of(request).is_manager
    context = {
        "quarter": quarter,
        "quarters": queries.quarters(clock.now()),
        "rep": rep,
        "reps": Rep.objects.select_related("user").order_by("user__name", "pk") if is_manager else (),
        "totals": queries.totals(rows),
        "rows": shown[: queries.MOST_ROWS],
        "has_more": len(shown) > queries.MOST_ROWS,
    }
    return render(request, "offramps/credit.html", context)


@require_safe
@floor_only
def file(request: FloorRequest) -> HttpResponse:
    """GET /desk/credit/entries.csv?quarter=...&rep=..."""
    quarter, rep = _asked(request)
    response = HttpResponse("".join(queries.lines(queries.entries(quarter, rep))), content_type="text/csv; charset=utf-8")
    name = _("credit-%(quarter)s.csv") % {"quarter": quarter.code}
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: FloorRequest) -> tuple[queries.Quarter, Rep | None]:
    """The quarter, the present one if none is said; and whose: a rep's own, or whose a manager wants (None: everybody's)."""
    known = queries.quarters(clock.now())
    code = request.GET.get("quarter") or known[0].code
    quarter = next((one for one in known if one.code == code), None)
    if quarter is None:
        raise Http404
    if not desk_access.of(request).is_manager:
        return quarter, request.rep
    wanted = request.GET.get("rep")
    return quarter, get_object_or_404(Rep.objects.select_related("user"), public_id=wanted) if wanted else None
