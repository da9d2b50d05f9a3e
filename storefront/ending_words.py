"""What ending at once gives back and settles, as the receipt component and the page read it."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import catalog_words, grant_words, grants
from billing.queries.overview import Standing
from billing.rules.endings import OpenInvoices
from billing.services.leaving import endings
from billing.services.leaving.unused_time import Credit
from config import clock, words
from storefront import receipts


def url(standing: Standing) -> str:
    return f"{reverse('storefront:ending')}?{urlencode({'line': standing.row.line.code})}"


def features(standing: Standing) -> str:
    """What of the plan and its add-ons is gone then, by name: "Projects, Reports and Single sign-on". No query."""
    rows = grant_words.shown(grants.of([standing], clock.now())).rows
    included = _("included")
    named = [row.name if row.amount == included else f"{row.name} ({row.amount})" for row in rows]
    return catalog_words.listed(named) if named else ""


def receipt(credit: Credit, standing: Standing, *, title: str, stale: bool = False) -> receipts.Receipt:
    """What is given back of the period, tax included, and where it goes."""
    given = sum(line.amount_minor for line in credit.lines)
    left = max((line.ends_at for line in credit.lines), default=None)
    note = _("Paid until %(day)s") % {"day": words.day(left)} if left else ""
    lines: list[dict[str, Any]] = [{"label": _("Time paid for and not used"), "note": note, "amount_minor": given}]
    return {
        "title": title,
        "currency": credit.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": receipts.taxes(credit.taxes, credit.tax_minor),
        "total_minor": credit.credit_minor or credit.charge_minor,
        "total_label": _("Kept as your credit") if credit.credit_minor else _("Due now"),
        "stale": stale,
    }


def policy(offered: endings.Offer, standing: Standing) -> str:
    """The refund policy in a sentence, as it applies here."""
    if offered.credit.credit_minor:
        return _(
            "What you have paid for and not used is given back as credit, to the cent as shown. If you come back it is used "
            "first; if you would rather have it paid back, talk to us."
        )
    if standing.trial_ends_at is not None:
        return _("Nothing was charged for the trial, and nothing will be.")
    if standing.is_resting:
        return _("Nothing is charged any more. What was given back when it was paused stays your credit.")
    if offered.terms.invoices is not OpenInvoices.NONE:
        if standing.row.is_invoiced:
            return _("No more invoices come. What was paid before is not paid back.")
        return _("Nothing is charged any more. What was paid before is not paid back.")
    return _("What was paid for this period is not paid back.")


def invoices(offered: endings.Offer) -> str:
    """What becomes of the open ones, by number."""
    found = offered.invoices
    if not found:
        return ""
    values = {"numbers": catalog_words.listed([one.number or one.stripe_id for one in found])}
    if offered.terms.invoices is OpenInvoices.VOID:
        said = ngettext(
            "Invoice %(numbers)s is void: nobody has to pay it.",
            "Invoices %(numbers)s are void: nobody has to pay them.",
            len(found),
        )
    else:
        said = ngettext(
            "Invoice %(numbers)s is written off: it is not collected any more.",
            "Invoices %(numbers)s are written off: they are not collected any more.",
            len(found),
        )
    return said % values
