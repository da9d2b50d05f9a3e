"""Taking over what Stripe says: into the ledger with source `stripe`, by the person who decided it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.origin import Origin, Source
from accounts.services import journal
from billing.models import (
    CancelReason,
    Customer,
    Difference,
    LedgerKind,
    Price,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    Subscription,
    SubscriptionStatus,
)
from billing.rules import reconciling
from billing.rules.stripe_events import Kind
from billing.services import inbox, notices, people
from billing.services.books import ledger, projection


class CannotDecide(Exception):
    """The decision was not taken; the message says what is in its way, for the person who clicked."""


@dataclass(frozen=True)
class By:
    """Who decided, when and why."""

    origin: Origin
    at: datetime
    reason: str

    @property
    def booked(self) -> Origin:
        """What the ledger says: Stripe's doing, taken over by this person."""
        return Origin(actor=self.origin.actor, source=Source.STRIPE, request_id=self.origin.request_id)


def lock(row: Difference) -> Subscription | None:
    """The subscription of a difference under its lock, with what the books need. Call inside a transaction."""
    if row.subscription_id is None:
        return None
    rows = Subscription.objects.locked().select_related("organization", "line", "plan", "price__plan")
    return rows.get(pk=row.subscription_id)


def nothing(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """An exception: the decision itself is all there is to keep."""


def quantity(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """Stripe's number of seats, as one entry; whoever is beyond it loses their seat and is told."""
    row, theirs = _both(held, theirs)
    ledger.book(
        row, kind=LedgerKind.STRIPE, delta=theirs.quantity - row.quantity, origin=by.booked, at=by.at, reason=by.reason[:200]
    )
    people.fit(row, origin=by.booked, at=by.at)
    _arrange_again(row)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)


def price(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """Stripe's price: all seats out at the old one and in at the new, so that the ledger's MRR stays the subscription's."""
    row, theirs = _both(held, theirs)
    chosen = Price.objects.select_related("plan").filter(stripe_price_id=theirs.price).first()
    if chosen is None or chosen.plan.line_id != row.line_id:
        raise CannotDecide(_("That price is of another product line, or of none. Send ours again."))
    _rebook(row, chosen, by)


def currency(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    row, theirs = _both(held, theirs)
    if row.price.currency != theirs.currency:
        raise CannotDecide(_("The catalog's price is in another currency than Stripe's; mend the catalog first."))
    _rebook(row, row.price, by)


def _rebook(row: Subscription, chosen: Price, by: By) -> None:
    seats, reason = row.quantity, by.reason[:200]
    ledger.book(row, kind=LedgerKind.STRIPE, delta=-seats, origin=by.booked, at=by.at, reason=reason)
    row.price, row.plan, row.currency = chosen, chosen.plan, chosen.currency
    row.save(update_fields=["price", "plan", "currency"])
    ledger.book(row, kind=LedgerKind.STRIPE, delta=seats, origin=by.booked, at=by.at, reason=reason)
    _arrange_again(row)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)


def _arrange_again(row: Subscription) -> None:
    """What is scheduled builds on the seats and the price that there are now."""
    if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
        projection.want(row)


def newcomer(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """A subscription sold in Stripe's dashboard becomes one of the store's. Nobody is given a seat yet."""
    assert theirs is not None
    customer = Customer.objects.select_related("organization").filter(stripe_id=theirs.customer).first()
    if customer is None:
        raise CannotDecide(_("Its customer is none of ours."))
    chosen = Price.objects.select_related("plan__line").filter(stripe_price_id=theirs.price).first()
    if chosen is None or theirs.items:
        raise CannotDecide(_("It is sold at a price of no catalog version. Cancel it, or put it on a catalog price at Stripe."))
    # The organization's row is the lock of everything that may start a subscription.
    organization = Organization.objects.select_for_update(no_key=True).get(pk=customer.organization_id)
    if Subscription.objects.live().filter(organization=organization, line=chosen.plan.line).exists():
        raise CannotDecide(_("The organization has a live subscription of that product line already."))
    row = Subscription.objects.create(
        organization=organization,
        line=chosen.plan.line,
        plan=chosen.plan,
        price=chosen,
        stripe_id=theirs.stripe_id,
        status=theirs.status,
        quantity=0,
        currency=theirs.currency,
        period_starts_at=theirs.starts_at,
        period_ends_at=theirs.ends_at,
        started_at=theirs.starts_at,
        cancel_at=theirs.cancel_at,
    )
    ledger.book(row, kind=LedgerKind.STARTED, delta=theirs.quantity, origin=by.booked, at=by.at, reason=by.reason[:200])
    journal.append(
        kind="billing.subscription.started",
        organization=organization,
        at=by.at,
        origin=Origin(actor=by.origin.actor, source=Source.STRIPE),
        data={"subscription": row.pk, "plan": row.plan.code, "seats": theirs.quantity, "interval": chosen.interval},
    )
    held.subscription, held.organization = row, organization
    _read_all(row.stripe_id, customer.stripe_id)


def _read_all(stripe_id: str, customer: str) -> None:
    inbox.touch(Kind.SUBSCRIPTION, stripe_id)
    inbox.touch(Kind.CUSTOMER, customer)


def end(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """Stripe knows of no such subscription: it has ended, with its seats and whatever waited."""
    row = _row(held)
    row.status, row.ended_at = SubscriptionStatus.CANCELED, by.at
    row.pending_quantity = row.pending_expires_at = None
    row.save(update_fields=["status", "ended_at", "pending_quantity", "pending_expires_at"])
    if row.quantity:
        ledger.book(row, kind=LedgerKind.ENDED, delta=-row.quantity, origin=by.booked, at=by.at, reason=by.reason[:200])
        notices.ended(row, at=by.at)
    people.fit(row, origin=by.booked, at=by.at)
    _drop(row.scheduled.filter(state=ScheduledState.PENDING), by)
    projection.settled(row)


def ending(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """The end that Stripe holds becomes the scheduled one; none there means none here."""
    row, theirs = _both(held, theirs)
    if theirs.cancel_at is not None and theirs.cancel_at != row.period_ends_at:
        raise CannotDecide(_("Stripe ends it at another instant than the period's end, which the store does not sell."))
    _drop(row.scheduled.filter(state=ScheduledState.PENDING, kind=ScheduledKind.END), by)
    if theirs.cancel_at is not None:
        ScheduledChange.objects.create(
            subscription=row,
            kind=ScheduledKind.END,
            effective_at=theirs.cancel_at,
            reason_code=CancelReason.OTHER,
            **_decided(by),
        )
    _arrange_again(row)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)


def phases(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """The seats that Stripe's schedule brings at the period's end become the scheduled ones; none there means none here."""
    row, theirs = _both(held, theirs)
    coming = theirs.coming
    if len(coming) > 1 or any(one.price != row.price.stripe_price_id or one.starts_at != row.period_ends_at for one in coming):
        raise CannotDecide(_("Stripe's schedule does more than change seats at the period's end. Send ours again."))
    _drop(row.scheduled.filter(state=ScheduledState.PENDING, kind=ScheduledKind.SEATS), by)
    delta = coming[0].quantity - row.quantity if coming else 0
    if delta:
        ScheduledChange.objects.create(
            subscription=row, kind=ScheduledKind.SEATS, delta=delta, effective_at=row.period_ends_at, **_decided(by)
        )
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)


def _drop(changes: Iterable[ScheduledChange], by: By) -> None:
    for change in changes:
        change.state, change.ended_at, change.ended_by = ScheduledState.SUPERSEDED, by.at, by.origin.actor
        change.save(update_fields=["state", "ended_at", "ended_by"])


def _decided(by: By) -> dict[str, object]:
    return {"reason": by.reason[:200], "actor": by.origin.actor, "source": Source.STRIPE, "created_at": by.at}


def read_again(held: Difference, theirs: reconciling.Theirs | None, by: By) -> None:
    """What is only mirrored follows by itself, once somebody has said that it may."""
    inbox.touch(Kind.INVOICE if held.kind == reconciling.Kind.AMOUNT else Kind.SUBSCRIPTION, held.subject)


def _row(held: Difference) -> Subscription:
    if held.subscription is None:
        raise CannotDecide(_("The store has no such subscription any more."))
    return held.subscription


def _both(held: Difference, theirs: reconciling.Theirs | None) -> tuple[Subscription, reconciling.Theirs]:
    if theirs is None:
        raise CannotDecide(_("Stripe does not know the subscription any more."))
    return _row(held), theirs
