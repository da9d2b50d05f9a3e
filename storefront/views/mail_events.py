"""What mail providers tell: bounces and complaints, as JSON under a shared secret (docs/mail.md)."""

import hmac
import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import SuppressionReason
from accounts.services import suppressions
from config import clock
from storefront import limits

MOST_EVENTS = 1_000
MOST_BYTES = 1_000_000
WRONG_SECRETS_AN_HOUR = 20
CALLS_AN_HOUR = 3_600
REASONS = {"bounce": SuppressionReason.BOUNCE, "complaint": SuppressionReason.COMPLAINT}


class Unreadable(ValueError):
    """The body is not what docs/mail.md says; the text names the place."""


# A program calls, with a secret in its header and no cookie.
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> JsonResponse:
    """POST /webhooks/mail/: {"events": [{"type", "address", "permanent", "detail"}]}; says how many addresses it stopped."""
    if not settings.MAIL_WEBHOOK_SECRET:
        raise Http404
    if limits.is_over(request, "mail-events", CALLS_AN_HOUR):
        return JsonResponse({"error": "Too many calls this hour."}, status=429)
    if not _is_known(request):
        over = limits.is_over(request, "mail-events-refused", WRONG_SECRETS_AN_HOUR)
        return JsonResponse({"error": "Send Authorization: Bearer <MAIL_WEBHOOK_SECRET>."}, status=429 if over else 401)
    try:
        events = _events(request)
    except Unreadable as error:
        return JsonResponse({"error": str(error)}, status=400)
    at = clock.wall()
    stopped = sum(suppressions.suppress(address=a, reason=r, detail=d, at=at) for a, r, d in events)
    return JsonResponse({"suppressed": stopped})


def _is_known(request: HttpRequest) -> bool:
    said = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(said, f"Bearer {settings.MAIL_WEBHOOK_SECRET}".encode())


def _events(request: HttpRequest) -> list[tuple[str, SuppressionReason, str]]:
    """The events that end the writing to an address; bounces for the moment and kinds we don't know are passed over."""
    if len(request.body) > MOST_BYTES:
        raise Unreadable(f"The body is larger than {MOST_BYTES} bytes. Send it in parts.")
    try:
        said: Any = json.loads(request.body)
    except ValueError:
        raise Unreadable("The body is not JSON.") from None
    events = said.get("events") if isinstance(said, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise Unreadable(f'The body is {{"events": [...]}} with {MOST_EVENTS} events at most.')
    read = [_event(index, event) for index, event in enumerate(events)]
    return [event for event in read if event]


def _event(index: int, event: Any) -> tuple[str, SuppressionReason, str] | None:
    if not isinstance(event, dict):
        raise Unreadable(f"events[{index}] is not an object.")
    address, reason = event.get("address"), REASONS.get(str(event.get("type")))
    try:
        validate_email(address)
    except ValidationError:
        raise Unreadable(f"events[{index}].address is no e-mail address.") from None
    if reason is None or (reason is SuppressionReason.BOUNCE and event.get("permanent") is not True):
        return None
    return str(address), reason, str(event.get("detail", ""))
