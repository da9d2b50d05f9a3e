"""Whether the account at Stripe is as the store needs it, and making it so where the API can.

What only Stripe's dashboard can set is in docs/stripe.md.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from django.conf import settings

from accounts.origin import Origin
from billing import gateway
from billing.models import Price
from billing.queries import catalog as catalog_queries
from billing.rules import catalog, stripe_events
from billing.rules.catalog_diff import changes
from billing.services.offering import catalog as catalogs
from billing.services.offering import webhook_endpoints
from config import clock

# Seconds between Stripe's clock and ours: a signature is refused from 300 on.
SKEW_NOTED, SKEW_BAD = 5, 60
LOOKUPS_A_CALL = 10
# What customers may do in Stripe's portal past the store, and must not.
PORTAL_FEATURES = ("subscription_update", "subscription_cancel")


class State(StrEnum):
    GOOD = "ok"
    DONE = "done"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True)
class Finding:
    """One line of the answer. `secret`: a webhook's, told once."""

    subject: str
    state: State
    text: str
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the account shall be: events to `url`, and this catalog. `is_check`: look only."""

    url: str
    catalog: catalog.Catalog
    is_check: bool


def run(wanted: Wanted) -> Iterator[Finding]:
    """Every finding, in the order in which they are mended. A check makes no call that writes. Raises gateway.Unreachable."""
    steps: tuple[tuple[str, Callable[[Wanted], Iterator[Finding]]], ...] = (
        ("account", _account),
        ("webhook", _webhook),
        ("catalog", _catalog),
        ("portal", _portal),
        ("tax", _tax),
    )
    for subject, step in steps:
        try:
            yield from step(wanted)
        except gateway.Refused as error:
            yield Finding(subject, State.MEND, f"Stripe refused to say or do it: {error.message}")
            if subject == "account":
                return  # the key opens nothing: every other answer would say so again


# --- Key, account, clock ----------------------------------------------------------------------------------------------


def mode() -> str:
    """ "sandbox" (ours, offline), "live" or "test", by the key and the address."""
    if settings.STRIPE_SANDBOX:
        return "sandbox"
    return "live" if "_live_" in settings.STRIPE_SECRET_KEY else "test"


def _account(wanted: Wanted) -> Iterator[Finding]:
    asked_at = clock.wall()
    found, date = gateway.account()
    shown = found.settings.dashboard.display_name if found.settings else ""
    yield Finding(
        "key", State.GOOD, f"{mode()} mode, {'restricted' if settings.STRIPE_SECRET_KEY.startswith('rk_') else 'secret'} key."
    )
    if settings.PRODUCTION and mode() != "live":
        yield Finding("key", State.NOTE, f"The store is in production mode with a {mode()} key: no money will move.")
    text = f"{found.id} ({shown or 'without a name'}, {found.country or 'no country'})"
    if mode() == "live" and not found.charges_enabled:
        yield Finding("account", State.MEND, f"{text} cannot charge yet: finish its activation in the dashboard.")
    else:
        yield Finding("account", State.GOOD, f"{text}.")
    yield _skew(date, asked_at)


def _skew(date: str, asked_at: datetime) -> Finding:
    if not date:
        return Finding("clock", State.NOTE, "Stripe's answer carries no date to compare with.")
    seconds = round(abs((parsedate_to_datetime(date) - asked_at).total_seconds()))
    text = f"{seconds} s between Stripe's clock and this machine's."
    if seconds >= SKEW_BAD:
        return Finding("clock", State.MEND, f"{text} Set up time synchronization: from 300 s on every webhook is refused.")
    return Finding("clock", State.NOTE if seconds >= SKEW_NOTED else State.GOOD, text)


# --- Webhook ----------------------------------------------------------------------------------------------------------


def _webhook(wanted: Wanted) -> Iterator[Finding]:
    endpoints = gateway.webhook_endpoints()
    mine = [one for one in endpoints if one.url == wanted.url]
    if settings.STRIPE_POLL_EVENTS:
        yield Finding("webhook", State.NOTE, "STRIPE_POLL_EVENTS is on: events are read every 2 s, an endpoint is not needed.")
        yield from _others(endpoints, wanted.url)
        return
    if mode() == "live" and not wanted.url.startswith("https://"):
        yield Finding("webhook", State.MEND, f"{wanted.url} is not https: set STORE_URL or name another with --url.")
        return
    problems = list(_problems(mine))
    if not problems:
        yield Finding("webhook", State.GOOD, f"{mine[0].id} sends {len(stripe_events.ALLOWED)} event types to {wanted.url}.")
    elif wanted.is_check:
        yield from (Finding("webhook", State.MEND, text) for text in problems)
    else:
        yield _mend_webhook(wanted.url, mine)
    yield from _others(endpoints, wanted.url)


def _problems(mine: list[gateway.WebhookEndpoint]) -> Iterator[str]:
    if not mine:
        yield "No endpoint sends events to this store."
        return
    for extra in mine[1:]:
        yield f"{extra.id} is a second endpoint at the same address: every event comes twice."
    first, wanted = mine[0], set(stripe_events.ALLOWED)
    if first.status != "enabled":
        yield f"{first.id} is disabled."
    if first.api_version != gateway.API_VERSION:
        yield f"{first.id} speaks API version {first.api_version or 'of the account'}, the store {gateway.API_VERSION}."
    if missing := sorted(wanted - set(first.enabled_events)):
        yield f"{first.id} does not send {', '.join(missing)}."
    if more := sorted(set(first.enabled_events) - wanted):
        yield f"{first.id} sends what nobody listens to: {', '.join(more)}."
    if not settings.STRIPE_WEBHOOK_SECRET:
        yield "STRIPE_WEBHOOK_SECRET is not set: every webhook would be refused."


def _mend_webhook(url: str, mine: list[gateway.WebhookEndpoint]) -> Finding:
    """In place where Stripe can, which keeps the secret; an endpoint's version cannot be changed, so that makes a new one."""
    kept = next((one for one in mine if one.api_version == gateway.API_VERSION), None)
    if kept is not None and settings.STRIPE_WEBHOOK_SECRET:
        params = {"enabled_events": sorted(stripe_events.ALLOWED), "disabled": False}
        gateway.update_webhook_endpoint(kept.id, params, key=f"webhook_endpoint:{kept.id}:{secrets.token_hex(8)}")
    ensured = webhook_endpoints.ensure(url=url, renew=not settings.STRIPE_WEBHOOK_SECRET)
    text = f"{ensured.stripe_id} sends {len(stripe_events.ALLOWED)} event types to {url}."
    if ensured.secret:
        text += " Its secret is told this once: put it into STRIPE_WEBHOOK_SECRET of every process and start them anew."
    return Finding("webhook", State.DONE, text, ensured.secret)


