"""How each organization is taxed: worked out again whenever its country, its ids, the catalog or time may have changed it.

The row is the truth; Stripe follows by the command `tax.apply` (billing.services.tax.tax_commands), as schedules do. The lane
`drain` does both, so nothing that changes a standing has to wait for Stripe.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing.models import BillingDetails, ChangeState, Customer, Invoice, SeatChange, StripeCommand, TaxId, TaxStanding
from billing.queries import tax as queries
from billing.rules import purchase_orders, tax
from billing.services import commands
from billing.services.books import tax_notices, tax_rates
from config import clock, pulse

BATCH = 50
COUNTED = ("sending", *tax.Validity)


def settle(organization: Organization, at: datetime, *, again: bool = False) -> TaxStanding | None:
    """Work out how an organization is taxed, and remember what Stripe has to be told. Call inside a transaction.

    `again`: tell Stripe even if nothing changed (a payment page may have changed the customer). None where no tax is worked
    out and there is nothing to take back.
    """
    settings = queries.settings()
    held = TaxStanding.objects.select_for_update(of=("self",)).filter(organization=organization).first()
    if held is None and settings.mode is tax.Mode.NONE and not again:
        return None
    wanted = _treat(organization, settings, at)
    rate = tax_rates.rows([wanted.rate.country]).get(wanted.rate.country) if wanted.rate else None
    row = held or TaxStanding(organization=organization, wanted=0)
    before, was = (row.exempt, row.rate_id, row.is_automatic), tax_notices.Was.of(row)
    row.exempt, row.reason, row.rate = wanted.exempt.value, wanted.reason.value, rate
    row.is_automatic, row.until_at = wanted.is_automatic, wanted.until
    row.review_at = _review_at(row, at)
    if held is None or again or before != (row.exempt, row.rate_id, row.is_automatic):
        row.wanted, row.due_at, row.message = row.wanted + 1, None, ""
    row.save()
    _tell(row, was, at)
    return row


def review_all(at: datetime) -> None:
    """The catalog's tax changed: every customer's standing is worked out again by the lane. Inside the applying transaction."""
    TaxStanding.objects.update(review_at=at)
    if queries.settings().mode is tax.Mode.NONE:
        return
    missing = Organization.objects.filter(~Exists(TaxStanding.objects.filter(organization=OuterRef("pk"))))
    new = missing.filter(Exists(Customer.objects.filter(organization=OuterRef("pk"))))
    rows = [TaxStanding(organization=each, reason="", review_at=at, wanted=0) for each in new.only("pk").iterator()]
    TaxStanding.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def drain(now: datetime) -> pulse.Drained:
    """The lane: what is to be worked out again by store time, then what Stripe has not been told."""
    at = clock.now()
    reviewed = [_review(pk, at) for pk in TaxStanding.objects.filter(review_at__lte=at).values_list("pk", flat=True)[:BATCH]]
    behind = TaxStanding.objects.filter(done__lt=F("wanted")).filter(Q(due_at=None) | Q(due_at__lte=now), ~_waits())
    sent = [follow(pk) for pk in list(behind.order_by("pk").values_list("pk", flat=True)[:BATCH])]
    return pulse.Drained(handled=sum(reviewed) + sum(sent))


def follow(standing_id: int) -> bool:
    """Tell Stripe of a standing, if it has not been told; whether it has been now."""
    from_command = _open(standing_id)
    if from_command is None:
        return False
    return commands.execute(from_command.pk).concluded_at is not None


def catch_up(organization: Organization) -> None:
    """Tell Stripe now what the lane would tell it in a moment: whoever pays next is to be asked for the tax of now."""
    behind = TaxStanding.objects.filter(organization=organization, done__lt=F("wanted"))
    for standing_id in behind.values_list("pk", flat=True):
        follow(standing_id)


def _review(standing_id: int, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        due = TaxStanding.objects.select_for_update(of=("self",), skip_locked=True).select_related("organization")
        row = due.filter(pk=standing_id, review_at__lte=at).first()
        if row is None:
            return False
        warning = timedelta(days=policies.value("billing.tax_warning_days", at))
        if row.until_at is not None and row.warned_at != row.until_at and row.until_at - warning <= at < row.until_at:
            row.warned_at = row.until_at
            row.save(update_fields=["warned_at"])
            tax_notices.check_ends(row, at=at)
        settle(row.organization, at)
    return True


def _review_at(row: TaxStanding, at: datetime) -> datetime | None:
    """First a while before the waiting ends, to say so; then at its end."""
    if row.until_at is None:
        return None
    warn_at = row.until_at - timedelta(days=policies.value("billing.tax_warning_days", at))
    return warn_at if row.warned_at != row.until_at and at < warn_at else row.until_at


def _treat(organization: Organization, settings: tax.Settings, at: datetime) -> tax.Treatment:
    details = BillingDetails.objects.filter(organization=organization).first()
    rows = TaxId.objects.filter(organization=organization, removed_at=None, state__in=COUNTED)
    return tax.treat(
        settings,
        country=queries.country_of(organization, details),
        ids=[tax.TaxId(row.type, row.country, _validity(row), row.added_at) for row in rows],
        now=at,
        patience=timedelta(days=policies.value("billing.tax_pending_days", at)),
        is_exempted=Customer.objects.filter(organization=organization, is_tax_exempt=True).exists(),
    )


def _validity(row: TaxId) -> tax.Validity:
    return tax.Validity.PENDING if row.state == "sending" else tax.Validity(row.state)


def _tell(row: TaxStanding, was: tax_notices.Was, at: datetime) -> None:
    """Nobody is taxed otherwise without a word: the buyers by mail, staff on the timeline."""
    if was == tax_notices.Was.of(row):
        return
    journal.append(
        kind="billing.tax.changed",
        organization=row.organization,
        at=at,
        data={
            "exempt": row.exempt,
            "reason": row.reason,
            "before": was.reason,
            "percent": row.rate.percent if row.rate else "",
            "percent_before": was.levy.percent,
        },
    )
    lost = row.reason in (tax.Reason.NOT_CONFIRMED, tax.Reason.NOT_IN_TIME)
    if lost and was.reason in tax.REVERSED:
        tax_notices.tax_added(row, at=at)
    elif was.levy != queries.levy_of(row) and row.organization.subscriptions.live().exists():
        tax_notices.changed(row, was, at=at)


def _open(standing_id: int) -> StripeCommand | None:
    with transaction.atomic(durable=True):
        rows = TaxStanding.objects.select_for_update(of=("self",)).select_related("organization", "rate")
        row = rows.filter(~_waits(), pk=standing_id).first()
        if row is None or not row.is_behind:
            return None
        customer = Customer.objects.filter(organization=row.organization).first()
        if customer is None:
            # Told when the first purchase makes the customer.
            TaxStanding.objects.filter(pk=row.pk).update(done=row.wanted)
            return None
        try:
            return commands.open_command(
                kind="tax.apply",
                target=f"tax:{row.organization_id}",
                organization=row.organization,
                payload=_payload(row, customer),
                origin=Origin.system(),
                at=clock.now(),
            )
        except commands.Busy:
            return None  # the lane comes back when that command has ended


def _waits() -> Exists:
    """Whether more seats wait for their payment: other tax would void what the buyer agreed to, so it comes after that."""
    waiting = SeatChange.objects.filter(subscription__organization=OuterRef("organization"), state=ChangeState.WAITING)
    return Exists(waiting)


def _payload(row: TaxStanding, customer: Customer) -> dict[str, object]:
    details = BillingDetails.objects.filter(organization=row.organization).first()
    live = row.organization.subscriptions.live().order_by("pk")
    return {
        "standing": row.pk,
        "wanted": row.wanted,
        "customer": customer.stripe_id,
        "params": {**customer_params(row.organization, details), **exemption(row)},
        "rates": [row.rate.stripe_id] if row.rate else [],
        "is_automatic": row.is_automatic,
        "subscriptions": list(live.values_list("stripe_id", flat=True)),
        "drafts": _drafts(details),
    }


def _drafts(details: BillingDetails | None) -> list[str]:
    """Renewals that are drafted already and bear another purchase order: the customer's is copied when a draft is made."""
    if details is None:
        return []
    drafted = Invoice.objects.filter(organization=details.organization_id, status="draft").exclude(subscription=None)
    others = drafted.exclude(purchase_order=details.purchase_order)
    return list(others.order_by("pk").values_list("stripe_id", flat=True))


def exemption(row: TaxStanding | None) -> dict[str, str]:
    """What staff exempted at Stripe is theirs to change."""
    return {} if row is None or row.exempt == tax.Exempt.EXEMPT else {"tax_exempt": row.exempt}


def customer_params(organization: Organization, details: BillingDetails | None) -> dict[str, object]:
    """A customer's name, address and purchase order as Stripe takes them."""
    if details is None:
        return {"name": organization.name}
    address = {
        name: getattr(details, name) for name in ("line1", "line2", "postal_code", "city", "state") if getattr(details, name)
    }
    return {
        "name": details.legal_name or organization.name,
        "address": {**address, "country": queries.country_of(organization, details)},
        "invoice_settings": {"custom_fields": purchase_orders.fields(details.purchase_order, organization.locale)},
    }
