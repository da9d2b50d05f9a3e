"""Invoices that are paid later in words: until when, and where to by bank transfer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import SeatChange
from billing.queries.overview import Standing
from billing.rules import payment_terms
from billing.rules.preview import Preview
from config import words
from storefront import overdue_words


def labels() -> dict[str, str]:
    """Of each field of a bank account, what one's bank calls it (billing.rules.payment_terms.FIELDS)."""
    return {
        "account_holder_name": _("Account holder"),
        "iban": _("IBAN"),
        "bic": _("BIC"),
        "account_number": _("Account number"),
        "sort_code": _("Sort code"),
        "routing_number": _("Routing number"),
        "swift_code": _("SWIFT code"),
        "clabe": _("CLABE"),
        "bank_name": _("Bank"),
        "branch_name": _("Branch"),
    }


def account(told: Mapping[str, str], number: str = "") -> list[dict[str, str]]:
    """The account for transfers as the component of definitions takes it; with `number` what to name in the transfer."""
    named = labels()
    fields = payment_terms.FIELDS.get(told.get("kind", ""), ())
    found = [{"label": named[name], "value": _grouped(name, told[name])} for name in fields if told.get(name)]
    return [*found, {"label": _("Reference"), "value": number}] if found and number else found


def _grouped(name: str, value: str) -> str:
    """An IBAN in groups of four, as it is printed."""
    return " ".join(value[place : place + 4] for place in range(0, len(value), 4)) if name == "iban" else value


def facts(
    *, number: str, purchase_order: str, issued_at: datetime, due_at: datetime, told: Mapping[str, str]
) -> list[dict[str, str]]:
    """A sent invoice for a mail."""
    return [
        {"label": _("Invoice"), "value": number},
        *([{"label": _("Your purchase order"), "value": purchase_order}] if purchase_order else []),
        {"label": _("Date"), "value": words.day(issued_at)},
        {"label": _("Due"), "value": words.day(due_at)},
        *account(told, number),
    ]


def overdue_facts(invoices: Sequence[Mapping[str, Any]], currency: str, told: Mapping[str, str]) -> list[dict[str, str]]:
    """Several that are overdue, for a mail: each with its amount and day, then the account for transfers."""
    due = _("%(amount)s, was due on %(day)s")
    each = []
    for one in invoices:
        values = {
            "amount": words.money(one["amount_minor"], currency),
            "day": words.day(one["due_at"]) if one["due_at"] else "",
        }
        each.append({"label": one["number"], "value": due % values if one["due_at"] else values["amount"]})
    return [*each, *account(told, ", ".join(one["number"] for one in invoices))]


def terms(days: int) -> str:
    """ "30 days": how long there is to pay."""
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": words.number(days)}


def about_total(shown: Preview) -> str:
    """Beside the sum of a receipt: "Invoiced today, due on 23 December"."""
    assert shown.payable_at is not None
    return _("Invoiced, due on %(day)s") % {"day": words.day(shown.payable_at)}


def notes(shown: Preview) -> list[str]:
    """Under the sum of a receipt."""
    if shown.payable_at is None or not shown.due_now_minor:
        return []
    said = _("On an invoice due on %(day)s, by transfer or card. Nothing is charged today.")
    return [said % {"day": words.day(shown.payable_at)}]


def is_invoiced(shown: Preview) -> bool:
    """Whether what is due goes on an invoice."""
    return shown.payable_at is not None and shown.due_now_minor > 0


def made(change: SeatChange) -> str:
    """After a change: what its invoice comes to, and by when it is to be paid; empty where there is none."""
    if change.payable_at is None or not change.due_now_minor:
        return ""
    values = {"amount": words.money(change.due_now_minor, change.currency), "day": words.day(change.payable_at)}
    return _("%(amount)s on an invoice due on %(day)s.") % values


def open_ones(standing: Standing) -> list[str]:
    """All that is open of a subscription that is paid on invoice: what is overdue, and what is due, and when."""
    found = [overdue_words.said(standing.overdue)] if standing.overdue else []
    for one in standing.sent:
        if one.due_at is not None:
            values = {"amount": words.money(one.remaining_minor, one.currency), "when": words.on_day_away(one.due_at)}
            found.append(_("%(amount)s is due %(when)s.") % values)
    return found or [_("Nothing is open.")]


def carried(minor: int, currency: str) -> str:
    """What happens to a charge that is too small for a card; empty where there is none."""
    if not minor:
        return ""
    said = _("%(amount)s is below the smallest amount a card can be charged: it is carried to your next invoice.")
    return said % {"amount": words.money(minor, currency)}


def events(standing: Standing) -> list[dict[str, Any]]:
    """Sent invoices that are not due yet, as events of the timeline component."""
    return [
        {
            "on": invoice.due_at,
            "title": _("Invoice %(number)s is due") % {"number": invoice.number},
            "detail": _("By bank transfer, or by card on its page."),
            "amount_minor": invoice.remaining_minor,
            "currency": invoice.currency,
            "action_url": reverse("storefront:invoice_hosted", args=[invoice.stripe_id]),
            "action_label": _("See and pay it"),
        }
        for invoice in standing.sent
        if invoice.due_at is not None
    ]
