"""The vendor's own ids of what people make in the store, too: given once."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from accounts.models import Organization
from accounts.models.external import ExternallyNamed
from accounts.origin import Origin
from accounts.services import asking

Named = TypeVar("Named", bound=ExternallyNamed | Organization)


class Taken(Exception):
    """Another one of the organization's has this id, or this one has another."""


def name_once(row: Named, external_id: str | None, *, organization: Organization, origin: Origin, at: datetime) -> Named:
    """The organization's row, which has this id from now on; None leaves it as it is. Raises Taken."""
    if external_id is None or row.external_id == external_id:
        return row
    rows: Any = type(row)._default_manager.filter(pk=row.pk)  # noqa: SLF001 - Django's documented name
    try:
        with transaction.atomic():
            if rows.filter(external_id=None).update(external_id=external_id):
                data = {"of": row._meta.model_name, "id": row.pk, "external_id": external_id}  # noqa: SLF001 - as above
                asking.tell("accounts.external_id.given", organization, origin, at, data)
            elif not rows.filter(external_id=external_id).exists():
                raise Taken(external_id)
    except IntegrityError as error:
        raise Taken(external_id) from error
    row.external_id = external_id
    return row
