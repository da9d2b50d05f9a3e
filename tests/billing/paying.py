"""Steps of a story that pay like a business: on invoice, by transfer, by a bank's debit, there and back."""

from datetime import timedelta

import requests

from billing.models import Collection, Invoice
from billing.queries import credit
from billing.rules import payment_terms
from billing.services.changes import seats
from billing.services.selling import cards, collecting, invoiced
from billing.services.tax import tax_details
from config import clock
from tests.billing import agreeing, on_terms

ROUTING = "110000000"
# What becomes of a debit, days later: by the account's number, of ACH in US dollars and of SEPA in euros.
BANKS = {
    "usd": {"pays": "000123456789", "lacks": "000222222227", "closed": "000111111113", "takes_back": "000555555559"},
    "eur": {
        "pays": "DE89370400440532013000",
        "lacks": "DE65370400440002222227",
        "closed": "DE62370400440532013001",
        "takes_back": "DE35370400440532013002",
    },
}
CARDS = {"pays": "4242424242424242", "fails_later": "4000000000000341"}
ADDRESS = {name: value for name, value in on_terms.ADDRESS.items() if name != "country"}


class Paying:
    """For a story with `organization`, `owner`, `row`, `shop` and `settle`."""

    def may_pay_later(self):
        """Whom invoices are made out to, and thirty days for them."""
        agreeing.rule("billing.payment_days", 30)
        agreeing.rule("billing.credit_limit", 5_000_000)
        tax_details.save(self.organization, ADDRESS, origin=self.shop.origin, at=clock.now())

    def collect(self, method):
        """By card or on invoice from now on."""
        collecting.switch(seats.current(self.organization), Collection(method), origin=self.shop.origin, at=clock.now())

    def limit(self, minor):
        """How much may be open, from now on."""
        agreeing.rule("billing.credit_limit", minor)

    def bank(self, what):
        """A bank account pays from now on: `what` becomes of its debits."""
        setup = cards.start_setup(self.organization, origin=self.shop.origin, at=clock.now())
        self.pay_by_debit(setup.result["url"], what)

    def card(self, what):
        setup = cards.start_setup(self.organization, origin=self.shop.origin, at=clock.now())
        self.shop.pay(setup.result["url"], CARDS[what])

    def transfer(self, percent):
        """So much of what is to be paid by transfer arrives at Stripe."""
        sent = Invoice.objects.filter(organization=self.organization, status="open").exclude(due_at=None)
        if missing := sum(sent.values_list("amount_remaining_minor", flat=True)):
            on_terms.transfer(self.row, missing * percent // 100)

    def due(self, minutes):
        """Until shortly before the next date by which something is to be paid, or after that day."""
        sent = Invoice.objects.filter(organization=self.organization, status="open", due_at__gt=clock.now())
        if (first := sent.order_by("due_at").first()) is not None:
            over_at = payment_terms.overdue_at(first.due_at, self.organization.time_zone)
            at = over_at if minutes > 0 else first.due_at
            # The clock only moves forward, and the store's may be a second behind Stripe's.
            if (until := at + timedelta(minutes=minutes)) > clock.now() + timedelta(seconds=2):
                self.shop.advance_to(until)

    def pay_by_debit(self, url, what):
        currency = self.currency
        form = {"action": "pay", "card_name": "Olive Owner", "country": "DE", "email": self.owner.email}
        if currency == "eur":
            method, form["iban"] = "sepa_debit", BANKS[currency][what]
        else:
            method, form["routing_number"], form["account_number"] = "us_bank_account", ROUTING, BANKS[currency][what]
        answer = requests.post(f"{url}?method={method}", data=form, allow_redirects=False, timeout=30)
        assert answer.status_code == 303, answer.text[-2000:]

    def buy_on_invoice(self, cart):
        at = clock.now()
        offered = invoiced.offer(cart, self.organization, at)
        said = {"cart": cart, "organization": self.organization, "origin": self.shop.origin, "at": at}
        return invoiced.start(**said, expected_minor=offered.total_minor)

    # What holds after each.

    def check_invoices(self):
        """Stripe and rows say the same of each; what is late is known to be, and what a bank is at work on is not late."""
        now = clock.now()
        rows = {row.stripe_id: row for row in Invoice.objects.filter(organization=self.organization)}
        for there in self.at_stripe("invoice"):
            row = rows.pop(there["id"])
            assert (row.status, row.total_minor) == (there["status"], there["total"])
            assert (row.amount_remaining_minor, row.amount_paid_minor) == (there["amount_remaining"], there["amount_paid"])
            assert (row.due_at and row.due_at.timestamp()) == there["due_date"]
            assert row.status in ("draft", "void") or row.subtotal_minor or row.total_minor or there["lines"]["data"]
            if row.status != "open" or not row.amount_remaining_minor:
                continue
            is_late = row.due_at and payment_terms.overdue_at(row.due_at, self.organization.time_zone) <= now
            assert not is_late or row.overdue_at, "its day has passed, and nobody says so"
            assert not row.overdue_at or row.due_at <= now
            assert not (row.debited_at and row.overdue_at) or row.due_at
            has_ladder = self.row.dunning_episodes.filter(closed_at=None, invoices__invoice=row).exists()
            assert not (row.overdue_at and self.is_live and row.subscription_id == self.row.pk) or has_ladder
        assert not rows

    def within_the_limit(self):
        """What is had before it is paid never goes beyond the credit by a change of the customer's own."""
        found = credit.of(self.organization, clock.now())
        assert found.used is not None
        assert found.used <= found.limit
