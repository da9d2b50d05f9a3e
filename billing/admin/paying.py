"""How an organization pays, on its own page: card, balance, time to pay on invoice, and what is open of how much may be."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin.shown import money
from billing.models import Customer, Subscription
from billing.queries import credit, payers, payment_terms
from billing.rules import debits
from config import clock, words
from config.admin import columns, pages


class PayingRow(pages.ReadOnlyRows):
    model = Customer
    fields = ("card", "balance", "payment_days", "open_invoices")
    readonly_fields = ("card", "balance", "payment_days", "open_invoices")
    related = ("organization",)
    verbose_name_plural = _("How it pays")
    tab = False

    @display(description=_("What pays"))
    def card(self, row: Customer) -> str:
        """What pays by default; where it is not the same for all, what pays each subscription, as the store says it."""
        live = self._found(row)[2]
        each = [(one.plan.name, _payer(payers.of(one), is_invoiced=one.is_invoiced)) for one in live]
        if len({said for _plan, said in each}) < 2:
            return each[0][1] if each else _payer(row)
        return ", ".join(f"{plan}: {said}" for plan, said in each)

    @display(description=_("Balance"))
    def balance(self, row: Customer) -> str:
        return money(row.balance_minor, row.balance_currency)

    def _found(self, row: Customer) -> tuple[int, credit.Credit, list[Subscription]]:
        """Days, credit and what is had, read once for a row: the page asks each column for its text six times."""
        kept = vars(row)
        if "found" not in kept:
            at = clock.now()
            rows = Subscription.objects.live().filter(organization=row.organization).order_by("line_id", "pk")
            live = list(rows.select_related("plan", "organization__customer"))
            kept["found"] = payment_terms.days(row.organization, at), credit.of(row.organization, at), live
        found: tuple[int, credit.Credit, list[Subscription]] = kept["found"]
        return found

    @display(description=_("On invoice"))
    def payment_days(self, row: Customer) -> str:
        days = self._found(row)[0]
        return _now("due after %(days)s days") % {"days": words.number(days)} if days else _now("not agreed")

    @display(description=_("Open, of how much may be"))
    def open_invoices(self, row: Customer) -> SafeString | str:
        found = self._found(row)[1]
        if found.used is None or found.open_minor is None or found.limit_minor is None:
            return columns.badge(_now("in a currency without a rate"), "bad")
        used, limit = money(found.open_minor, found.currency), money(found.limit_minor, found.currency)
        said = _now("%(used)s of %(limit)s") % {"used": used, "limit": limit}
        return columns.badge(said, "bad") if found.used > found.limit else said


def _payer(row: Customer | None, *, is_invoiced: bool = False) -> str:
    """ "Visa •••• 4242", "SEPA Direct Debit •••• 3000", "on invoice"; "-": nothing is on file."""
    if is_invoiced:
        return _now("on invoice")
    if row is not None and row.card_last4:
        return f"{row.card_brand.title()} •••• {row.card_last4}"
    if row is None or not row.bank_last4:
        return "-"
    bank = row.bank_name or (_now("SEPA Direct Debit") if row.method_kind == debits.SEPA else _now("US bank account"))
    return f"{bank} •••• {row.bank_last4}"


pages.hang(PayingRow, Organization)
