"""What the store offers a person, and that they have said no."""

from datetime import datetime

from accounts.models import User


def close_factor_offer(*, user: User, at: datetime) -> None:
    """Show the card that offers a second factor no more."""
    User.objects.filter(pk=user.pk, factor_offer_closed_at=None).update(factor_offer_closed_at=at)
