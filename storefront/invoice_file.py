"""An organization's invoices as a file for its books, in the reader's language, numbers and days as its spreadsheets read."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from babel import dates, numbers
from django.utils.translation import gettext as _

from accounts.models import Organization
from billing.models import Invoice, InvoiceStatus
from billing.queries import invoices
from billing.rules import money
from config import csv_rows, words
from config.csv_rows import Written


def lines(organization: Organization) -> Iterator[str]:
    """All invoices but drafts, the newest first. One query."""
    header = [
        *(_("Date"), _("Number"), _("State"), _("Net"), _("Tax"), _("Total"), _("Paid"), _("Open"), _("Came back")),
        *(_("Currency"), _("Paid on"), _("Due on"), _("Purchase order")),
    ]
    # Where the comma stands before decimals, a semicolon parts the cells: so do that country's spreadsheets.
    delimiter = ";" if numbers.get_decimal_symbol(words.locale()) == "," else ","
    return csv_rows.lines(header, (_row(row) for row in invoices.all_of(organization)), delimiter=delimiter)


def _row(row: Invoice) -> list[object]:
    places = money.exponent(row.currency)

    def said(amount_minor: int) -> Written:
        value = Decimal(amount_minor).scaleb(-places)
        return Written(numbers.format_decimal(value, format=f"0.{'0' * places}".rstrip("."), locale=words.locale()))

    came_back = row.refunded_minor + row.credited_minor
    left = 0 if row.status == InvoiceStatus.VOID else row.amount_remaining_minor  # Stripe leaves the amount on it
    amounts = (row.total_minor - row.tax_minor, row.tax_minor, row.total_minor, row.amount_paid_minor)
    return [
        *(_day(row.issued_at), row.number or row.stripe_id, _state(row)),
        *map(said, (*amounts, left, came_back)),
        *(row.currency.upper(), _day(row.paid_at), _day(row.due_at), row.purchase_order),
    ]


def _state(row: Invoice) -> str:
    """One that was made out anew is paid by its credit note: the other is the one that counts."""
    other: Invoice | None = getattr(row, "replaced_by", None)
    if other is not None:
        return _("Replaced by %(number)s") % {"number": other.number or other.stripe_id}
    return row.get_status_display()


def _day(value: datetime | None) -> Written | None:
    """In the organization's time zone: "23/11/2026", "23.11.2026"."""
    if value is None:
        return None
    return Written(dates.format_skeleton("yMd", words.day_of(value), locale=words.date_locale()))
