"""Invoices that are sent to be paid by a date: told when they are made, reminded of before it, overdue after it.

No card is tried, so no failed charge says that one is not paid: the date does, once its day is over where the customer is. It
is the one door by which such an invoice comes to the ladder of missing payments, whoever looks first: a word of Stripe's, or
the sweep that asks to look once the day is over. Source: docs/decisions/paying-by-invoice.md.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import Segment
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import billing_contacts, journal, links, outbox
from billing.models import Customer, Invoice, InvoiceStatus
from billing.rules import payment_terms
from billing.rules.stripe_events import Kind
from billing.services import inbox, notices
from billing.services.books import dunning
from config import clock, pulse

BATCH: Final = 200

# Those to be reminded of, by the days of their customer's segment; each is claimed by one worker.
REMIND: Final = """
WITH policy AS MATERIALIZED (
    SELECT segment, days FROM unnest(%(segments)s::text[], %(days)s::int[]) AS p (segment, days)
)
UPDATE billing_invoice SET reminded_at = %(now)s WHERE id IN (
    SELECT i.id FROM billing_invoice i
    LEFT JOIN accounts_organizationprofile o ON o.organization_id = i.organization_id
    JOIN policy p ON p.segment = COALESCE(o.segment, '')
    WHERE i.status = 'open' AND i.due_at IS NOT NULL AND i.overdue_at IS NULL AND i.reminded_at IS NULL
    AND i.amount_remaining_minor > 0 AND p.days > 0
    AND i.due_at > %(now)s AND i.due_at <= %(now)s + make_interval(days => p.days)
    AND i.due_at <= %(now)s + make_interval(days => %(most)s)
    ORDER BY i.due_at LIMIT %(batch)s FOR NO KEY UPDATE OF i SKIP LOCKED)
RETURNING id
"""
# When an invoice's day is over where its customer is, as billing.rules.payment_terms.overdue_at has it.
_OVER: Final = """
CROSS JOIN LATERAL (SELECT CASE WHEN g.time_zone = ANY(%(zones)s) THEN g.time_zone ELSE 'UTC' END AS name) zone
CROSS JOIN LATERAL (SELECT ((i.due_at AT TIME ZONE zone.name)::date + 1)::timestamp AT TIME ZONE zone.name AS at) over
"""
# Those whose day is over, and of whom Stripe has not been asked since.
_ASK: Final = """
SELECT i.stripe_id FROM billing_invoice i
JOIN accounts_organization g ON g.id = i.organization_id
LEFT JOIN billing_stripeobject o ON o.key = i.stripe_id {over}
WHERE i.status = 'open' AND i.due_at <= %(now)s AND i.overdue_at IS NULL AND i.amount_remaining_minor > 0
AND over.at <= %(now)s AND i.mirrored_at < over.at AND (o.key IS NULL OR o.dirty = o.cleaned)
ORDER BY i.due_at LIMIT %(batch)s
"""
# When the next day is over: looked for among those that are due first, from the day before on.
_NEXT: Final = """
SELECT min(over.at) FROM (
    SELECT due_at, organization_id FROM billing_invoice
    WHERE status = 'open' AND due_at > %(now)s - interval '25 hours' AND overdue_at IS NULL
    ORDER BY due_at LIMIT %(batch)s) i
JOIN accounts_organization g ON g.id = i.organization_id {over}
WHERE over.at > %(now)s
"""
ASK: Final = _ASK.format(over=_OVER)
NEXT: Final = _NEXT.format(over=_OVER)


def follow(row: Invoice, *, at: datetime, is_new: bool) -> None:
    """What Stripe says of an open one (just mirrored): new, or overdue. Each is said once."""
    if row.amount_remaining_minor <= 0:
        return
    if row.overdue_at is None and row.due_at is not None and _is_over(row, row.due_at, at):
        row.overdue_at = at
        row.save(update_fields=["overdue_at"])
        tell("billing.invoice.overdue", row, at)
        if dunning.failed(row, at=at) is None:  # of what nobody has any more the ladder says nothing
            write("invoice_overdue", row, at=at)
    elif is_new:
        tell("billing.invoice.sent", row, at)
        if row.replaces_id is None:
            write("invoice_sent", row, at=at)


def _is_over(row: Invoice, due_at: datetime, at: datetime) -> bool:
    """Whether the day on which it is due is over where the customer is."""
    return due_at <= at and payment_terms.overdue_at(due_at, row.organization.time_zone) <= at


def replaced(row: Invoice, *, at: datetime) -> None:
    """It was made out anew: the mail that names both, and what is still to be paid."""
    assert row.replaces is not None
    write("invoice_replaced", row, at=at, replaced=row.replaces.number, is_paid=row.status == InvoiceStatus.PAID)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_invoice
    WHERE status = 'open' AND due_at IS NOT NULL AND overdue_at IS NULL AND issued_at <= %(at)s)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share, on store time."""
    at = clock.now()
    return pulse.Drained(handled=remind(at) + ask(at))


