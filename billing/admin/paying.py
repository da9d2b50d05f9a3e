"""How an organization pays, on its own page: card, balance, time to pay on invoice, and what is open of how much may be."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin.shown import money
from billing.models import Customer
from billing.queries import credit, payment_terms
from config import clock, words
from config.admin import columns, pages


class PayingRow(pages.ReadOnlyRows):
    model = Customer
    fields = ("card", "balance", "payment_days", "open_invoices")
    readonly_fields = ("card", "balance", "payment_days", "open_invoices")
    related = ("organization",)
    verbose_name_plural = _("How it pays")
    tab = False

    @display(description=_("Card"))
    def card(self, row: Customer) -> str:
        return f"{row.card_brand} {row.card_last4}" if row.card_last4 else "-"

    @display(description=_("Balance"))
    def balance(self, row: Customer) -> str:
        return money(row.balance_minor, row.balance_currency)

    def _found(self, row: Customer) -> tuple[int, credit.Credit]:
        """Days and credit, read once for a row: the page asks each column for its text six times."""
        kept = vars(row)
        if "found" not in kept:
            at = clock.now()
            kept["found"] = payment_terms.days(row.organization, at), credit.of(row.organization, at)
        found: tuple[int, credit.Credit] = kept["found"]
        return found

    @display(description=_("On invoice"))
    def payment_days(self, row: Customer) -> str:
        days = self._found(row)[0]
        return _now("due after %(days)s days") % {"days": words.number(days)} if days else _now("not agreed")

    @display(description=_("Open, of how much may be"))
    def open_invoices(self, row: Customer) -> SafeString | str:
        found = self._found(row)[1]
        if found.used is None:
            return columns.badge(_now("in a currency without a rate"), "bad")
        said = _now("%(used)s of %(limit)s") % {"used": money(found.used, "usd"), "limit": money(found.limit, "usd")}
        return columns.badge(said, "bad") if found.used > found.limit else said


pages.hang(PayingRow, Organization)
