"""`{% load rows %}`: the rows of the two long tables, people with their seats and invoices.

Twenty rows through the template engine take longer than all the rest of their page; a row's words and addresses are the same
in each. So the words are looked up once a page, and a row is one formatted text. Everything that goes into one is escaped.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.template import Context
from django.urls import get_urlconf, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from billing.models import InvoiceStatus
from billing.queries import promotion_words
from billing.queries.invoices import Line, Listed
from billing.queries.seats import Person
from billing.rules.pricing import TierShare
from config import words
from storefront import addon_words, tier_words
from storefront.templatetags import store

register = template.Library()
NONE = "\N{EN DASH}"
PLACE = "0place0"  # stands in an address for an invoice's id

INVOICE = """
<tr>
  <th scope="row" class="nowrap">{day}</th>
  <td data-label="{For}"><div>{what}</div></td>
  <td data-label="{Number}" class="num soft"><div>{number}{order}</div></td>
  <td data-label="{State}"><div>{state}</div></td>
  <td data-label="{Amount}" data-numeric><div><strong>{amount}</strong>{tax}{refund}</div></td>
  <td data-actions>
    {action}
    <a class="button" data-size="small" data-kind="quiet" href="{pdf}" aria-label="{download}">{icon}PDF</a>
  </td>
</tr>"""
VIEW = """<a class="button" data-size="small" data-kind="{kind}" href="{hosted}" target="_blank" rel="noopener"\
 aria-label="{label}: {look} {new_tab}">{label}{out}</a>"""
FINISH = """<a class="button" data-size="small" data-kind="primary" href="{url}" aria-label="{label}: {look}">{label}</a>"""
PERSON = """
<tr>
  <th scope="row">{person}</th>
  <td data-label="{Seat}">{state}</td>
  <td data-actions>{action}</td>
</tr>"""
ACTION = """
<form method="post" action="{url}"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">\
<input type="hidden" name="line" value="{line}"><input type="hidden" name="next" value="{back}#people">\
<button class="button" type="submit" name="{name}" value="{value}"{kind} data-size="small" aria-label="{aria}">\
{label}</button></form>
"""
SMALL = '<span class="invoices__period">{}</span>'


# --- Invoices ---------------------------------------------------------------------------------------------------------


@register.simple_tag
def invoice_rows(invoices: Iterable[Listed]) -> SafeString:
    said = {
        "For": escape(_("For")),
        "Number": escape(_("Number")),
        "State": escape(_("State")),
        "Amount": escape(_("Amount")),
        "icon": store.icon("download"),
    }
    action, download = _actions(), _("Invoice %(number)s as PDF")
    made = [
        INVOICE.format(
            day=store.day(invoice.issued_at),
            what=_what(invoice),
            number=escape(invoice.number or NONE),
            order=_order(invoice),
            state=_state(invoice),
            amount=escape(words.money(invoice.total_minor, invoice.currency)),
            tax=_tax(invoice),
            refund=_refund(invoice),
            action=action(invoice),
            pdf=_address("storefront:invoice_pdf", invoice.stripe_id),
            download=escape(download % {"number": invoice.number}),
            **said,
        )
        for invoice in invoices
    ]
    return mark_safe("".join(made))  # noqa: S308 - every part is escaped above


def _order(invoice: Listed) -> str:
    """Below the number: the purchase order, what replaces what, and the way to correct one that is open."""
    said: list[str] = [escape(invoice.purchase_order)] if invoice.purchase_order else []
    if invoice.replaces:
        said.append(escape(_("replaces %(number)s") % {"number": invoice.replaces}))
    if invoice.replaced_by:
        said.append(escape(_("replaced by %(number)s") % {"number": invoice.replaced_by}))
    elif invoice.is_replaceable:
        url = _address("storefront:invoice_correction", invoice.stripe_id)
        text, look = escape(_("Something wrong on it?")), escape(invoice.number)
        said.append(f'<a href="{url}">{text}<span class="visually-hidden"> {look}</span></a>')
    return "".join(SMALL.format(one) for one in said)


def _actions() -> Callable[[Listed], str]:
    """What can be done with an invoice: pay it or look at it at Stripe, or go to the change that waits for it."""
    view, pay, look = escape(_("View")), escape(_("Pay")), _("Invoice %(number)s")
    finish, new_tab, out = escape(_("Finish paying")), escape(_("(opens in a new tab)")), store.icon("arrow-up-right")

    def action(invoice: Listed) -> str:
        named = escape(look % {"number": invoice.number})
        if invoice.waits:
            url = reverse("storefront:seat_change", args=[invoice.waits.public_id])
            return FINISH.format(url=url, label=finish, look=named)
        kind, label = ("primary", pay) if invoice.is_due else ("quiet", view)
        hosted = _address("storefront:invoice_hosted", invoice.stripe_id)
        return VIEW.format(kind=kind, hosted=hosted, label=label, look=named, new_tab=new_tab, out=out)

    return action


@register.simple_tag
def invoice_status(invoice: Listed, *, always: bool = False) -> SafeString:
    """An invoice's status as a badge; paid ones need none in a short list."""
    if invoice.is_debited:
        return store.badge(_("Being debited"))
    if invoice.is_due:
        return (
            store.badge(_("Overdue"), "bad") if invoice.is_overdue else store.badge(_("Open"), "" if invoice.due_at else "warn")
        )
    if invoice.status == InvoiceStatus.VOID:
        return store.badge(_("Void"))
    if invoice.status == InvoiceStatus.UNCOLLECTIBLE:
        return store.badge(_("Written off"))
    if invoice.dispute and (invoice.dispute.is_open or invoice.dispute.is_lost):
        lost = invoice.dispute.is_lost
        return store.badge(_("Money taken back") if lost else _("Disputed"), "bad" if lost else "warn")
    return _paid_status(invoice, always=always)


