"""Stripe's door: verify, keep, answer. Understanding comes later (billing.services.inbox)."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import gateway
from billing.services import inbox
from config import clock

log = structlog.get_logger(__name__)


@csrf_exempt  # Stripe proves itself by the signature, which no browser can make
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """200 once the event is kept (or is none of ours), 400 for a signature that does not hold: then nothing is written."""
    try:
        event = gateway.verified_event(
            request.body, request.headers.get("Stripe-Signature", ""), now_seconds=clock.wall().timestamp()
        )
    except gateway.BadSignatureError as error:
        log.warning("webhook_refused", reason=str(error))
        return HttpResponse("The signature does not hold.", status=400, content_type="text/plain")
    inbox.accept(event, body=request.body.decode(), source="webhook")
    return HttpResponse(status=200)
