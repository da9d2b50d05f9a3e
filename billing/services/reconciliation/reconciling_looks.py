"""One page of Stripe's held against ours: what is there to repair, to report, and to leave alone for now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing import gateway
from billing.models import Customer, StripeCommand, Subscription
from billing.queries import differences, tax
from billing.rules import purchase_orders, reconciling
from billing.rules.stripe_events import Kind
from billing.services.mirroring import mirror
from billing.services.reconciliation import reconciling_reading
from billing.services.reconciliation.reconciling_rows import Sighting


@dataclass
class Look:
    """`stale` is to be read again; `held` are subjects in motion, of which nothing can be said now."""

    compared: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    stale: list[tuple[Kind, str]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def take(self, known: differences.Known, verdict: reconciling.Verdict) -> None:
        """Note the verdict on a subscription of ours."""
        self.sightings += [Sighting(found, known.row.organization, known.row) for found in verdict.found]
        if verdict.is_stale:
            self.stale.append((Kind.SUBSCRIPTION, known.row.stripe_id))


def subscriptions(rows: Sequence[reconciling.Theirs], *, asked_at: datetime) -> Look:
    """Thirteen queries at most, whatever the page. `asked_at`: store time before Stripe was asked."""
    look = Look(compared=len(rows))
    known = differences.subscriptions([row.stripe_id for row in rows], since=asked_at)
    standard = differences.standard({price for row in rows for price in row.prices})
    for row in rows:
        one = known.get(row.stripe_id)
        if one is None:
            continue
        if one.is_moving:
            look.held.append(row.stripe_id)
        else:
            look.take(one, reconciling.compare(one.ours, row, standard))
    _strangers(look, [row for row in rows if row.is_live and row.stripe_id not in known])
    return look


def _strangers(look: Look, rows: Sequence[reconciling.Theirs]) -> None:
    """Live subscriptions that only Stripe knows."""
    if not rows:
        return
    customers = differences.customers({row.customer for row in rows})
    organizations = [customer.organization for customer in customers.values()]
    lines, taken = differences.lines_of({row.price for row in rows}), differences.live_lines(organizations)
    busy = differences.commanded({row.stripe_id for row in rows}) | differences.dirty({row.stripe_id for row in rows})
    for row in rows:
        customer = customers.get(row.customer)
        if row.stripe_id in busy:
            look.held.append(row.stripe_id)
            continue
        has_live_one = customer is not None and (customer.organization_id, lines.get(row.price, 0)) in taken
        verdict = reconciling.stranger(row, is_our_customer=customer is not None, has_live_one=has_live_one)
        organization = customer.organization if customer else None
        look.sightings += [Sighting(found, organization) for found in verdict.found]
    # It may have been bought just now, or long ago without our hearing of it: the payment page knows.
    look.stale += [(Kind.SESSION, key) for key in differences.open_sessions(organizations)]


def missing(rows: Sequence[Subscription], *, asked_at: datetime) -> Look:
    """Live rows of ours that Stripe did not list: each is asked for by its id. One that is there after all is compared."""
    look = Look(compared=len(rows))
    there = {row.stripe_id: reconciling_reading.subscription(row.stripe_id) for row in rows}
    known = differences.known(rows, since=asked_at)
    standard = differences.standard({price for row in there.values() if row for price in row.prices})
    for stripe_id, one in known.items():
        row = there[stripe_id]
        if one.is_moving:
            look.held.append(stripe_id)
        elif row is None:
            look.sightings.append(Sighting(reconciling.missing(one.ours), one.row.organization, one.row))
        else:
            look.take(one, reconciling.compare(one.ours, row, standard))
    return look


def invoices(rows: Sequence[gateway.Invoice]) -> Look:
    """Invoices of our customers; those of others are none of ours. Three queries."""
    customers = differences.customers({mirror.stripe_id(row.customer) for row in rows})
    mine = [reconciling_reading.bill(row) for row in rows if mirror.stripe_id(row.customer) in customers]
    look = Look(compared=len(mine))
    ids = [bill.stripe_id for bill in mine]
    known, dirty = differences.bills(ids), differences.dirty(ids)
    for bill in mine:
        if bill.stripe_id in dirty:
            look.held.append(bill.stripe_id)
            continue
        row, ours = known.get(bill.stripe_id, (None, None))
        verdict = reconciling.compare_bills(ours, bill)
        if verdict.is_stale:
            look.stale.append((Kind.INVOICE, bill.stripe_id))
        look.sightings += [
            Sighting(found, row.organization, row.subscription, row) for found in verdict.found if row is not None
        ]
    return look


def customers(rows: Sequence[gateway.Customer]) -> Look:
    """Customers are only mirrored: balance, card and purchase order are read again where they differ.

    A coupon on one is a difference.
    """
    known = differences.customers({row.id for row in rows})
    mine = [row for row in rows if row.id in known]
    look = Look(compared=len(mine))
    for row in mine:
        verdict = reconciling.coupon_of_customer(row.id, reconciling_reading.coupon(row))
        look.sightings += [Sighting(found, known[row.id].organization) for found in verdict.found]
    look.stale += [
        (Kind.CUSTOMER, row.id) for row in mine if not getattr(row, "deleted", False) and _differs(known[row.id], row)
    ]
    return look


def _differs(ours: Customer, theirs: gateway.Customer) -> bool:
    settings = theirs.invoice_settings
    method = settings.default_payment_method if settings else None
    card = getattr(method, "card", None)
    shown = (card.last4, card.exp_month, card.exp_year) if card is not None else ("", None, None)
    mine = ours.balance_minor, ours.payment_method_id, ours.card_last4, ours.card_exp_month, ours.card_exp_year
    order = purchase_orders.read(settings.custom_fields if settings else None)
    is_order = order == tax.purchase_order(ours.organization)
    return mine != (theirs.balance or 0, mirror.stripe_id(method), *shown) or not is_order


def commands(rows: Sequence[StripeCommand]) -> Look:
    """Commands that have been under way for too long."""
    look = Look(compared=len(rows))
    for row in rows:
        about = (
            Subscription.objects.filter(pk=row.target.removeprefix(differences.TARGET)).first() if _is_about_one(row) else None
        )
        ours = {"command": row.kind, "target": row.target, "created_at": row.created_at.isoformat()}
        found = reconciling.Found(reconciling.Kind.COMMAND, f"command:{row.pk}", ours, dict.fromkeys(ours))
        look.sightings.append(Sighting(found, row.organization, about))
    return look


def _is_about_one(row: StripeCommand) -> bool:
    return row.target.startswith(differences.TARGET) and row.target.removeprefix(differences.TARGET).isdigit()
