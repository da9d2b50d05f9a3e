"""An organization's tax ids: added and removed here, typed in Checkout, or changed at Stripe; one row each, whoever began."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import BillingDetails, Customer, StripeCommand, TaxId, TaxIdState, TaxStanding
from billing.rules import purchase_orders
from billing.rules import tax_ids as rules
from billing.services import commands
from billing.services.books import tax_standings

MOST = 5
ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")
LONGEST = {"line1": 200, "line2": 200, "postal_code": 20, "country": 2}


class TooMany(Exception):
    """Stripe keeps five ids of a customer: remove one first."""


class Known(Exception):
    """The organization has this id already."""


def add(
    organization: Organization,
    *,
    country: str,
    kind: str,
    typed: str,
    origin: Origin,
    at: datetime,
    external_id: str | None = None,
) -> TaxId:
    """Keep an id, and have Stripe check it. Before the first purchase it waits here and goes along with the new customer.

    Returns the row as it then is: PENDING, REFUSED with Stripe's `message`, or SENDING while Stripe does not answer. Raises
    rules.UnfitError, TooMany and Known.
    """
    value = rules.check(country, kind, typed)
    with transaction.atomic(durable=True):
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        held = TaxId.objects.filter(organization=organization, removed_at=None)
        held.filter(type=kind, value=value, state=TaxIdState.REFUSED).update(removed_at=at)
        if held.filter(type=kind, value=value).exists():
            raise Known(value)
        if held.exclude(state=TaxIdState.REFUSED).count() >= MOST:
            raise TooMany
        row = TaxId.objects.create(
            organization=organization,
            type=kind,
            value=value,
            country=rules.country_of(kind, value),
            external_id=external_id,
            added_at=at,
        )
        command = _open("tax_id.add", row, origin, at)
        _tell("added", row, origin, at)
        tax_standings.settle(organization, at)
    return _executed(command, row)


def remove(row: TaxId, *, origin: Origin, at: datetime) -> TaxId:
    """Take an id away, here and at Stripe. Safe to click twice. Raises commands.Busy while it is being added."""
    if row.removed_at is not None:
        return row
    with transaction.atomic(durable=True):
        row = TaxId.objects.select_for_update(of=("self",)).select_related("organization").get(pk=row.pk)
        command = _open("tax_id.remove", row, origin, at) if row.stripe_id else None
        if command is None:
            forget(row, at)
        _tell("removed", row, origin, at)
    return _executed(command, row)


def forget(row: TaxId, at: datetime) -> None:
    """The id is gone. Call inside a transaction."""
    row.removed_at = at
    row.save(update_fields=["removed_at"])
    tax_standings.settle(row.organization, at)


def take(customer: Customer, answer: gateway.Customer, at: datetime) -> None:
    """Take over the ids, the address and the purchase order of a customer just read (with its ids expanded)."""
    organization = customer.organization
    is_moved = _take_details(organization, answer, at)
    there = answer.tax_ids.data if answer.tax_ids else []
    rows = list(TaxId.objects.select_for_update().filter(organization=organization, removed_at=None))
    changed = [_take_one(organization, rows, each, at) for each in there]
    gone = {row.pk for row in rows if row.stripe_id} - {row.pk for row in rows if row.stripe_id in {each.id for each in there}}
    if gone:
        TaxId.objects.filter(pk__in=gone).update(removed_at=at)
    if is_moved or gone or any(changed):
        tax_standings.settle(organization, at)


def copy(row: TaxId, answer: gateway.TaxId) -> bool:
    """Stripe's word on an id; whether it is news. Saves the row."""
    found = answer.verification
    before = (row.stripe_id, row.state, row.registered_name)
    row.stripe_id = answer.id
    row.state = found.status if found else TaxIdState.UNAVAILABLE
    row.registered_name = (found.verified_name or "")[:200] if found else ""
    row.message = ""
    if before == (row.stripe_id, row.state, row.registered_name):
        return False
    row.save()
    return True


def _take_one(organization: Organization, rows: list[TaxId], answer: gateway.TaxId, at: datetime) -> bool:
    row = next((row for row in rows if row.stripe_id == answer.id), None)
    row = row or next((row for row in rows if row.stripe_id is None and _is_same(row, answer)), None)
    if row is None:
        country = answer.country or rules.country_of(answer.type, answer.value)
        row = TaxId(organization=organization, type=answer.type, value=answer.value[:100], country=country, added_at=at)
        row.state = TaxIdState.PENDING
        _tell("added", row, Origin.stripe(), at)
    return copy(row, answer)


def _is_same(row: TaxId, answer: gateway.TaxId) -> bool:
    return row.type == answer.type and _letters(row.value) == _letters(answer.value)


def _letters(value: str) -> str:
    return "".join(character for character in value.upper() if character.isalnum())


def _take_details(organization: Organization, answer: gateway.Customer, at: datetime) -> bool:
    """What was typed at Stripe becomes ours, unless ours is on its way: the address in Checkout, the purchase order by staff.

    Whether the address is another one.
    """
    if TaxStanding.objects.filter(organization=organization, done__lt=F("wanted")).exists():
        return False
    row = BillingDetails.objects.filter(organization=organization).first()
    row = row or BillingDetails(organization=organization, country=organization.country)
    said = _address(answer) | {"purchase_order": _order(answer)}
    changed = [name for name, value in said.items() if getattr(row, name) != value]
    if not changed:
        return False
    for name in changed:
        setattr(row, name, said[name])
    row.updated_at = at
    row.save()
    if "purchase_order" in changed:
        fields = {"fields": ["purchase_order"]}
        journal.append(kind="billing.details.changed", organization=organization, at=at, origin=Origin.stripe(), data=fields)
    return changed != ["purchase_order"]


def _address(answer: gateway.Customer) -> dict[str, str]:
    """Nothing as long as it names no country."""
    address = answer.address
    if address is None or not address.country:
        return {}
    return {name: (getattr(address, name, None) or "")[: LONGEST.get(name, 100)] for name in ADDRESS}


def _order(answer: gateway.Customer) -> str:
    return purchase_orders.read(answer.invoice_settings.custom_fields if answer.invoice_settings else None)


def _open(kind: str, row: TaxId, origin: Origin, at: datetime) -> StripeCommand | None:
    customer = Customer.objects.filter(organization=row.organization_id).first()
    if customer is None:
        return None
    payload: dict[str, Any] = {
        "tax_id": row.pk,
        "customer": customer.stripe_id,
        "stripe_id": row.stripe_id,
        "type": row.type,
        "value": row.value,
    }
    return commands.open_command(
        kind=kind, target=f"tax_id:{row.pk}", organization=row.organization, payload=payload, origin=origin, at=at
    )


def _executed(command: StripeCommand | None, row: TaxId) -> TaxId:
    if command is not None:
        commands.execute(command.pk)
        row.refresh_from_db()
    return row


def _tell(what: str, row: TaxId, origin: Origin, at: datetime) -> None:
    """The number itself stays out of the journal: of one-person companies it is personal."""
    journal.append(
        kind=f"billing.tax_id.{what}",
        organization=row.organization,
        at=at,
        origin=origin,
        data={"type": row.type, "country": row.country},
    )
