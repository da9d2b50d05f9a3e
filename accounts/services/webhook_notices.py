"""The mail that says that an endpoint was disabled: to the owners, and to whoever made it."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.models import User, WebhookEndpoint, WebhookStop
from accounts.queries import members
from accounts.services import outbox


def disabled(endpoint: WebhookEndpoint, stop: WebhookStop, *, at: datetime) -> None:
    """Written in the caller's transaction. The vendor's own endpoint is the administrators' concern."""
    for person in _concerned(endpoint):
        outbox.write(
            kind="accounts/webhook_disabled",
            subject_row=f"webhook_endpoint:{endpoint.pk}:{at.isoformat()}",
            to=person,
            organization=endpoint.organization,
            context={
                "url": endpoint.url,
                "description": endpoint.description,
                "is_gone": stop == WebhookStop.GONE,
                "failing_since": endpoint.failing_since,
                "page_url": f"{settings.STORE_URL}{_page(endpoint)}",
            },
            at=at,
        )


def _concerned(endpoint: WebhookEndpoint) -> list[User]:
    if endpoint.organization is None:
        people = list(User.objects.filter(is_superuser=True, is_active=True).order_by("pk"))
    else:
        people = [membership.user for membership in members.owners(endpoint.organization)]
    maker = endpoint.created_by
    if maker is not None and maker.is_active and _may_know(endpoint, maker):
        people.append(maker)
    return list(dict.fromkeys(people))


def _may_know(endpoint: WebhookEndpoint, maker: User) -> bool:
    """Whoever has left the company since hears no more of it."""
    return endpoint.organization is None or members.of(endpoint.organization).filter(user=maker).exists()


def _page(endpoint: WebhookEndpoint) -> str:
    if endpoint.organization is None:
        return reverse("admin:accounts_webhookendpoint_change", args=[endpoint.pk])
    return reverse("storefront:webhook", args=[endpoint.public_id])
