"""Seats of an invoice window in words: what is charged for them when, what it takes to pay, and what goes if nobody does."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import collecting_words
from billing.queries.overview import Standing
from billing.rules.collecting import How
from billing.rules.preview import Preview
from config import words
from storefront import invoice_words


def events(standing: Standing) -> list[dict[str, Any]]:
    """The event of the timeline component, if seats were added that are not charged yet."""
    window = standing.window
    if window is None:
        return []
    count = {"seats": words.seats(window.seats)}
    event = {"amount_minor": window.due_minor, "currency": window.currency}
    if window.release_at is not None:
        return [
            event
            | {
                "on": window.release_at,
                "title": ngettext("%(seats)s goes back, not paid", "%(seats)s go back, not paid", window.seats) % count,
                "detail": _("The charge did not go through. It is tried again each day; paid by then, they stay."),
                "kind": "bad",
                "action_url": pay_url(standing),
                "action_label": _("Pay them now"),
            }
        ]
    carried = invoice_words.carried(window.carried_minor, window.currency)
    said = _("One charge for all that is added until %(when)s. What you take back before then costs nothing.")
    title = ngettext("%(seats)s added: charged then", "%(seats)s added: charged then", window.seats)
    if standing.how == How.DEBIT:
        said = _("One debit for all that is added until %(when)s. What you take back before then costs nothing.")
        title = ngettext("%(seats)s added: debited then", "%(seats)s added: debited then", window.seats)
    return [
        event
        | {
            "on": window.closes_at,
            "title": title % count,
            "detail": " ".join([said % {"when": words.moment(window.closes_at)}, *([carried] if carried else [])]),
            "action_url": f"{reverse('storefront:seats')}?{urlencode(_back(standing, window.seats))}",
            "action_label": _("Take them back"),
        }
    ]


def _back(standing: Standing, seats: int) -> dict[str, Any]:
    return {"line": standing.row.line.code, "seats": standing.quantity - seats}


def pay_url(standing: Standing) -> str:
    """Where the seats that could not be charged are paid: the payment that waits, or a new price for them."""
    change = standing.change
    if change is not None and change.is_waiting and change.is_of_window:
        return reverse("storefront:seat_change", args=[change.public_id])
    query = {"line": standing.row.line.code, "seats": standing.quantity}
    return f"{reverse('storefront:seats')}?{urlencode(query)}"


def label(shown: Preview) -> str:
    """The button's: seats come or go, and nothing is charged by it."""
    gained = shown.quantity_after - shown.quantity_before
    values = {"seats": words.seats(abs(gained))}
    return (_("Add %(seats)s") if gained > 0 else _("Give %(seats)s back")) % values


def about_total(shown: Preview, standing: Standing) -> str:
    assert shown.charged_at is not None
    return collecting_words.charged_label(standing.how, words.moment(shown.charged_at))


def title(shown: Preview) -> str:
    """ "2 seats fewer, from today"."""
    lost = shown.quantity_before - shown.quantity_after
    return ngettext("%(count)s seat fewer, from today", "%(count)s seats fewer, from today", lost) % {
        "count": words.number(lost)
    }


def notes(shown: Preview) -> list[str]:
    """With what it is charged together, and that it can still be changed."""
    if shown.charged_at is None:
        if not shown.unbilled:
            return []
        said = _("Together with what was added before (%(seats)s).")
        return [said % {"seats": words.seats(shown.unbilled)}]
    if shown.quantity_after == shown.seats_billed:
        return [_("Nothing is charged: all that was added is taken back.")]
    all_of_them = shown.quantity_after - shown.seats_billed
    if all_of_them == shown.quantity_after - shown.quantity_before:
        return [_("Nothing is charged today. What you change until then counts: it is one charge.")]
    said = _("For %(seats)s added since. Nothing is charged today; what you change until then counts.")
    return [said % {"seats": words.seats(all_of_them)}]


def made(quantity: int, due_minor: int, currency: str, standing: Standing | None) -> str:
    """After it: "13 seats from now on. $12.40 on 24 Nov, 14:05, unless you change again."."""
    values = {"seats": words.seats(quantity)}
    if standing is None or standing.window is None:
        return _("%(seats)s from now on. Nothing is charged.") % values
    if standing.window.carried_minor:
        had = _("%(seats)s from now on.") % values
        return f"{had} {invoice_words.carried(standing.window.carried_minor, currency)}"
    values |= {"amount": words.money(due_minor, currency), "when": words.moment(standing.window.closes_at)}
    return _("%(seats)s from now on. %(amount)s on %(when)s, unless you change again.") % values
