"""Webhook endpoints: made with a secret that is shown once, changed, rotated with an overlap, disabled, enabled, deleted."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import webhook_calls
from accounts.models import (
    DeliveryState,
    Organization,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
    WebhookStop,
    WebhookType,
)
from accounts.origin import Origin
from accounts.queries import policies, webhook_words
from accounts.queries import webhooks as read
from accounts.rules.webhook_targets import RefusedTarget
from accounts.services import journal, sealing, webhook_events
from accounts.services.api_keys import SHOWN_AGAIN
from accounts.services.webhook_events import News
from config import clock

PURPOSE: Final = b"storefront webhook secrets"
START: Final = "whsec_"
SECRET_BYTES: Final = 32
OFFERED: Final = [one for one in WebhookType if one is not WebhookType.PING]


class TooManyEndpoints(ValidationError):
    """The organization has as many endpoints as the policy allows."""


class MadeAlready(ValidationError):
    """The nonce has made its secret too long ago to show it again."""


class BeingRotated(ValidationError):
    """An older secret still signs: two at a time are enough."""


class EndpointDisabled(ValidationError):
    """Nothing is sent to a disabled endpoint."""


def create(
    *,
    organization: Organization | None,
    url: str,
    types: Sequence[str],
    origin: Origin,
    at: datetime,
    description: str = "",
    nonce: str = "",
    external_id: str | None = None,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint and return it with its secret, which nobody can ask for again. Without organization it is the vendor's.

    No `types`: it hears of all, also of those to come. The same `nonce` (random, one a form) finds what it made, with the
    secret for five minutes; the endpoint of this `external_id` is found instead of made, and its secret is empty. Raises
    ValidationError for what is no target, TooManyEndpoints and MadeAlready.
    """
    checked = _checked(url, types, description)
    mark = _mark(organization, origin, f"{nonce}:{checked}" if nonce else "")
    with transaction.atomic():
        if organization is not None:
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if known := _known(organization, mark, external_id, at):
            return known
        if organization is not None:
            _check_room(organization, at)
        endpoint = WebhookEndpoint.objects.create(
            organization=organization, external_id=external_id, created_by=origin.actor, created_at=at, **checked
        )
        text = _new_secret(endpoint, mark, at)
        _tell("created", endpoint, origin, at, types=endpoint.types)
    return endpoint, text


def change(*, endpoint: WebhookEndpoint, wanted: Mapping[str, Any], origin: Origin, at: datetime) -> bool:
    """Change `url`, `types`, `description`: those that are named. False if nothing is different. Raises ValidationError."""
    said = {"url": endpoint.url, "types": endpoint.types, "description": endpoint.description} | dict(wanted)
    is_new_url = said["url"] != endpoint.url
    checked = _checked(said["url"], said["types"], said["description"], is_new_url=is_new_url)
    changed = sorted(name for name, value in checked.items() if getattr(endpoint, name) != value)
    if not changed:
        return False
    if is_new_url:  # what the old address did is not held against the new one
        checked |= {"failing_since": None, "failures": 0, "rests_until": None}
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**checked)
        _tell("changed", endpoint, origin, at, changed=changed)
    endpoint.refresh_from_db()
    return True


def rotate(*, endpoint: WebhookEndpoint, origin: Origin, at: datetime, nonce: str = "") -> str:
    """Give the endpoint a new secret and return it; webhooks carry the old one's signature too, for the policy's overlap.

    `nonce` as for `create`. Raises BeingRotated while an older one still signs.
    """
    mark, wall = _mark(endpoint.organization, origin, f"{nonce}:{endpoint.pk}" if nonce else ""), clock.wall()
    with transaction.atomic():
        _locked(endpoint)
        if known := _known(endpoint.organization, mark, None, at):
            return known[1]
        if endpoint.secrets.filter(expires_at__gt=wall).exists():
            raise BeingRotated(_("The secret before this one still signs. Rotate again once it has ended."))
        until = wall + timedelta(seconds=policies.value("accounts.webhook_overlap_seconds", at=at))
        endpoint.secrets.filter(expires_at=None).update(expires_at=until)
        text = _new_secret(endpoint, mark, at)
        _tell("rotated", endpoint, origin, at, works_until=until)
    return text


