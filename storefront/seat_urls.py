"""Where seats are changed, asked about and given up."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from billing.queries.overview import Standing


def talk_url(standing: Standing, wanted: int) -> str:
    """The talk-to-us form with what was wanted filled in."""
    row = standing.row
    query = {
        "reason": "seats",
        "plan": f"{row.line.code}/{row.plan.code}",
        "seats": wanted,
        "interval": row.price.interval,
        "currency": row.currency,
        "page": "seats",
    }
    return f"{reverse('storefront:talk')}?{urlencode(query)}"


def seats_url(standing: Standing, **query: Any) -> str:
    """The seats page of this subscription's product line."""
    return f"{reverse('storefront:seats')}?{urlencode({'line': standing.row.line.code, **query})}"


def resumption_url(standing: Standing) -> str:
    """What going on after the trial costs."""
    return f"{reverse('storefront:resumption')}?{urlencode({'line': standing.row.line.code})}"


def cancellation_url(standing: Standing) -> str:
    """The page that ends (or keeps) this subscription, of the several an organization may have."""
    return f"{reverse('storefront:cancellation')}?{urlencode({'line': standing.row.line.code})}"
