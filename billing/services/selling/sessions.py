"""What a Checkout session's state means for us: bought, expired, or paid a second time."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership, Organization
from accounts.origin import Origin, Source
from accounts.services import journal
from billing import gateway
from billing.models import CheckoutAttempt, CheckoutState, LedgerKind, Subscription
from billing.queries import bundles as queries
from billing.rules.stripe_events import Kind
from billing.services import inbox, notices, people
from billing.services.books import (
    addon_items,
    agreed_rows,
    bundles,
    ledger,
    pilots,
    quote_rows,
    trial_mails,
    trials,
)
from billing.services.mirroring import mirror, mirror_customers
from billing.services.selling import cards, carts, checkout_returns, returning
from config import clock


def end(attempt: CheckoutAttempt) -> None:
    """End an open payment page, which the attempt then says; one that turns out to be paid is applied. Two Stripe calls.

    Raises the gateway's errors.
    """
    assert attempt.stripe_session_id is not None
    try:
        session = gateway.expire_session(attempt.stripe_session_id, key=f"expire:{attempt.public_id}")
    except gateway.Refused:
        session = gateway.session(attempt.stripe_session_id)
    with transaction.atomic(durable=True):
        apply(session, clock.now())
    attempt.refresh_from_db()


def apply(session: gateway.Session, at: datetime) -> None:
    """Book what a session says, once, however often and by whomever it is told. Call inside a transaction.

    Setup sessions bring a card; subscription sessions of an attempt bring the subscription. Others are none of ours.
    """
    if session.mode == "setup":
        cards.apply_setup(session, at)
        return
    attempt = CheckoutAttempt.objects.filter(stripe_session_id=session.id).first()
    if attempt is None:
        return  # opened by somebody else, or our row does not know the session yet: opening it asks for another look
    attempt = _held(attempt)
    if attempt.state in (CheckoutState.APPLIED, CheckoutState.RETURNED):
        return
    if session.status == "complete":
        # Whatever we believed of the attempt: somebody has paid, so it is bought or given back.
        if not isinstance(session.subscription, gateway.Subscription):
            raise TypeError("a complete session is applied with its subscription expanded (gateway.session)")
        _complete(attempt, session.subscription, at)
    elif session.status == "expired" and attempt.state in (CheckoutState.OPEN, CheckoutState.OPENING):
        attempt.state, attempt.concluded_at = CheckoutState.EXPIRED, at
        attempt.save(update_fields=["state", "concluded_at"])
        quote_rows.not_bought(attempt, at)
        trials.release(attempt, at=at)
        pilots.release(attempt, at=at)


def bought(attempt: CheckoutAttempt, subscription: gateway.Subscription, at: datetime) -> CheckoutAttempt:
    """Book what was bought without a payment page, once. Call inside a transaction. Returns the attempt as it then is."""
    held = _held(attempt)
    if held.state not in (CheckoutState.APPLIED, CheckoutState.RETURNED):
        _complete(held, subscription, at)
    return held


def _held(attempt: CheckoutAttempt) -> CheckoutAttempt:
    """The organization's row is the lock of everything that may start a subscription; rows that refer to it need not wait."""
    Organization.objects.select_for_update(no_key=True).get(pk=attempt.organization_id)
    rows = CheckoutAttempt.objects.select_related("organization", "line", "price__plan", "cart__back_from__line", "actor")
    return rows.get(pk=attempt.pk)


def _complete(attempt: CheckoutAttempt, bought: gateway.Subscription, at: datetime) -> None:
    row = Subscription.objects.filter(stripe_id=bought.id).first()
    parts = attempt.price.parts
    if row is None and queries.in_the_way(attempt.organization, line_id=attempt.line_id, parts=parts) is not None:
        checkout_returns.give_back(attempt, bought.id, at=at)
        return
    row = row or _start(attempt, bought, at)
    attempt.state, attempt.subscription, attempt.concluded_at = CheckoutState.APPLIED, row, at
    attempt.save(update_fields=["state", "subscription", "concluded_at"])
    carts.mark_ordered(cart=attempt.cart, at=at)
    quote_rows.bought(attempt, at)


def _start(attempt: CheckoutAttempt, bought: gateway.Subscription, at: datetime) -> Subscription:
    row = Subscription(
        organization=attempt.organization,
        line=attempt.line,
        plan=attempt.price.plan,
        price=attempt.price,
        stripe_id=bought.id,
        quantity=0,
        currency=attempt.price.currency,
        started_at=mirror.at_instant(bought.start_date),
    )
    _pay_with(attempt.organization, bought, at)
    split = mirror.copy_fields(row, bought, at)
    addon_items.start(row, split, at=row.started_at)
    bundles.occupy(row)
    origin = Origin(actor=attempt.actor, source=Source.PAGE)
    seats = int(split.main.quantity or 0)
    is_free = row.is_in_trial and attempt.pilot_fee_id is None
    by = "" if is_free else row.latest_invoice_id
    ledger.book(row, kind=LedgerKind.STARTED, delta=seats, origin=origin, at=row.started_at, stripe_invoice_id=by)
    journal.append(
        kind="billing.subscription.started",
        organization=attempt.organization,
        at=at,
        origin=Origin(actor=attempt.actor, source=Source.PAGE),
        data={"subscription": row.pk, "plan": row.plan.code, "seats": seats, "interval": row.price.interval},
    )
    _seat_buyer(attempt, row, origin, at)
    returning.seat(attempt.cart, row, origin=origin, at=at)
    if attempt.pilot_fee_id is not None:
        pilots.begin(attempt, row, at=at)
    elif row.is_in_trial:
        trials.begin(attempt, row, at=at)
        trial_mails.started(row, at=at)
    else:
        notices.welcome(row, attempt, at=at)
    agreed_rows.look_again(row, at)
    # Whatever happened between Stripe's answer and this row is seen by one more look.
    inbox.touch(Kind.SUBSCRIPTION, bought.id)
    inbox.touch(Kind.CUSTOMER, mirror.stripe_id(bought.customer))
    inbox.touch(Kind.INVOICE, row.latest_invoice_id)
    return row


def _pay_with(organization: Organization, bought: gateway.Subscription, at: datetime) -> None:
    """Whoever buys where nothing runs pays by that from now on, whatever paid before: the next invoices, and what is shown."""
    if Subscription.objects.live().filter(organization=organization).exists():
        return
    if mirror_customers.bought_with(organization, bought.default_payment_method, at):
        cards.use_bought(organization, bought, at)


def _seat_buyer(attempt: CheckoutAttempt, row: Subscription, origin: Origin, at: datetime) -> None:
    """Whoever bought starts with a seat; they can give it to somebody else."""
    buyers = Membership.objects.live().filter(organization=attempt.organization, user=attempt.actor)
    people.assign_where_possible(subscription=row, membership_ids=[buyer.pk for buyer in buyers], origin=origin, at=at)
