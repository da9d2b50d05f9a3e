"""Who may pay on invoice, and until when: by the segment, or by an exception that somebody approved."""

from datetime import datetime

from accounts.models import Organization
from accounts.queries import policies, profiles
from billing.models import Cart, Terms, TermsKind, TermsState
from billing.queries import agreed, terms


def days(organization: Organization, at: datetime) -> int:
    """How long there is to pay an invoice, in days; 0: a card is needed. Two queries at most."""
    found = terms.payment_days(organization.pk, at)
    return _of_segment(profiles.segment_of(organization), at) if found is None else found


def days_for(cart: Cart, organization: Organization, at: datetime) -> int:
    """The same for buying a cart, of a quote what was offered with it. Three queries at most."""
    found = offered(cart) if cart.held_price_id is not None else None
    return days(organization, at) if found is None else found


def offered(cart: Cart) -> int | None:
    """The days that are offered with a cart's quote; None: none are. One query."""
    rows = Terms.objects.filter(quote__cart=cart, kind=TermsKind.PAYMENT_TERMS, state=TermsState.OFFERED)
    said = rows.values_list("value", flat=True).first()
    return int(said["net_days"]) if said else None


def days_of_cart(cart: Cart, at: datetime) -> int:
    """The same for whom a cart is of; of a trial and a pilot 0, as they are begun by card. No query: the cart brings it along.

    `cart` as billing.queries.carts reads it.
    """
    if cart.organization is None or cart.is_trial or cart.pilot_id is not None:
        return 0
    days = (one for one in agreed.said(cart) if one["kind"] == TermsKind.PAYMENT_TERMS)
    mine = [one for one in days if agreed.holds(one, at)]
    if mine:
        return int(max(mine, key=lambda one: int(one["id"]))["value"]["net_days"])
    profile = getattr(cart.organization, "profile", None)
    return _of_segment(profile.segment if profile else "", at)


def _of_segment(segment: str, at: datetime) -> int:
    found: int = policies.value("billing.payment_days", at, segment)
    return found