def disable(*, endpoint: WebhookEndpoint, origin: Origin, at: datetime, stop: WebhookStop = WebhookStop.BY_HAND) -> bool:
    """Send nothing to it any more; what waits, and what comes, is held. False if it is disabled already."""
    with transaction.atomic():
        open_rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None, deleted_at=None)
        if not open_rows.update(disabled_at=clock.wall(), stop=stop):
            return False
        _hold(endpoint)
        _tell("disabled", endpoint, origin, at, why=stop.value)
    return True


def enable(*, endpoint: WebhookEndpoint, origin: Origin, at: datetime) -> bool:
    """Send to it again, from now on: what was held is sent by a replay. False if it is enabled already."""
    fresh: dict[str, Any] = {"disabled_at": None, "stop": "", "failing_since": None, "failures": 0, "rests_until": None}
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, deleted_at=None).exclude(disabled_at=None)
        if not rows.update(**fresh):
            return False
        _tell("enabled", endpoint, origin, at)
    return True


def delete(*, endpoint: WebhookEndpoint, origin: Origin, at: datetime) -> bool:
    """Forget its secrets and send nothing any more. What was sent stays in the log for as long as that is kept."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, deleted_at=None)
        if not rows.update(deleted_at=clock.wall()):
            return False
        endpoint.secrets.all().delete()
        _hold(endpoint)
        _tell("deleted", endpoint, origin, at)
    return True


def ping(*, endpoint: WebhookEndpoint, at: datetime, nonce: str = "") -> WebhookDelivery:
    """Send a test event to this endpoint alone. The same `nonce` finds the one it sent. Raises EndpointDisabled."""
    _check_enabled(endpoint)
    source = f"ping:{endpoint.public_id}:{(nonce or secrets.token_hex(16))[:40]}"
    news = News(
        type=WebhookType.PING,
        organization=endpoint.organization,
        source=source,
        data={"organization": read.named(endpoint.organization), "webhook_endpoint": {"id": endpoint.public_id}},
        at=at,
    )
    heard = WebhookEndpoint(pk=endpoint.pk, organization_id=endpoint.organization_id, types=[], created_at=at)
    with transaction.atomic():
        webhook_events.publish([news], [heard], wall=clock.wall())
        return webhook_events.deliveries_of(endpoint).select_related("event", "endpoint").get(event__source=source)


def redeliver(*, delivery: WebhookDelivery) -> None:
    """Put one delivery in line again, now, under its old webhook-id. Raises EndpointDisabled."""
    _check_enabled(delivery.endpoint)
    wall = clock.wall()
    with transaction.atomic():
        _locked(delivery.endpoint)
        mine = WebhookDelivery.objects.filter(pk=delivery.pk)
        if not mine.filter(state=DeliveryState.DUE).update(due_at=wall):
            mine.update(state=DeliveryState.DUE, due_at=wall, attempts=0, concluded_at=None)
    delivery.refresh_from_db()


def replay(*, endpoint: WebhookEndpoint, since: datetime, with_delivered: bool = False, origin: Origin, at: datetime) -> int:
    """Send again what happened since `since` (store time). Returns how many are in line. Raises EndpointDisabled."""
    _check_enabled(endpoint)
    with transaction.atomic():
        _locked(endpoint)
        count = webhook_events.replay(endpoint, since=since, with_delivered=with_delivered, wall=clock.wall())
        if count:
            _tell("replayed", endpoint, origin, at, since=since, count=count)
    return count


def secrets_in_force(endpoints: Sequence[int], wall: datetime) -> dict[int, list[str]]:
    """What each endpoint's webhooks are signed with at `wall`, the newest first. One that can't be read is left out."""
    found: dict[int, list[str]] = {}
    rows = WebhookSecret.objects.filter(endpoint__in=endpoints).exclude(expires_at__lte=wall)
    for row in rows.order_by("-pk"):
        try:
            found.setdefault(row.endpoint_id, []).append(sealing.unseal(row.sealed, PURPOSE))
        except sealing.Unreadable:
            continue
    return found


def _checked(url: str, types: Sequence[str], description: str, *, is_new_url: bool = True) -> dict[str, Any]:
    said = url.strip()
    if is_new_url:
        try:
            webhook_calls.look_at(said)
        except RefusedTarget as error:
            raise ValidationError({"url": webhook_words.refusal(error.refusal)}) from error
    if not set(types) <= {one.value for one in OFFERED}:
        raise ValidationError({"types": _("Choose from the listed events.")})
    # All of today's are not "all": what is chosen one by one stays so when others are added.
    return {"url": said, "types": [one.value for one in OFFERED if one.value in types], "description": description.strip()}


def check_there(endpoint: WebhookEndpoint) -> None:
    """Raise EndpointDisabled for one that was deleted."""
    if endpoint.deleted_at:
        raise EndpointDisabled(_("The endpoint was deleted. Make another one."))


def _check_enabled(endpoint: WebhookEndpoint) -> None:
    check_there(endpoint)
    if endpoint.disabled_at:
        raise EndpointDisabled(_("The endpoint is disabled, so nothing is sent to it. Enable it first."))


def _check_room(organization: Organization, at: datetime) -> None:
    """The caller holds the organization's lock."""
    most = policies.value("accounts.webhook_endpoints", at=at)
    if WebhookEndpoint.objects.filter(organization=organization, deleted_at=None).count() >= most:
        words = _("There are %(most)s endpoints, which is the most. Delete one that is not used.")
        raise TooManyEndpoints(words % {"most": most})