def _paid_status(invoice: Listed, *, always: bool) -> SafeString:
    if invoice.replaced_by:
        return store.badge(_("Replaced"))
    if invoice.carried_minor:
        return store.badge(_("Carried over"))
    if invoice.refunded_minor + invoice.credited_minor:
        is_whole = invoice.refunded_minor + invoice.credited_minor >= invoice.total_minor
        return store.badge(_("Refunded") if is_whole else _("Partly refunded"))
    return store.badge(_("Paid"), "good") if always else SafeString()


def _what(invoice: Listed) -> str:
    line = invoice.main
    if line is None:
        return ""
    period = SMALL.format(escape(words.period(line.starts_at, line.ends_at)))
    return escape(_label(line, invoice.quantity)) + period + _tiers(invoice, line) + _addons(invoice) + _reductions(invoice)


def _label(line: Line, quantity: int) -> str:
    """Seats, or an add-on; nothing where neither is counted."""
    if not quantity:
        return ""
    return addon_words.counted(line.addon, quantity) if line.addon else words.seats(quantity)


def _addons(invoice: Listed) -> str:
    """Each add-on, and what it costs."""
    said = (
        f"{_label(line, line.quantity or 1)}: {words.money(line.amount_minor, invoice.currency)}" for line in invoice.beside
    )
    return "".join(SMALL.format(escape(one)) for one in said)


def _tiers(invoice: Listed, line: Line) -> str:
    """What each graduated tier has of it."""
    said = (tier_words.row(TierShare(**share), invoice.currency) for share in line.tiers)
    return "".join(SMALL.format(escape(row)) for row in said)


def _reductions(invoice: Listed) -> str:
    """Each discount by name, and what it took off; those that prorations have worked in by name."""
    said = []
    for one in promotion_words.taken(invoice.discounts):
        name = promotion_words.name(one["name"], one["code"]) if one["name"] else _("Discount")
        said.append(SMALL.format(escape(f"{name}: {words.money(-one['amount_minor'], invoice.currency)}")))
    if any(line.is_proration for line in invoice.lines):
        after = promotion_words.after(promotion_words.worked_in(invoice.discounts))
        said += [SMALL.format(escape(after))] if after else []
    return "".join(said)


