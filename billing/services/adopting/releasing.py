"""The second command: contracts that were taken over begin at Stripe, their exceptions hold, and their owners are invited.

One that had no subscription at Stripe gets one whose first charge is the renewal: nothing is charged for what was paid
elsewhere. One that had keeps it, at the plan's price from the next charge on; nothing is prorated. The commands were written
when it was taken over, and are now made due: the pulse sends them, within Stripe's limits, and goes on after a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.services import invitations, journal
from billing import gateway, gateway_adoptions
from billing.models import (
    Adoption,
    AdoptionState,
    Customer,
    RenewalNotice,
    RenewalWatch,
    StripeCommand,
    Subscription,
    Terms,
    TermsKind,
    TermsState,
)
from billing.queries.terms_bands import Approver
from billing.services import commands
from billing.services.agreeing import terms
from billing.services.books import tax_standings
from billing.services.mirroring import mirror, mirror_customers
from config import clock

MARK: Final = "adoption"
OPEN: Final = (AdoptionState.ADOPTED, AdoptionState.FAILED)
BATCH: Final = 500


@dataclass
class Released:
    """How many are on their way, and what was left, each with why."""

    count: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


def release(*, by: User, origin: Origin, at: datetime, references: Sequence[str] = (), most: int | None = None) -> Released:
    """Let contracts begin: those named, or all that wait, oldest first; `most` at once. Those under way are left alone.

    Whoever took a contract over cannot release it: that is the second person's approval of its exceptions.
    """
    result = Released()
    rows = Adoption.objects.filter(state__in=OPEN).order_by("adopted_at", "pk")
    if references:
        rows = rows.filter(reference__in=references)
    wanted = list(rows.values_list("pk", flat=True)[:most])
    approver = Approver.of(by, at)
    for start in range(0, len(wanted), BATCH):
        with transaction.atomic(durable=True):
            _release(wanted[start : start + BATCH], approver, result, by=by, origin=origin, at=at)
    return result


def _release(ids: list[int], approver: Approver, result: Released, *, by: User, origin: Origin, at: datetime) -> None:
    rows = Adoption.objects.select_for_update(of=("self",), skip_locked=True).filter(pk__in=ids, state__in=OPEN)
    held = list(rows.select_related("organization", "subscription", "command").order_by("pk"))
    agreed = _terms(held)
    going = []
    for row in held:
        why = _refusal(row, agreed.get(row.subscription_id, []), approver, by, at)
        if why:
            result.left.append((row.reference, why))
        else:
            going.append(row)
    _approve([one for row in going for one in agreed.get(row.subscription_id, [])], by=by, origin=origin, at=at)
    _begin(going, by=by, origin=origin, at=at)
    result.count += len(going)


def _terms(rows: Sequence[Adoption]) -> dict[int, list[Terms]]:
    """The exceptions that were proposed with each, by subscription."""
    names = {f"adoption:{row.subscription_id}:{kind}": row.subscription_id for row in rows for kind in TermsKind.values}
    found = Terms.objects.filter(nonce__in=names, state=TermsState.PROPOSED).select_related("organization").order_by("pk")
    agreed: dict[int, list[Terms]] = {}
    for one in found:
        agreed.setdefault(names[one.nonce], []).append(one)
    return agreed


def _refusal(row: Adoption, agreed: Sequence[Terms], approver: Approver, by: User, at: datetime) -> str:
    if row.adopted_by_id == by.pk:
        return "was taken over by the same person: somebody else releases it."
    if row.subscription.period_ends_at <= at:
        return f"renewed on {row.subscription.period_ends_at.date()}: agree on the next period with the customer first."
    for one in agreed:
        verdict = approver.verdict(one.kind, one.value)
        if not verdict.is_allowed:
            who = ", ".join(verdict.groups) or "administrators"
            return f"has an exception ({one.kind}) beyond what this person may approve: {who} may."
    return ""


def _approve(rows: Sequence[Terms], *, by: User, origin: Origin, at: datetime) -> None:
    for row in rows:
        row.state, row.approver, row.decided_at, row.due_at = TermsState.APPROVED, by, at, at
    Terms.objects.bulk_update(rows, ["state", "approver", "decided_at", "due_at"])
    told = [(row.organization, terms.facts(row)) for row in rows]
    journal.append_all(kind="billing.terms.approved", told=told, at=at, origin=replace(origin, actor=by))


def _begin(rows: Sequence[Adoption], *, by: User, origin: Origin, at: datetime) -> None:
    """Their commands fall due; those that failed are sent anew."""
    again = [row.command_id for row in rows if row.state == AdoptionState.FAILED]
    StripeCommand.objects.filter(pk__in=[row.command_id for row in rows]).update(due_at=clock.wall(), actor=by)
    for pk in again:
        commands.try_again(pk, origin=origin, at=at)
    for row in rows:
        row.state, row.released_by, row.message = AdoptionState.RELEASING, by, ""
    Adoption.objects.bulk_update(rows, ["state", "released_by", "message"])


class Release(commands.Handler):
    """The command: a customer and a subscription that begins with its renewal, or those that there are, marked as ours."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked, organization = command.payload, command.organization
        assert organization is not None
        if asked["subscription"]:
            return self._keep(command, organization)
        name = command.payload["reference"]
        params = {
            "customer": _customer(organization, asked, key=f"adoption:{name}:customer"),
            "items": [{"price": asked["price"], "quantity": asked["seats"]}],
            "billing_mode": {"type": "flexible"},
            "billing_cycle_anchor": asked["renews"],
            "proration_behavior": "none",
            "metadata": {"organization": organization.public_id, MARK: name},
            **_paid(asked["net_days"]),
        }
        return gateway_adoptions.create_subscription(params, key=command.idempotency_key)

    def _keep(self, command: StripeCommand, organization: Organization) -> gateway.Subscription:
        """Marked as ours; at the plan's price, where it was sold at another one, from the next charge on."""
        asked, key = command.payload, command.idempotency_key
        mark = {"organization": organization.public_id}
        customer = Customer.objects.get(organization=organization)
        gateway.update_customer(customer.stripe_id, {"metadata": mark}, key=f"{key}:customer")
        params: dict[str, Any] = {"metadata": {**mark, MARK: asked["reference"]}}
        if asked["is_other_price"]:
            params["items"] = [{"id": asked["item"], "price": asked["price"], "quantity": asked["seats"]}]
            params["proration_behavior"] = "none"
        return gateway.update_subscription(asked["subscription"], params, key=key)

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        adoption = Adoption.objects.select_related("released_by").get(command=command.pk)
        rows = Subscription.objects.locked().select_related("organization", "price", "plan", "line")
        row = rows.get(pk=adoption.subscription_id)
        row.stripe_id = answer.id
        mirror_customers.ensure(row.organization, mirror.stripe_id(answer.customer), at)
        mirror.copy_fields(row, answer, at)
        tax_standings.settle(row.organization, at, again=True)
        adoption.state, adoption.released_at, adoption.message = AdoptionState.RELEASED, at, ""
        adoption.save(update_fields=["state", "released_at", "message"])
        # What was due before anybody could read it is said once there is an owner.
        RenewalNotice.objects.filter(subscription=row).delete()
        RenewalWatch.objects.filter(subscription=row).update(due_at=at)
        # Agreed discounts wait for a subscription that Stripe knows.
        Terms.objects.filter(organization=row.organization_id, state=TermsState.APPROVED).update(due_at=at)
        origin = command.origin
        _invite(row.organization, adoption.email, origin, at)
        data = {"subscription": row.pk, "reference": adoption.reference}
        journal.append(
            kind="billing.contract.released",
            organization=row.organization,
            at=at,
            origin=command.origin,
            data=data,
        )
        return {"subscription": answer.id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """It waits again, with what Stripe said: the next release sends it anew."""
        Adoption.objects.filter(command=command.pk).update(state=AdoptionState.FAILED, message=refusal.message)

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        asked, organization = command.payload, command.organization
        assert organization is not None
        customer = Customer.objects.filter(organization=organization).first()
        if customer is None:
            return None
        page, _more = gateway.subscriptions({"customer": customer.stripe_id, "status": "all", "limit": 100})
        marked = [one for one in page if gateway.metadata(one, MARK) == asked["reference"]]
        return gateway.subscription(marked[0].id) if marked else None


def _customer(organization: Organization, asked: dict[str, Any], *, key: str) -> str:
    known = Customer.objects.filter(organization=organization).first()
    if known is not None:
        return known.stripe_id
    params = {
        "name": organization.name,
        "email": asked["email"],
        "address": {"country": organization.country},
        "preferred_locales": [organization.locale],
        "metadata": {"organization": organization.public_id},
    }
    return gateway.create_customer(params, key=key).id


def _paid(net_days: int) -> dict[str, Any]:
    if not net_days:
        return {"collection_method": "charge_automatically"}
    return {"collection_method": "send_invoice", "days_until_due": net_days}


def _invite(organization: Organization, email: str, origin: Origin, at: datetime) -> None:
    """The owner, unless the organization has one already."""
    if Membership.objects.live().filter(organization=organization, role=Role.OWNER).exists():
        return
    invitations.invite(organization=organization, emails=[email], role=Role.OWNER, with_seat=True, origin=origin, at=at)
