"""What is missing of a failed payment, and what became of all of them: what was recovered, at which step, and what was lost."""

from billing.models import DunningEpisode, Invoice


def missing(episode: DunningEpisode) -> list[Invoice]:
    """Its invoices that can still be paid, the oldest first. One query."""
    rows = Invoice.objects.filter(dunning__episode=episode, status="open", amount_remaining_minor__gt=0)
    return list(rows.order_by("issued_at", "pk"))
