"""One unit of work on an account: an overlay of its objects, the time it happens at, and the events it causes."""

from typing import Any

from billing.sandbox import errors, objects
from billing.sandbox.holder import Holder
from billing.sandbox.state import Obj, Overlay, Rows, copy

# The events that follow from an object's coming, changing and going. Everything else is emitted by the verb that causes it.
EVENT_NAMES = {
    "product": "product",
    "price": "price",
    "coupon": "coupon",
    "promotion_code": "promotion_code",
    "customer": "customer",
    "tax_id": "customer.tax_id",
    "tax_rate": "tax_rate",
    "subscription": "customer.subscription",
    "subscription_schedule": "subscription_schedule",
    "invoice": "invoice",
    "invoiceitem": "invoiceitem",
    "payment_intent": "payment_intent",
    "setup_intent": "setup_intent",
    "payment_method": "payment_method",
    "mandate": "mandate",
    "charge": "charge",
    "refund": "refund",
    "credit_note": "credit_note",
    "customer_balance_transaction": "customer_balance_transaction",
}
WITHOUT_CREATED = {"payment_method", "mandate", "charge", "customer_balance_transaction"}
WITHOUT_UPDATED = {"payment_intent", "setup_intent", "charge", "invoiceitem", "customer_balance_transaction"}


class Transaction:
    """Work in progress. Nothing is seen by others before `commit`; an exception drops the whole."""

    def __init__(self, account: Holder, now: int, rows: Rows, *, preview: bool = False) -> None:
        self.account = account
        self.now = now
        self.rows = Overlay(rows)
        self.preview = preview
        self.on_test_clock = False
        self.events: list[tuple[str, Obj, Obj | None]] = []
        self.baselines: dict[tuple[str, str], Obj] = {}

    # Reading

    def get(self, kind: str, identity: str | None) -> Obj | None:
        return self.rows.get(kind, identity) if identity else None

    def need(self, kind: str, identity: str | None, param: str = "id") -> Obj:
        """The object, or Stripe's `resource_missing`."""
        row = self.get(kind, identity)
        if row is None:
            raise errors.missing(kind, identity or "", param)
        return row

    def find(self, kind: str, field: str, value: Any) -> list[Obj]:
        return self.rows.find(kind, field, value)

    def live_customer(self, identity: str | None, param: str = "customer") -> Obj:
        """The customer, unless deleted, or Stripe's `resource_missing`; the transaction follows its clock."""
        customer = self.need("customer", identity, param)
        if customer.get("deleted"):
            raise errors.missing("customer", identity or "", param)
        self.follow(identity)
        return customer

    # Writing

    def add(self, row: Obj, *, silent: bool = False) -> Obj:
        """Store a new object; its `created` event carries it as it is now."""
        kind = row["object"]
        self.rows.put(kind, row)
        if kind in EVENT_NAMES and not self.preview:
            self.baselines[(kind, row["id"])] = copy(row)
            if kind not in WITHOUT_CREATED and not silent:
                self.emit(f"{EVENT_NAMES[kind]}.created", row)
        return row

    def edit(self, kind: str, identity: str, param: str = "id") -> Obj:
        """The object for changing, or Stripe's `resource_missing`."""
        row = self.need(kind, identity, param)
        if not self.preview and (kind, identity) not in self.baselines:
            self.baselines[(kind, identity)] = copy(row)
        return self.rows.edit(kind, identity)

    def remove(self, kind: str, identity: str) -> Obj:
        row = self.need(kind, identity)
        self.rows.remove(kind, identity)
        self.baselines.pop((kind, identity), None)
        if kind in EVENT_NAMES:
            self.emit(f"{EVENT_NAMES[kind]}.deleted", row)
        return {"id": identity, "object": kind, "deleted": True}

    def emit(self, event: str, row: Obj, previous: Obj | None = None) -> None:
        """An event with the object as it is at this moment."""
        if not self.preview:
            self.events.append((event, copy(row), previous))

    # Nesting

    def child(self, *, preview: bool = False) -> "Transaction":
        """A transaction on top of this one: `absorb` it, or let it drop."""
        inner = Transaction(self.account, self.now, self.rows, preview=preview or self.preview)
        inner.baselines = dict(self.baselines)
        inner.on_test_clock = self.on_test_clock
        return inner

    def absorb(self, inner: "Transaction") -> None:
        self.rows.apply(inner.rows.changes)
        self.events += inner.events
        self.baselines = inner.baselines

    # Time

    def follow(self, customer: str | None) -> None:
        """Work at this customer's time: the test clock's, or the account's."""
        row = self.get("customer", customer)
        if row and row.get("test_clock"):
            self.now = self.need("test_helpers.test_clock", row["test_clock"])["frozen_time"]
            self.on_test_clock = True

    def new(self, kind: str, **fields: Any) -> Obj:
        return objects.new(kind, self.now, **fields)
