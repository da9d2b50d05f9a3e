"""What the customer asks on a deal's page: a note on the case, and a mail to whoever answers for the deal."""

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Quote
from offramps.models import DealVersion, LeadNote
from offramps.services import deal_news

MOST_TEXT: Final = 1_000


def ask(quote: Quote, *, name: str, text: str, at: datetime) -> LeadNote:
    """Raises ValidationError without a question, and DealVersion.DoesNotExist for a quote that is no deal's."""
    said, who = text.strip(), name.strip()[:120]
    if not said or len(said) > MOST_TEXT:
        raise ValidationError({"question": _("Ask something, in 1,000 characters at most.")})
    version = DealVersion.objects.select_related("deal__lead__organization", "deal__owner").get(quote=quote)
    lead = version.deal.lead
    with transaction.atomic(durable=True):
        words = _("%(name)s asks about quote %(number)s: %(question)s")
        kept = words % {"name": who or version.approver_email, "number": quote.number, "question": said}
        note = LeadNote.objects.create(lead=lead, text=kept, at=at)
        asker = who or version.approver_email
        deal_news.question(lead, version.deal.owner, name=asker, text=said, subject_row=f"lead_note:{note.pk}", at=at)
    return note
