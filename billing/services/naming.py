"""The vendor's own ids of what Stripe makes, subscriptions and invoices: given, changed and taken off again."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.origin import Origin
from accounts.services import journal, naming
from billing.models import Invoice, Subscription


def name(row: Subscription | Invoice, external_id: str | None, *, origin: Origin, at: datetime) -> bool:
    """Give it the vendor's own id, or None for none; False if it has it already. Raises naming.Taken."""
    if row.external_id == external_id:
        return False
    try:
        with transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(external_id=external_id)  # noqa: SLF001 - Django's documented name
            journal.append(
                kind="billing.external_id.changed",
                organization=row.organization,
                at=at,
                origin=origin,
                data={"of": row._meta.model_name, "id": row.stripe_id, "external_id": external_id},  # noqa: SLF001 - as above
            )
    except IntegrityError as error:
        raise naming.Taken(external_id) from error
    row.external_id = external_id
    return True
