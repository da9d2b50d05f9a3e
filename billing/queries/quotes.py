"""Reading quotes: an organization's, and the one that a link is about."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from accounts.models import Organization
from accounts.services import links
from billing.models import Quote, QuoteState

A_PAGE: Final = 20
# After it was accepted, withdrawn or has lapsed the link still says so for a while.
LINK_LIVES_ON: Final = timedelta(days=60)


def page(organization: Organization, *, before: int | None = None) -> list[Quote]:
    """The newest first, one more than a page has where there are older ones. One query."""
    rows = _rows().filter(organization=organization).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[: A_PAGE + 1])


def find(organization: Organization, public_id: str) -> Quote | None:
    """One query."""
    return _rows().filter(organization=organization, public_id=public_id).first()


def of_token(token: str) -> Quote | None:
    """The quote that a link is about; None for what is no link, a draft, or an organization that has gone. One query."""
    ids = links.read(links.QUOTE, token)
    if not ids or len(ids) != 1:
        return None
    return _rows().filter(pk=ids[0], organization__closed_at=None).exclude(state=QuoteState.DRAFT).first()


def is_gone(quote: Quote, at: datetime) -> bool:
    """Whether its link opens nothing any more."""
    return quote.closed_at is not None and at > quote.closed_at + LINK_LIVES_ON


def _rows() -> QuerySet[Quote]:
    return Quote.objects.select_related("organization__profile", "actor", "decision", "line", "cart", "subscription")