def _state(invoice: Listed) -> str:
    again = SMALL.format(escape(_("too small for a card: on your next invoice"))) if invoice.carried_minor else ""
    if invoice.waits:
        text = _("waits for your payment until %(when)s")
        if not invoice.waits.is_declined:
            text = _("waits for your bank until %(when)s")
        again = SMALL.format(escape(text) % {"when": store.moment(invoice.waits.expires_at)})
    elif invoice.is_due and invoice.due_at:
        said = _("was due %(when)s") if invoice.is_overdue else _("due %(when)s")
        again = SMALL.format(escape(said) % {"when": store.day_away(invoice.due_at)})
    elif invoice.is_debited and invoice.debit_arrives_on:
        again = SMALL.format(escape(_("arrives %(when)s")) % {"when": store.on_day(invoice.debit_arrives_on)})
    elif invoice.is_due and invoice.next_attempt_at:
        again = SMALL.format(escape(_("tried again %(when)s")) % {"when": store.on_day(invoice.next_attempt_at)})
    elif invoice.dispute and invoice.dispute.is_lost:
        amount = words.money(invoice.dispute.amount_minor, invoice.currency)
        again = SMALL.format(escape(_("Taken back by your bank: %(amount)s") % {"amount": amount}))
    elif invoice.dispute and invoice.dispute.is_open:
        again = SMALL.format(escape(_("your bank decides")))
    return invoice_status(invoice, always=True) + again


def _tax(invoice: Listed) -> str:
    """What of the amount is tax, or that it is for the customer to account for."""
    if invoice.is_reverse:
        return SMALL.format(escape(_("reverse charge")))
    if not invoice.tax_minor:
        return ""
    return SMALL.format(escape(_("with %(tax)s tax") % {"tax": words.money(invoice.tax_minor, invoice.currency)}))


def _refund(invoice: Listed) -> str:
    """What came back, as a link to the credit notes."""
    came_back = invoice.refunded_minor + invoice.credited_minor
    if not came_back and not invoice.replaced_by:
        return ""
    said = escape(_("%(amount)s came back") % {"amount": words.money(came_back, invoice.currency)})
    if invoice.replaced_by:
        said = escape(_("Credit note"))
    return SMALL.format(f'<a href="{_address("storefront:credit_notes", invoice.stripe_id)}">{said}</a>')


def _address(name: str, stripe_id: str) -> str:
    return _pattern(name, get_urlconf()).replace(PLACE, quote(stripe_id, safe=""))


@lru_cache(maxsize=8)
def _pattern(name: str, urlconf: str | None) -> str:
    return reverse(name, args=[PLACE], urlconf=urlconf)


# --- People -----------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def seat_rows(
    context: Context,
    people: Iterable[Person],
    line: str,
    until: datetime,
    is_fixed: bool = False,  # noqa: FBT001, FBT002 - in templates
) -> SafeString:
    """People with and without a seat; `until` is when the seats end that are to be given back. `is_fixed`: to look at only."""
    common = {
        "url": reverse("storefront:seat_assignments"),
        "token": escape(context["csrf_token"]),
        "line": escape(line),
        "back": escape(context["request"].get_full_path()),
    }
    seat, take, give = escape(_("Seat")), escape(_("Take seat back")), escape(_("Give a seat"))
    made = []
    for person in people:
        face = store.person(person.name, "" if person.is_invited else person.email, "small")
        action = ""
        if is_fixed:
            pass
        elif person.seat_id:
            aria = escape(_("Take the seat back from %(name)s") % {"name": person.name})
            quiet = ' data-kind="quiet"'
            action = ACTION.format(name="unassign", value=person.seat_id, kind=quiet, aria=aria, label=take, **common)
        elif not person.is_invited:
            aria = escape(_("Give a seat to %(name)s") % {"name": person.name})
            action = ACTION.format(name="assign", value=person.id, kind="", aria=aria, label=give, **common)
        made.append(PERSON.format(person=face, Seat=seat, state=_seat(person, until), action=action))
    return mark_safe("".join(made))  # noqa: S308 - every part is escaped above


def _seat(person: Person, until: datetime) -> Any:
    if person.leaves:
        return store.badge(_("until %(day)s") % {"day": words.day(until)}, "warn")
    if person.seat_id and person.is_invited:
        return store.badge(_("invited, seat held"), "accent")
    if person.seat_id:
        since = escape(_("since %(day)s")) % {"day": store.day(person.assigned_at)}
        return f'<span class="small soft">{since}</span>'
    return store.badge(_("invited, no seat") if person.is_invited else _("no seat"))
