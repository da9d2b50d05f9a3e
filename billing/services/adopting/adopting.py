"""Contracts are taken over: organizations, subscriptions, the ledger and exceptions, a batch in one transaction.

Nothing is sent and nothing is charged. Each subscription waits under a command of its own that nobody executes before it is
released (`releasing`): so it cannot be changed meanwhile, and the reconciler leaves it alone. A reference that is there already
is left as it is, so a second run changes nothing, and one that was stopped goes on where it was.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Organization, User
from accounts.origin import Origin
from accounts.services import adopted_organizations, journal
from billing.models import (
    NOT_AT_STRIPE,
    Adoption,
    BillingDetails,
    Customer,
    LedgerKind,
    SeatLedgerEntry,
    StripeCommand,
    Subscription,
    Terms,
)
from billing.rules import pricing, terms
from billing.services.adopting import contracts
from billing.services.adopting.contracts import Move

BATCH: Final = 500
KIND: Final = "adoption.release"
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
REASON: Final = "Contract {reference}, taken over."


def adopt(moves: Sequence[Move], *, by: User, origin: Origin, at: datetime) -> int:
    """Take them over, batch by batch; how many. `by` proposes the exceptions: whoever releases them is somebody else.

    Whoever runs it twice at once: the reference's uniqueness stops the second batch, and the next run finds what is there.
    """
    count = 0
    for start in range(0, len(moves), BATCH):
        with transaction.atomic(durable=True):
            count += _adopt(moves[start : start + BATCH], by, origin, at)
    return count


def _adopt(moves: Sequence[Move], by: User, origin: Origin, at: datetime) -> int:
    known = set(Adoption.objects.filter(reference__in=_references(moves)).values_list("reference", flat=True))
    moves = [one for one in moves if one.contract.reference not in known]
    if not moves:
        return 0
    owners = _organizations(moves, origin, at)
    _customers(moves, owners)
    _details(moves, owners, at)
    rows = Subscription.objects.bulk_create(_subscription(move, owners[move.contract.customer_id], at) for move in moves)
    _open_ledger(moves, rows, origin, at)
    Terms.objects.bulk_create(_terms(moves, rows, by, at))
    held = StripeCommand.objects.bulk_create(_command(move, row, origin, at) for move, row in zip(moves, rows, strict=True))
    kept = zip(moves, rows, held, strict=True)
    Adoption.objects.bulk_create(_adoption(move, row, command, by, at) for move, row, command in kept)
    told = [
        (row.organization, {"subscription": row.pk, "reference": one.contract.reference}) for one, row in _with(moves, rows)
    ]
    journal.append_all(kind="billing.contract.adopted", told=told, at=at, origin=origin)
    return len(moves)


def _references(moves: Iterable[Move]) -> list[str]:
    return [one.contract.reference for one in moves]


def _with(moves: Sequence[Move], rows: Sequence[Subscription]) -> Iterable[tuple[Move, Subscription]]:
    return zip(moves, rows, strict=True)


def _organizations(moves: Sequence[Move], origin: Origin, at: datetime) -> dict[str, Organization]:
    """By the vendor's id: those there are, and new ones."""
    found = {one.contract.customer_id: one.organization for one in moves if one.organization is not None}
    new = {one.contract.customer_id: one.contract for one in moves if one.organization is None}
    wanted = {key: contracts.details(contract) for key, contract in new.items()}
    currencies = {key: contract.currency for key, contract in new.items()}
    made = adopted_organizations.make(wanted, currencies=currencies, origin=origin, at=at) if wanted else {}
    profiled = Organization.objects.select_related("profile").in_bulk([one.pk for one in found.values()])
    return {key: profiled[one.pk] for key, one in found.items()} | made


def _details(moves: Sequence[Move], owners: dict[str, Organization], at: datetime) -> None:
    """Whom invoices are made out to, with the purchase order; details that there are already stay."""
    rows = {
        owners[one.contract.customer_id].pk: BillingDetails(
            organization=owners[one.contract.customer_id],
            legal_name=one.contract.company,
            country=one.contract.country,
            purchase_order=one.contract.purchase_order,
            updated_at=at,
        )
        for one in moves
    }
    BillingDetails.objects.bulk_create(rows.values(), ignore_conflicts=True)


def _customers(moves: Sequence[Move], owners: dict[str, Organization]) -> None:
    """Stripe's ids are kept; a contract without gets a customer at its release."""
    ids = {owners[one.contract.customer_id].pk: one.contract.stripe_customer for one in moves if one.contract.stripe_customer}
    rows = [Customer(organization_id=pk, stripe_id=stripe_id) for pk, stripe_id in ids.items()]
    Customer.objects.bulk_create(rows, ignore_conflicts=True)


