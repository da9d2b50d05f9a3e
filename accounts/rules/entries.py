"""Where an entry from the vendor's product may lead, and where back to."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlencode, urlsplit

PAGES: Final = {
    "home": "/",
    "seats": "/seats/",
    "invoices": "/invoices/",
    "payment_method": "/payment-method/",
    "team": "/team/",
    "pricing": "/pricing/",
    "cart": "/cart/",
    "cancellation": "/subscription/cancellation/",
    "organization": "/settings/organization/",
}
"""The pages by the names that the API knows them by."""

BUYING: Final = "/cart/new/"


def path(page: str, *, plan: str = "", seats: int | None = None, interval: str = "") -> str:
    """A path of the store. A plan (`line/plan`) fills the cart; seats without one open the seats page on that number.

    Raises KeyError for an unknown page.
    """
    if plan:
        chosen = {"plan": plan, "seats": seats, "interval": interval}
        return f"{BUYING}?{urlencode({name: value for name, value in chosen.items() if value})}"
    base = PAGES["seats" if seats and page == "home" else page]
    return f"{base}?{urlencode({'seats': seats})}" if seats and base == PAGES["seats"] else base


def origin(url: str) -> str:
    """`scheme://host[:port]` in lower case; empty for what is no plain web address (no user, no backslash, http or https)."""
    if "\\" in url or any(character.isspace() or not character.isprintable() for character in url):
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def may_return(url: str, allowed: Collection[str]) -> bool:
    """Whether a way back leads to one of the allowed origins (`https://product.example`)."""
    found = origin(url)
    return bool(found) and found in {origin(one) for one in allowed}
