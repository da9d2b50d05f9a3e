"""Who accepted which version of the terms, the privacy notice and the data processing agreement."""

from datetime import datetime

from django.db import transaction

from accounts.models import Acceptance, LegalDocument, Organization, User
from accounts.origin import Origin
from accounts.queries import legal as read
from accounts.services import journal


def accept(*, organization: Organization, user: User, origin: Origin, at: datetime) -> list[Acceptance]:
    """Record that `user` accepts, for the organization, every version in force. Returns what is newly accepted.

    The text itself is kept with its hash, as it was shown, brand and all. Accepting twice records once.
    Raises accounts.queries.legal.Missing when the store ships no text of some kind.
    """
    with transaction.atomic():
        new = []
        for document in read.all_current(at):
            acceptance, is_new = Acceptance.objects.get_or_create(
                document=_keep(document), organization=organization, user=user, defaults={"accepted_at": at}
            )
            if is_new:
                new.append(acceptance)
        if new:
            journal.append(
                kind="accounts.legal.accepted",
                organization=organization,
                at=at,
                origin=Origin(actor=user, source=origin.source, request_id=origin.request_id),
                data={"documents": [{"kind": row.document.kind, "sha256": row.document.sha256} for row in new]},
            )
    return new


def _keep(document: read.Document) -> LegalDocument:
    row, _is_new = LegalDocument.objects.get_or_create(
        kind=document.kind,
        sha256=document.sha256,
        defaults={"effective_on": document.effective_on, "text": document.text},
    )
    return row