def next_due_at() -> datetime | None:
    """When the next of them is overdue, or to be reminded of, in store time."""
    at = clock.now()
    days = _reminder_days(at)
    rows = Invoice.objects.filter(status=InvoiceStatus.OPEN, due_at__gt=at, overdue_at=None).order_by("due_at")
    with connection.cursor() as cursor:
        cursor.execute(NEXT, _values(at, BATCH))
        over = cursor.fetchone()[0]
    spans = [timedelta(days=number) for number in set(days.values()) if number]
    later = [rows.filter(reminded_at=None, due_at__gt=at + span).values_list("due_at", flat=True).first() for span in spans]
    found = [over, *(one - span for one, span in zip(later, spans, strict=True) if one is not None)]
    return min((one for one in found if one is not None), default=None)


def remind(at: datetime, *, batch: int = BATCH) -> int:
    """Say of what is due soon that it is. Returns of how many; any number of workers may."""
    days = _reminder_days(at)
    values: dict[str, Any] = {
        "now": at,
        "batch": batch,
        "segments": list(days),
        "days": list(days.values()),
        "most": max(days.values()),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(REMIND, values)
            ids = [row[0] for row in cursor.fetchall()]
        for row in Invoice.objects.filter(pk__in=ids).select_related("organization").order_by("pk"):
            write("invoice_due", row, at=at)
    return len(ids)


def ask(at: datetime, *, batch: int = BATCH) -> int:
    """Have those looked at whose day is over: Stripe's event came before, or not at all. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(ASK, _values(at, batch))
        keys = [row[0] for row in cursor.fetchall()]
    for key in keys:
        inbox.touch(Kind.INVOICE, key)
    return len(keys)


def _values(at: datetime, batch: int) -> dict[str, Any]:
    return {"now": at, "batch": batch, "zones": sorted(available_timezones())}


def _reminder_days(at: datetime) -> dict[str, int]:
    return {one: policies.value("billing.invoice_reminder_days", at, one or None) for one in ("", *Segment.values)}


# --- What is said of them -----------------------------------------------------------------------------------------------


def pay_url(invoice_id: int) -> str:
    """Where one is paid without an account: its link leads on to Stripe's page of the invoice, at the address of the day."""
    return f"{settings.STORE_URL}{reverse('storefront:open_invoice', args=[links.token(links.OPEN_INVOICE, invoice_id)])}"


def of_token(text: str) -> int | None:
    """The id of the invoice that a link is about."""
    ids = links.read(links.OPEN_INVOICE, text)
    return ids[0] if ids and len(ids) == 1 else None


def said(row: Invoice) -> dict[str, Any]:
    """What each of these mails says: number, purchase order, amount, date, the account for transfers, the way to pay."""
    customer = Customer.objects.filter(organization=row.organization_id).first()
    return {
        "organization": row.organization.name,
        "number": row.number,
        "purchase_order": row.purchase_order,
        "amount_minor": row.amount_remaining_minor,
        "currency": row.currency,
        "issued_at": row.issued_at,
        "due_at": row.due_at,
        "account": bank_account(customer, row.currency),
        "pay_url": pay_url(row.pk),
    }


def bank_account(customer: Customer | None, currency: str) -> dict[str, str]:
    """The account for transfers in a currency, as billing.rules.payment_terms.account has it; empty: there is none."""
    held = customer.bank_account if customer is not None else {}
    return {name: value for name, value in held.items() if name != "currency"} if held.get("currency") == currency else {}


def write(kind: str, row: Invoice, *, at: datetime, **more: Any) -> None:
    """The mail `billing/<kind>` to those who decide about money, and to the billing contacts. Once an invoice."""
    context = said(row) | more
    mail: dict[str, Any] = {"kind": f"billing/{kind}", "subject_row": f"{kind}:{row.pk}", "organization": row.organization}
    for person in notices.deciders(row.organization):
        outbox.write(to=person, context=context, at=at, **mail)
    for contact in billing_contacts.verified(row.organization):
        own = {**context, "contact_url": billing_contacts.url(contact)}
        outbox.write(to=contact.email, context=own, locale=contact.locale, at=at, **mail)


def tell(kind: str, row: Invoice, at: datetime) -> None:
    """A fact about it."""
    data = {
        "invoice": row.pk,
        "number": row.number,
        "amount_minor": row.amount_remaining_minor,
        "currency": row.currency,
        "payable_at": row.due_at,
    }
    journal.append(kind=kind, organization=row.organization, at=at, origin=Origin.stripe(), data=data)
