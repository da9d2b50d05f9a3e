"""The organization's webhook endpoints: made and shown a secret once, looked at with their log, disabled, deleted."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from accounts.queries import policies
from accounts.queries import webhooks as read
from accounts.services import webhook_endpoints
from config import clock, limits
from storefront.forms.api_keys import NonceForm, new_nonce
from storefront.forms.webhooks import EndpointForm, NewEndpointForm, ReplayForm, present
from storefront.views import organizations, redirects

PER_PAGE = 50
NOT_TAKEN = [DeliveryState.FAILED, DeliveryState.HELD]
FILTERS = {"waiting": [DeliveryState.DUE], "delivered": [DeliveryState.DELIVERED], "failed": NOT_TAKEN}


@dataclass(frozen=True)
class Page:
    """Some of the log, and where the older ones begin."""

    deliveries: list[WebhookDelivery]
    older: int | None


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_WEBHOOKS)
def listing(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/webhooks/: the endpoints, and a new one, whose secret is in this answer and nowhere else."""
    form = NewEndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = webhook_endpoints.create(
                organization=request.organization, **form.cleaned_data, origin=access.origin(request), at=clock.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _list(request, NewEndpointForm(), made=made, secret=secret)
    return _list(request, form, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_WEBHOOKS)
def endpoint(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET, POST /settings/webhooks/<id>/?state=&before=: one endpoint with its log, and what it hears of."""
    row = _own(request, public_id)
    form = EndpointForm(request.POST or None, initial=present(row))
    if request.method == "POST" and form.is_valid():
        try:
            changed = webhook_endpoints.change(
                endpoint=row, wanted=form.cleaned_data, origin=access.origin(request), at=clock.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return _back(row)
    return _one(request, row, form, status=422 if form.errors else 200)


@require_POST
@access.require(Permission.MANAGE_WEBHOOKS)
def rotation(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """POST /settings/webhooks/<id>/rotation/: a new secret, shown once; both sign for a while."""
    row, form = _own(request, public_id), NonceForm(request.POST)
    nonce = form.cleaned_data["nonce"] if form.is_valid() else ""
    try:
        secret = webhook_endpoints.rotate(endpoint=row, origin=access.origin(request), at=clock.now(), nonce=nonce)
    except (webhook_endpoints.BeingRotated, webhook_endpoints.MadeAlready) as error:
        messages.error(request, " ".join(error.messages))
        return _back(row)
    return _one(request, row, EndpointForm(initial=present(row)), secret=secret)


@require_POST
@access.require(Permission.MANAGE_WEBHOOKS)
def standing(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """POST /settings/webhooks/<id>/standing/ with `standing` enabled or disabled."""
    row, origin, at = _own(request, public_id), access.origin(request), clock.now()
    if request.POST.get("standing") == "enabled":
        webhook_endpoints.enable(endpoint=row, origin=origin, at=at)
        messages.success(request, _("Enabled. What happens from now on is sent; what was missed is sent when you say so."))
    else:
        webhook_endpoints.disable(endpoint=row, origin=origin, at=at)
        messages.success(request, _("Disabled. What happens meanwhile is kept and can be sent afterwards."))
    return _back(row)


@require_POST
@access.require(Permission.MANAGE_WEBHOOKS)
def pings(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """POST /settings/webhooks/<id>/pings/: a test event to this endpoint alone."""
    row, form = _own(request, public_id), NonceForm(request.POST)
    nonce = form.cleaned_data["nonce"] if form.is_valid() else ""
    if _is_too_often(request, row):
        return _back(row)
    try:
        webhook_endpoints.ping(endpoint=row, at=clock.now(), nonce=nonce)
    except webhook_endpoints.EndpointDisabled as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("A test is on its way; it is the newest in the log."))
    return _back(row)


@require_POST
@access.require(Permission.MANAGE_WEBHOOKS)
def replays(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """POST /settings/webhooks/<id>/replays/ with `hours` and `with_delivered`: send again what happened since."""
    row, form, now = _own(request, public_id), ReplayForm(request.POST), clock.now()
    if not form.is_valid():
        messages.error(request, _("Choose since when."))
        return _back(row)
    if _is_too_often(request, row):
        return _back(row)
    try:
        count = webhook_endpoints.replay(
            endpoint=row,
            since=now - form.span(),
            with_delivered=form.cleaned_data["with_delivered"],
            origin=access.origin(request),
            at=now,
        )
    except webhook_endpoints.EndpointDisabled as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = ngettext("%(count)s event is sent now.", "%(count)s events are sent now.", count) % {"count": count}
        messages.success(request, said if count else _("There is nothing to send again."))
    return _back(row)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_WEBHOOKS)
def delivery(request: OrganizationRequest, public_id: str, delivery_id: str) -> HttpResponse:
    """GET, POST /settings/webhooks/<id>/deliveries/<id>/: what was sent and how each try went; POST sends it again."""
    row = _own(request, public_id)
    found = get_object_or_404(read.log(row), public_id=delivery_id)
    if request.method != "POST":
        values = {"endpoint": row, "delivery": found, "tries": read.tries(found), "body": read.pretty(found.event.body)}
        return render(request, "storefront/webhooks/delivery.html", values)
    if _is_too_often(request, row):
        return _back(row)
    try:
        webhook_endpoints.redeliver(delivery=found)
    except webhook_endpoints.EndpointDisabled as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is sent again now, under the same webhook-id."))
    return redirects.see(reverse("storefront:webhook_delivery", args=[public_id, delivery_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_WEBHOOKS)
def deletion(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET, POST /settings/webhooks/<id>/deletion/: what it means, then it is gone."""
    row = _own(request, public_id)
    if request.method != "POST":
        waiting = read.log(row, states=FILTERS["waiting"]).count()
        return render(request, "storefront/webhooks/deletion.html", {"endpoint": row, "waiting": waiting})
    webhook_endpoints.delete(endpoint=row, origin=access.origin(request), at=clock.now())
    messages.success(request, _("%(url)s hears of nothing any more.") % {"url": row.url})
    return redirects.see(reverse("storefront:webhooks"))


def _own(request: OrganizationRequest, public_id: str) -> WebhookEndpoint:
    return get_object_or_404(read.of(request.organization), public_id=public_id)


def _is_too_often(request: OrganizationRequest, row: WebhookEndpoint) -> bool:
    """Say so, if an endpoint is sent tests and repeats without end: it need not be its owner's server."""
    if not limits.is_over(row.public_id, "webhook", policies.value("accounts.webhook_sends_per_hour", clock.now())):
        return False
    messages.error(request, _("That was often enough for this hour. Go on in a while."))
    return True


def _back(row: WebhookEndpoint) -> HttpResponse:
    return redirects.see(reverse("storefront:webhook", args=[row.public_id]))


def _list(
    request: OrganizationRequest,
    form: NewEndpointForm,
    *,
    made: WebhookEndpoint | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    values = {
        "form": form,
        "made": made,
        "secret": secret,
        "endpoints": read.listed(request.organization, clock.wall()),
        "sections": organizations.sections(request),
    }
    return render(request, "storefront/webhooks/listing.html", values, status=status)


def _one(
    request: OrganizationRequest, row: WebhookEndpoint, form: EndpointForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    chosen = request.GET.get("state", "")
    values = {
        "endpoint": row,
        "form": form,
        "secret": secret,
        "state": read.state(row),
        "overlap_until": read.overlap_until(row, clock.wall()),
        "nonce": new_nonce(),
        "replay_form": ReplayForm(),
        "page": _log(row, chosen, request.GET.get("before", "")),
        "filters": _filters(row, chosen),
        "is_first": not request.GET.get("before"),
        "chosen": chosen,
    }
    return render(request, "storefront/webhooks/endpoint.html", values, status=status)


def _log(row: WebhookEndpoint, chosen: str, before: str) -> Page:
    rows = read.log(row, states=FILTERS.get(chosen))
    rows = rows.filter(pk__lt=int(before)) if before.isascii() and before.isdigit() and len(before) < 19 else rows
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    return Page(found[:PER_PAGE], found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None)


def _filters(row: WebhookEndpoint, chosen: str) -> list[dict[str, Any]]:
    page = reverse("storefront:webhook", args=[row.public_id])
    offered = [("", _("All")), ("waiting", _("Waiting")), ("delivered", _("Delivered")), ("failed", _("Not taken"))]
    address = {value: f"{page}?state={value}" if value else page for value, _label in offered}
    return [{"url": address[value], "label": label, "current": value == chosen} for value, label in offered]
