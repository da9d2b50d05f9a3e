"""The SANDBOX bar: a demo's visitors move the time, and see what happens on the way."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import OrganizationRequest
from accounts.models import Journal
from billing.services import store_time
from config import words
from storefront.views import redirects

SPANS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@require_POST
@access.signed_in
def move(request: OrganizationRequest) -> HttpResponse:
    """POST /demo/clock/ {move: day, week, renewal, fail; next}: 404 anywhere but in a demo on the sandbox."""
    if not settings.DEMO or not store_time.is_movable():
        raise Http404
    wanted = request.POST.get("move", "")
    try:
        _move(request, wanted)
    except store_time.Busy:
        messages.warning(request, _("The time is being moved already. Look again in a moment."))
    except store_time.NoAnswer:
        messages.error(request, _("The sandbox does not answer. Nothing was moved."))
    return redirects.back(request, "storefront:home")


def _move(request: OrganizationRequest, wanted: str) -> None:
    organization = request.organization
    if wanted == "fail" and organization is not None:
        store_time.fail_next_payment(organization)
        messages.info(request, _("The next payment will be declined."))
    elif wanted == "renewal" and organization is not None:
        try:
            _say(request, store_time.to_renewal(organization))
        except ValueError:
            messages.info(request, _("There is no renewal to go to: no subscription is active."))
    elif wanted in SPANS:
        _say(request, store_time.advance(by=SPANS[wanted], organization=organization))


def _say(request: OrganizationRequest, moved: store_time.Moved) -> None:
    days = ngettext("%(count)s day passed", "%(count)s days passed", moved.days) % {"count": words.number(moved.days)}
    events = happened(moved.facts)
    if events:
        messages.success(request, f"{days}: {', '.join(events)}.")
    else:
        messages.info(request, _("%(days)s: nothing happened.") % {"days": days})


def happened(facts: Sequence[Journal]) -> list[str]:
    """What the journal says of a stretch of time, in a few words each."""
    said: list[str] = []
    for fact in facts:
        data = fact.data
        match fact.kind:
            case "billing.invoice.paid" if data.get("amount_minor"):
                said.append(_("%(amount)s paid") % {"amount": words.money(data["amount_minor"], data["currency"])})
            case "billing.invoice.payment_failed":
                said.append(_("payment of %(amount)s failed") % {"amount": words.money(data["amount_minor"], data["currency"])})
            case "billing.subscription.renewed":
                said.append(_("renewed with %(seats)s") % {"seats": words.seats(data["quantity"])})
            case "billing.seats.ended":
                said.append(_("subscription ended"))
    return said
