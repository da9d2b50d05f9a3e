"""Visits to the payment page, as the store's pages show them."""

from accounts.models import Organization
from billing.models import CheckoutAttempt, CheckoutState


def find(organization: Organization, public_id: str) -> CheckoutAttempt | None:
    """One attempt of this organization, with what it was for and what came of it. One query."""
    rows = CheckoutAttempt.objects.filter(organization=organization, public_id=public_id)
    return rows.select_related(
        "organization",
        "line",
        "cart__plan__line",
        "price__plan",
        "subscription__plan",
        "subscription__price",
        "subscription__organization__customer",
    ).first()


def open_attempt(organization: Organization) -> CheckoutAttempt | None:
    """The newest attempt that is not concluded: the payment page may still be open in some tab. One query."""
    rows = CheckoutAttempt.objects.filter(organization=organization, state__in=(CheckoutState.OPENING, CheckoutState.OPEN))
    return rows.select_related("price__plan").order_by("-pk").first()