def _subscription(move: Move, organization: Organization, at: datetime) -> Subscription:
    contract, there = move.contract, move.at_stripe
    starts_at, ends_at = (there.period_starts_at, there.period_ends_at) if there else contract.period
    name = f"{NOT_AT_STRIPE}{contract.reference}"[:64]
    return Subscription(
        organization=organization,
        line=move.price.plan.line,
        plan=move.price.plan,
        price=move.price,
        stripe_id=contract.stripe_subscription or name,
        stripe_item_id=there.item if there else "",
        status=there.status if there else "active",
        quantity=contract.seats,
        currency=contract.currency,
        period_starts_at=starts_at,
        period_ends_at=ends_at,
        started_at=there.starts_at if there else contract.starts_at,
        mirrored_at=at,
    )


def _open_ledger(moves: Sequence[Move], rows: Sequence[Subscription], origin: Origin, at: datetime) -> None:
    """Every seat, and its revenue by the price list, as with whoever bought here."""
    entries = [
        SeatLedgerEntry(
            subscription=row,
            kind=LedgerKind.STARTED,
            delta=row.quantity,
            quantity_after=row.quantity,
            mrr_delta_minor=pricing.monthly(move.list_minor, row.price.interval),
            currency=row.currency,
            actor=origin.actor,
            source=origin.source,
            reason=REASON.format(reference=move.contract.reference)[:200],
            occurred_at=at,
        )
        for move, row in _with(moves, rows)
    ]
    SeatLedgerEntry.objects.bulk_create(entries)
    told = [(entry.subscription.organization, _booked(entry)) for entry in entries]
    journal.append_all(kind="billing.seats.started", told=told, at=at, origin=origin)


def _booked(entry: SeatLedgerEntry) -> dict[str, Any]:
    """As billing.services.books.ledger tells it."""
    return {
        "subscription": entry.subscription_id,
        "line": entry.subscription.line.code,
        "delta": entry.delta,
        "quantity": entry.quantity_after,
        "mrr_delta_minor": entry.mrr_delta_minor,
        "currency": entry.currency,
    }


def _terms(moves: Sequence[Move], rows: Sequence[Subscription], by: User, at: datetime) -> list[Terms]:
    """Proposed: the second person is whoever releases the contract."""
    found = [
        Terms(
            organization=row.organization,
            line=row.line if agreed.kind in terms.OF_A_LINE else None,
            kind=agreed.kind,
            value=dict(agreed.value),
            owner=by,
            reason=REASON.format(reference=move.contract.reference),
            quarter=terms.quarter(at.date()),
            starts_on=at.astimezone(ZoneInfo(row.organization.time_zone)).date(),  # in force once released, not tomorrow
            ends_on=move.contract.exception_until,
            nonce=f"adoption:{row.pk}:{agreed.kind}",
            proposed_by=by,
            proposed_at=at,
        )
        for move, row in _with(moves, rows)
        for agreed in move.agreed
    ]
    for one in found:
        one.date()
    return found


def _command(move: Move, row: Subscription, origin: Origin, at: datetime) -> StripeCommand:
    """What its release will do at Stripe, and what keeps everything else off until then."""
    contract, there = move.contract, move.at_stripe
    return StripeCommand(
        kind=KIND,
        target=f"subscription:{row.pk}",
        organization=row.organization,
        idempotency_key=f"adoption:{contract.reference}",
        payload={
            "subscription": contract.stripe_subscription,
            "item": there.item if there else "",
            "price": move.price.stripe_price_id,
            "is_other_price": there is not None and there.price != move.price.stripe_price_id,
            "seats": contract.seats,
            "renews": int(row.period_ends_at.timestamp()),
            "net_days": contract.net_days,
            "email": contract.email,
            "reference": contract.reference,
        },
        due_at=NEVER,
        source=origin.source,
        actor=origin.actor,
        created_at=at,
    )


def _adoption(move: Move, row: Subscription, command: StripeCommand, by: User, at: datetime) -> Adoption:
    contract = move.contract
    yearly = 1 if contract.interval == "year" else 12
    return Adoption(
        reference=contract.reference,
        organization=row.organization,
        subscription=row,
        command=command,
        segment=row.organization.profile.segment,
        arr_minor=contract.arr_minor,
        list_arr_minor=move.list_minor * yearly,
        currency=contract.currency,
        email=contract.email,
        was_at_stripe=move.at_stripe is not None,
        said={"line": contract.line, "company": contract.company, "plan": contract.plan, "interval": contract.interval}
        | {"seats": contract.seats, "amount_minor": contract.amount_minor, "net_days": contract.net_days},
        adopted_by=by,
        adopted_at=at,
    )