def _others(endpoints: list[gateway.WebhookEndpoint], url: str) -> Iterator[Finding]:
    """Endpoints at other addresses that were made by a store like this one, or are at this store under another name."""
    for one in endpoints:
        is_ours = one.description == webhook_endpoints.DESCRIPTION or one.url.startswith(settings.STORE_URL)
        if one.url != url and one.status == "enabled" and is_ours:
            yield Finding(
                "webhook", State.NOTE, f"{one.id} sends to {one.url} too: delete it in the dashboard if it is forgotten."
            )


# --- Catalog ----------------------------------------------------------------------------------------------------------


def _catalog(wanted: Wanted) -> Iterator[Finding]:
    problems = list(_catalog_problems(wanted))
    if not problems:
        count = Price.objects.filter(retired_at=None).count()
        yield Finding("catalog", State.GOOD, f"{count} prices are on sale here and at Stripe.")
    elif wanted.is_check:
        yield from (Finding("catalog", State.MEND, text) for text in problems)
    else:
        applied = catalogs.apply(wanted=wanted.catalog, at=clock.now(), origin=Origin.system())
        yield Finding("catalog", State.DONE, f"Version {applied.number} is on sale here and at Stripe.")


def _catalog_problems(wanted: Wanted) -> Iterator[str]:
    if count := len(changes(catalog_queries.current(), wanted.catalog)):
        yield f"catalog.toml has {count} changes that are not on sale: `manage.py catalog plan` names them."
    rows = list(Price.objects.filter(retired_at=None).order_by("pk"))
    keys = [f"{settings.STRIPE_LOOKUP_PREFIX}{row.lookup_key.removeprefix(settings.STRIPE_LOOKUP_PREFIX)}" for row in rows]
    held: dict[str, gateway.Price] = {}
    for start in range(0, len(keys), LOOKUPS_A_CALL):
        found = gateway.prices({"lookup_keys": keys[start : start + LOOKUPS_A_CALL], "limit": 100})
        held |= {price.lookup_key: price for price in found if price.lookup_key}
    for key, row in zip(keys, rows, strict=True):
        there = held.get(key)
        if there is None or there.id != row.stripe_price_id:
            yield f"Stripe has {there.id if there else 'no price'} under {key}, the store sells {row.stripe_price_id}."
        elif not there.active:
            yield f"{there.id} ({key}) is archived at Stripe."


# --- Portal and tax ---------------------------------------------------------------------------------------------------


def _portal(wanted: Wanted) -> Iterator[Finding]:
    """The store has pages of its own for all of it: nothing may be changed past them."""
    open_ones = [(one, _open(one)) for one in gateway.portal_configurations() if one.active]
    wrong = [(one, names) for one, names in open_ones if names]
    if not wrong:
        yield Finding("portal", State.GOOD, "Stripe's customer portal is not used, and lets nobody change a subscription.")
    for one, names in wrong:
        text = f"{one.id} of the customer portal lets customers go past the store: {', '.join(names)}"
        if wanted.is_check:
            yield Finding("portal", State.MEND, f"{text}.")
            continue
        params = {"features": {name: {"enabled": False} for name in PORTAL_FEATURES}, "login_page": {"enabled": False}}
        gateway.update_portal_configuration(one.id, params, key=f"portal:{one.id}:{secrets.token_hex(8)}")
        yield Finding("portal", State.DONE, f"{text}: switched off.")


def _open(one: gateway.PortalConfiguration) -> list[str]:
    features = one.features
    found = [name for name in PORTAL_FEATURES if getattr(getattr(features, name, None), "enabled", False)]
    return found + (["login_page"] if one.login_page and one.login_page.enabled else [])


def _tax(wanted: Wanted) -> Iterator[Finding]:
    found = gateway.tax_settings()
    if found.status == "active":
        yield Finding("tax", State.GOOD, "Stripe Tax is set up.")
        return
    pending = found.status_details.pending if found.status_details else None
    missing = ", ".join((pending.missing_fields if pending else None) or []) or "nothing named"
    yield Finding(
        "tax", State.NOTE, f"Stripe Tax is not set up (missing: {missing}). It has to be before a catalog asks for it."
    )
