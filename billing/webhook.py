"""Stripe's door (config/doors.py): verify, keep, answer. Understanding comes later (billing.services.inbox)."""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.rules import stripe_events, webhook_signatures
from billing.services import inbox
from config import clock

log = structlog.get_logger(__name__)


@csrf_exempt  # Stripe proves itself by the signature, which no browser can make
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """200 once the event is kept (or is none of ours); 400, and nothing written, for a bad signature or what is no event."""
    body, said = request.body, request.META.get("HTTP_STRIPE_SIGNATURE", "")
    now = clock.wall().timestamp()
    try:
        webhook_signatures.check(body, said, secret=settings.STRIPE_WEBHOOK_SECRET, now_seconds=now)
        event = stripe_events.read(body)
    except webhook_signatures.BadSignatureError as error:
        return _refused("The signature does not hold.", error)
    except stripe_events.NoEventError as error:
        return _refused("The body is no event.", error)
    inbox.accept(event, body=body.decode(), source="webhook")
    return HttpResponse(content_type="text/plain")


def _refused(answer: str, error: Exception) -> HttpResponse:
    log.warning("webhook_refused", reason=str(error))
    return HttpResponse(answer, status=400, content_type="text/plain")
