"""Who invoices are made out to: legal name, address and purchase order, kept here and told Stripe by `tax.apply`."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing.models import BillingDetails, TaxStanding
from billing.rules import purchase_orders
from billing.services.books import tax_standings

FIELDS = ("legal_name", "line1", "line2", "postal_code", "city", "state", "country", "purchase_order")


def save(
    organization: Organization,
    said: Mapping[str, str],
    *,
    origin: Origin,
    at: datetime,
    check: Callable[[], None] = lambda: None,
) -> list[str]:
    """Keep what was typed (of FIELDS); which of them changed. Stripe is told at once if it answers, else by the pulse.

    `check` is called under the lock, before anything is written: it may refuse what rests on an older state.
    """
    if "purchase_order" in said:
        said = {**said, "purchase_order": purchase_orders.clean(said["purchase_order"])}
    with transaction.atomic(durable=True):
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        check()
        row = BillingDetails.objects.filter(organization=organization).first() or BillingDetails(organization=organization)
        changed = [name for name in FIELDS if name in said and getattr(row, name) != said[name]]
        if not changed:
            return []
        for name in changed:
            setattr(row, name, said[name])
        row.updated_at = at
        row.save()
        # The values stay out of the journal: of one-person companies they are personal.
        journal.append(
            kind="billing.details.changed",
            organization=organization,
            at=at,
            origin=origin,
            data={"fields": changed},
        )
        tax_standings.settle(organization, at, again=True)
    tax_standings.follow(TaxStanding.objects.get(organization=organization).pk)
    return changed
