"""The store's webhook endpoint at Stripe: one, at our address, in our API version, for exactly the types we listen to."""

import hashlib
import secrets
from dataclasses import dataclass

from billing import gateway
from billing.rules import stripe_events

DESCRIPTION = "Storefront"


@dataclass(frozen=True)
class Ensured:
    """`secret` is there only for an endpoint that was just made: Stripe tells it once."""

    stripe_id: str
    url: str
    secret: str = ""


def ensure(*, url: str, renew: bool = False) -> Ensured:
    """Make the endpoint at `url`, unless it is there already and right. Others at the same address are dropped.

    Types and version of an endpoint cannot all be changed later, so a wrong one is replaced, which makes a new secret; with
    `renew` a right one too (its secret was lost). Raises the gateway's errors.
    """
    wanted = sorted(stripe_events.ALLOWED)
    mine = [endpoint for endpoint in gateway.webhook_endpoints() if endpoint.url == url]
    right = [endpoint for endpoint in mine if _is_right(endpoint, wanted)]
    if right and not renew:
        for other in mine:
            if other.id != right[0].id:
                gateway.delete_webhook_endpoint(other.id)
        return Ensured(right[0].id, url)
    params = {"url": url, "enabled_events": wanted, "api_version": gateway.API_VERSION, "description": DESCRIPTION}
    made = gateway.create_webhook_endpoint(params, key=_key(url))
    # The new one first: no event falls between the two.
    for other in mine:
        gateway.delete_webhook_endpoint(other.id)
    return Ensured(made.id, url, made.secret or "")


def _is_right(endpoint: gateway.WebhookEndpoint, wanted: list[str]) -> bool:
    says = (endpoint.status, endpoint.api_version, sorted(endpoint.enabled_events))
    return says == ("enabled", gateway.API_VERSION, wanted)


def _key(url: str) -> str:
    """A key a run: the gateway's own retries make one endpoint, a later run may need another."""
    return f"webhook_endpoint:{hashlib.sha256(url.encode()).hexdigest()[:16]}:{secrets.token_hex(8)}"