def _mark(organization: Organization | None, origin: Origin, nonce: str) -> str:
    """What a secret remembers of the form or key it was made by; empty without one."""
    if not nonce:
        return ""
    who = f"{organization.pk if organization else ''}:{origin.actor.pk if origin.actor else ''}:{nonce}"
    return hashlib.sha256(who.encode()).hexdigest()


def _known(
    organization: Organization | None, mark: str, external_id: str | None, at: datetime
) -> tuple[WebhookEndpoint, str] | None:
    """What the same nonce made before, with the secret; else the endpoint of this external id, without, also if deleted."""
    made = WebhookSecret.objects.filter(nonce=mark).select_related("endpoint").first() if mark else None
    if made is not None and at - made.created_at <= SHOWN_AGAIN:
        return made.endpoint, sealing.unseal(made.sealed, PURPOSE)
    named = WebhookEndpoint.objects.filter(organization=organization, external_id=external_id)
    found = named.first() if external_id else None
    if found is not None:
        return found, ""
    if made is not None:
        raise MadeAlready(_("This form has made its secret already, and a secret is shown only once. Open the page afresh."))
    return None


def _new_secret(endpoint: WebhookEndpoint, mark: str, at: datetime) -> str:
    text = START + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    WebhookSecret.objects.create(endpoint=endpoint, sealed=sealing.seal(text, PURPOSE), nonce=mark, created_at=at)
    return text


def _locked(endpoint: WebhookEndpoint) -> None:
    """Before its deliveries, always: whoever changes several rows takes them in this order."""
    WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def _hold(endpoint: WebhookEndpoint) -> None:
    WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.DUE).update(
        state=DeliveryState.HELD, lease_until=None
    )


def _tell(verb: str, endpoint: WebhookEndpoint, origin: Origin, at: datetime, **data: object) -> None:
    journal.append(
        kind=f"accounts.webhook.{verb}",
        organization=endpoint.organization,
        at=at,
        origin=origin,
        data={"endpoint": endpoint.public_id, "url": endpoint.url, **data},
    )
