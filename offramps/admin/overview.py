"""The admin's first page: what somebody should look at today, counted, each number leading to its rows."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail
from billing.models import Difference, Dispute, Invoice, StripeCommand, StripeObject, Subscription, Terms
from billing.queries import budgets
from billing.rules.disputes import ANSWERABLE
from config import clock, words
from config.admin import columns
from offramps.models import HandRaise


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """UNFOLD's callback for the first page: a count each that this person may look at. Fourteen queries at most."""
    return {**context, "title": _("Overview"), "tiles": list(_tiles(request))}


def _tiles(request: HttpRequest) -> Iterator[dict[str, Any]]:
    for label, title, rows, filters, is_trouble in _counted():
        app, model = label.split(".")
        if request.user.has_perm(f"{app}.view_{model}"):
            count = rows.count()
            url = columns.listing(label, **filters)
            yield {"title": title, "count": words.number(count), "url": url, "is_bad": is_trouble and count > 0}
    if request.user.has_perm("billing.view_exceptionbudget"):
        yield _fullest()


def _fullest() -> dict[str, Any]:
    """The exception budget of which the largest part is used."""
    found, url = budgets.fullest(clock.now()), columns.listing("billing.exceptionbudget")
    if found is None:
        return {"title": _("Exceptions this quarter"), "count": words.number(0), "url": url, "is_bad": False}
    segment, standing = found
    values = {"share": words.percent(standing.share_bps), "ceiling": words.percent(standing.ceiling_bps)}
    return {
        "title": _("Exceptions, %(segment)s") % {"segment": segment},
        "count": _("%(share)s of %(ceiling)s") % values,
        "url": url,
        "is_bad": standing.share_bps >= standing.ceiling_bps,
    }


def _counted() -> list[tuple[str, str, QuerySet[Any], dict[str, Any], bool]]:
    """Model, title, the rows counted, the filters of the list that shows them, and whether any at all is trouble."""
    live, past_due = Subscription.objects.live(), Subscription.objects.filter(status="past_due")
    failed = Q(state="failed") | Q(state="open", attempts__gt=1)
    return [
        (
            "offramps.handraise",
            _("Hand-raises waiting"),
            HandRaise.objects.filter(state="open"),
            {"state__exact": "open"},
            True,
        ),
        ("billing.subscription", _("Live subscriptions"), live, {}, False),
        ("billing.subscription", _("Past due"), past_due, {"status__exact": "past_due"}, True),
        (
            *("billing.dispute", _("Disputes to answer")),
            *(Dispute.objects.filter(status__in=ANSWERABLE, answered_at=None), {"closed_at__isempty": "1"}, True),
        ),
        (
            *("billing.terms", _("Exceptions to decide")),
            *(Terms.objects.filter(state="proposed"), {"state__exact": "proposed"}, False),
        ),
        ("billing.invoice", _("Open invoices"), Invoice.objects.filter(status="open"), {"status__exact": "open"}, False),
        (
            "billing.stripecommand",
            _("Stripe commands in trouble"),
            StripeCommand.objects.filter(failed),
            {"trouble": "yes"},
            True,
        ),
        ("billing.difference", _("Differences to Stripe"), Difference.objects.open(), {"state__exact": "open"}, True),
        (
            *("billing.stripeobject", _("Stripe objects not read")),
            *(StripeObject.objects.filter(dirty__gt=F("cleaned")).exclude(error=""), {"trouble": "yes"}, True),
        ),
        (
            *("accounts.outgoingmail", _("Mails given up")),
            *(OutgoingMail.objects.filter(state="failed"), {"state__exact": "failed"}, True),
        ),
    ]
