"""A company of many customers on both sides, and differences planted behind everybody's back: no event tells of them."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts.models import Organization, Policy
from accounts.origin import Origin
from accounts.queries import policies as policies_read
from accounts.services import policies
from billing.models import (
    Customer,
    Invoice,
    LedgerKind,
    Price,
    ScheduledChange,
    SeatLedgerEntry,
    StripeCommand,
    Subscription,
)
from config import clock


@dataclass
class Plant:
    """One difference: how it will be named, and how it is taken out again."""

    kind: str
    subject: str
    undo: Callable[[], object]

    @property
    def key(self):
        return self.kind, self.subject


class Company:
    """`count` organizations with a subscription of 10 seats and a paid invoice each, the same here and at Stripe."""

    def __init__(self, shop, count):
        self.shop, self.waiting = shop, None
        self.now = clock.now().replace(microsecond=0)
        self.starts_at, self.ends_at = self.now - timedelta(days=10), self.now + timedelta(days=20)
        self.price = Price.objects.select_related("plan__line").get(
            plan__code="team", plan__line__code="fieldnote", interval="month", currency="usd", retired_at=None
        )
        self.other = Price.objects.get(
            plan__code="team", plan__line__code="fieldnote", interval="year", currency="usd", retired_at=None
        )
        self.organizations = self.customers_of("firm", count)
        self.subscriptions = self._subscribe(count)
        self.invoices = self._bill()

    # Both sides alike

    def customers_of(self, name, count):
        rows = Organization.objects.bulk_create(
            [
                Organization(name=f"{name} {n}", domain=f"{name}{n}.example", country="DE", region="eu", time_zone="UTC")
                for n in range(count)
            ]
        )
        Customer.objects.bulk_create([Customer(organization=row, stripe_id=f"cus_{name}{n}") for n, row in enumerate(rows)])
        self.bring(
            [{"object": "customer", "id": f"cus_{name}{n}", "created": self.epoch(self.starts_at)} for n in range(count)]
        )
        return rows

    def _subscribe(self, count):
        rows = Subscription.objects.bulk_create(
            [
                Subscription(
                    organization=self.organizations[n],
                    line=self.price.plan.line,
                    plan=self.price.plan,
                    price=self.price,
                    stripe_id=f"sub_firm{n}",
                    stripe_item_id=f"si_firm{n}",
                    status="active",
                    quantity=10,
                    currency="usd",
                    period_starts_at=self.starts_at,
                    period_ends_at=self.ends_at,
                    started_at=self.starts_at,
                )
                for n in range(count)
            ]
        )
        SeatLedgerEntry.objects.bulk_create(
            [
                SeatLedgerEntry(
                    subscription=row,
                    kind=LedgerKind.STARTED,
                    delta=10,
                    quantity_after=10,
                    mrr_delta_minor=0,
                    currency="usd",
                    source="page",
                    occurred_at=self.starts_at,
                )
                for row in rows
            ]
        )
        self.bring([self.stripes(f"firm{n}", f"cus_firm{n}") for n in range(count)])
        return rows

    def _bill(self):
        at = self.starts_at
        rows = Invoice.objects.bulk_create(
            [
                Invoice(
                    organization=row.organization,
                    subscription=row,
                    stripe_id=f"in_firm{n}",
                    number=f"F-{n}",
                    status="paid",
                    currency="usd",
                    subtotal_minor=19_000,
                    total_minor=19_000,
                    amount_due_minor=19_000,
                    amount_paid_minor=19_000,
                    amount_remaining_minor=0,
                    issued_at=at,
                    paid_at=at,
                    mirrored_at=at,
                )
                for n, row in enumerate(self.subscriptions)
            ]
        )
        amounts = {"total": 19_000, "subtotal": 19_000, "amount_due": 19_000, "amount_paid": 19_000, "amount_remaining": 0}
        self.bring(
            [
                {
                    "object": "invoice",
                    "id": f"in_firm{n}",
                    "customer": f"cus_firm{n}",
                    "created": self.epoch(at),
                    "currency": "usd",
                    "status": "paid",
                    "attempt_count": 0,
                    "number": f"F-{n}",
                    "starting_balance": 0,
                    "lines": [],
                    "status_transitions": {"finalized_at": self.epoch(at), "paid_at": self.epoch(at)},
                    "parent": {"type": "subscription_details", "subscription_details": {"subscription": f"sub_firm{n}"}},
                    **amounts,
                }
                for n in range(len(rows))
            ]
        )
        return rows

    def stripes(self, name, customer, *, quantity=10, price=None):
        """A subscription in Stripe's own shape."""
        item = {
            "id": f"si_{name}",
            "price": price or self.price.stripe_price_id,
            "quantity": quantity,
            "current_period_start": self.epoch(self.starts_at),
            "current_period_end": self.epoch(self.ends_at),
        }
        return {
            "object": "subscription",
            "id": f"sub_{name}",
            "customer": customer,
            "created": self.epoch(self.starts_at),
            "items": [item],
        }

    @staticmethod
    def epoch(at):
        return int(at.timestamp())

    # Behind Stripe's back

    def bring(self, objects):
        """Have Stripe hold these; inside `together`, at its end, in one call."""
        if self.waiting is None:
            self.shop.control("POST", "import", objects=objects)
        else:
            self.waiting += objects

    @contextlib.contextmanager
    def together(self):
        self.waiting = []
        yield
        objects, self.waiting = self.waiting, None
        self.bring(list({row["id"]: row for row in objects}.values()))

    def look(self, kind, identity):
        return self.shop.account.store.get(kind, identity)

    def change(self, kind, identity, **values):
        """Change fields at Stripe without an event; returns what takes it back."""
        before = self.look(kind, identity)
        self._write(kind, identity, {**before, **values})
        old = {name: before.get(name) for name in values}
        return lambda: self._write(kind, identity, {**self.look(kind, identity), **old})

    def change_item(self, identity, **values):
        row = self.look("subscription", identity)
        item = {**row["items"]["data"][0], **values}
        return self.change("subscription", identity, items={**row["items"], "data": [item]})

    def drop(self, kind, identity):
        before = self.look(kind, identity)
        self._write(kind, identity, None)
        return lambda: self._write(kind, identity, before)

    def _write(self, kind, identity, row):
        self.shop.account.write({kind: {identity: row}})

    # Kinds

    def quantity(self, n, quantity=12):
        return Plant("quantity", f"sub_firm{n}", self.change_item(f"sub_firm{n}", quantity=quantity))

    def price_of(self, n):
        return Plant("price", f"sub_firm{n}", self.change_item(f"sub_firm{n}", price=self.other.stripe_price_id))

    def unknown_price(self, n):
        if self.look("price", "price_special") is None:
            known = self.look("price", self.price.stripe_price_id)
            self._write("price", "price_special", {**known, "id": "price_special", "lookup_key": None})
        return Plant("unknown_price", f"sub_firm{n}", self.change_item(f"sub_firm{n}", price="price_special"))

    def currency(self, n):
        return Plant("currency", f"sub_firm{n}", self.change("subscription", f"sub_firm{n}", currency="eur"))

    def discount(self, n):
        coupon = {"object": "coupon", "id": "FRIENDS", "percent_off": 20, "duration": "forever"}
        identity = f"di_firm{n}"
        discount = {"object": "discount", "id": identity, "start": self.epoch(self.now)}
        discount |= {"source": {"type": "coupon", "coupon": "FRIENDS"}, "subscription": f"sub_firm{n}", "_coupon": coupon}
        self.bring([coupon, discount])
        return Plant("discount", f"sub_firm{n}", self.change("subscription", f"sub_firm{n}", discounts=[identity]))

    def tax(self, n):
        if n % 2:
            undo = self.change("subscription", f"sub_firm{n}", automatic_tax={"enabled": True, "liability": None})
            return Plant("tax", f"sub_firm{n}", undo)
        self.bring([{"object": "tax_rate", "id": "txr_19", "percentage": 19.0, "display_name": "VAT"}])
        return Plant("tax", f"sub_firm{n}", self.change("subscription", f"sub_firm{n}", default_tax_rates=["txr_19"]))

    def ending(self, n):
        """There on one side only: at Stripe for even ones, here for odd ones."""
        if n % 2:
            return Plant("ending", f"sub_firm{n}", self.schedule(n, kind="end").delete)
        at = self.epoch(self.ends_at)
        row = self.subscriptions[n]
        # The mirror has it, the scheduled change is missing: nothing is to be read again.
        Subscription.objects.filter(pk=row.pk).update(cancel_at=self.ends_at)
        undo = self.change("subscription", row.stripe_id, cancel_at_period_end=True, cancel_at=at)

        def take_back():
            undo()
            Subscription.objects.filter(pk=row.pk).update(cancel_at=None)

        return Plant("ending", row.stripe_id, take_back)

    def phases(self, n):
        """There on one side only: at Stripe for even ones, here for odd ones."""
        if n % 2:
            return Plant("phases", f"sub_firm{n}", self.schedule(n, delta=-2).delete)
        row = self.look("subscription", f"sub_firm{n}")
        starts, ends = self.epoch(self.starts_at), self.epoch(self.ends_at)
        phases = [_phase(row, 10, starts, ends), _phase(row, 7, ends, ends + 30 * 86_400)]
        schedule = {"object": "subscription_schedule", "id": f"sub_sched_firm{n}", "customer": row["customer"]}
        schedule |= {"subscription": row["id"], "status": "active", "phases": phases, "created": starts}
        self.bring([schedule])
        return Plant("phases", row["id"], self.change("subscription", row["id"], schedule=schedule["id"]))

    def schedule(self, n, kind="seats", delta=0):
        return ScheduledChange.objects.create(
            subscription=self.subscriptions[n],
            kind=kind,
            delta=delta,
            effective_at=self.ends_at,
            source="page",
            created_at=self.now,
        )

    def missing(self, n):
        return Plant("missing", f"sub_firm{n}", self.drop("subscription", f"sub_firm{n}"))

    def amount(self, n):
        return Plant("amount", f"in_firm{n}", self.change("invoice", f"in_firm{n}", amount_paid=15_000))

    def old_amount(self, n):
        """Of an invoice that was paid before what every night reads."""
        at = self.now - timedelta(days=50 + n % 7)
        Invoice.objects.filter(stripe_id=f"in_firm{n}").update(issued_at=at, paid_at=at)
        self.change("invoice", f"in_firm{n}", created=self.epoch(at))
        if not Policy.objects.exists():
            many = {"name": "billing.reconcile_past_nights", "value": 1, "reason": "A test's night reads all."}
            policies.put(**many, effective_at=self.now, origin=Origin.system(), at=self.now)
            policies_read.forget()
        return self.amount(n)

    def item(self, n):
        """A second item: at a price of the catalog for even ones, at one of nobody's for odd ones."""
        if self.look("price", "price_extra") is None:
            self._write("price", "price_extra", {**self.look("price", self.price.stripe_price_id), "id": "price_extra"})
        row = self.look("subscription", f"sub_firm{n}")
        first = row["items"]["data"][0]
        extra = {**first, "id": f"si_extra{n}", "price": "price_extra" if n % 2 else self.other.stripe_price_id, "quantity": 2}
        undo = self.change("subscription", row["id"], items={**row["items"], "data": [first, extra]})
        return Plant("item", row["id"], undo)

    def coupon(self, n):
        """On the customer itself, of the catalog or not."""
        coupon = {"object": "coupon", "id": "FAMILY", "percent_off": 30, "duration": "forever"}
        identity = f"di_customer{n}"
        discount = {"object": "discount", "id": identity, "start": self.epoch(self.now), "customer": f"cus_firm{n}"}
        self.bring([coupon, discount | {"source": {"type": "coupon", "coupon": "FAMILY"}, "_coupon": coupon}])
        return Plant("coupon", f"cus_firm{n}", self.change("customer", f"cus_firm{n}", discount=identity))

    def stranger(self, kind, name, customer):
        self.bring([self.stripes(name, customer, quantity=3)])
        return Plant(kind, f"sub_{name}", lambda: self.change("subscription", f"sub_{name}", status="canceled"))

    def command(self, n):
        at = datetime.now(UTC) - timedelta(hours=3)
        row = StripeCommand.objects.create(
            kind="seats.credit",
            target=f"credit:planted:{n}",
            organization=self.organizations[n],
            idempotency_key=f"planted:{n}",
            due_at=at,
            first_sent_at=at,
            source="page",
            created_at=self.now,
        )
        return Plant("command", f"command:{row.pk}", row.delete)


def _phase(row, quantity, starts, ends):
    item = {"price": row["items"]["data"][0]["price"], "quantity": quantity, "discounts": [], "metadata": {}, "tax_rates": []}
    return {
        "object": "subscription_schedule_phase",
        "items": [item],
        "start_date": starts,
        "end_date": ends,
        "proration_behavior": "none",
        "default_tax_rates": [],
        "discounts": [],
        "add_invoice_items": [],
    }
