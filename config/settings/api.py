"""How the API answers, and how it is described."""

from config.settings.brand import BRAND
from config.settings.environment import MODE, Mode

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.json_bodies.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.handle",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "DEFAULT_THROTTLE_CLASSES": [] if MODE is Mode.TEST else ["accounts.authentication.KeyThrottle"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{BRAND['name']} store API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "DESCRIPTION": "What the pages show and change, for programs. Money is integer minor units of `currency`; errors are "
    "problem documents (RFC 9457) whose `type` is stable.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "WEBHOOKS": [
        f"billing.api.webhook_shapes.ON_{name}"
        for name in (
            *("SUBSCRIPTION_STARTED", "SUBSCRIPTION_UPDATED", "SUBSCRIPTION_RENEWED", "SUBSCRIPTION_ENDED"),
            *("SEATS_CHANGED", "SEAT_ASSIGNED", "SEAT_RELEASED", "ENTITLEMENTS_CHANGED"),
            *("INVOICE_SENT", "INVOICE_OVERDUE", "INVOICE_PAID", "INVOICE_PAYMENT_FAILED", "INVOICE_CREDITED", "PING"),
            *("SUBSCRIPTION_SUNSET", "INVOICE_DEBITED", "INVOICE_PAYMENT_RETURNED", "INVOICE_REPLACED"),
            *("QUOTE_ISSUED", "QUOTE_ACCEPTED", "QUOTE_LAPSED", "QUOTE_WITHDRAWN", "AGREEMENT_BEGAN", "AGREEMENT_ENDED"),
        )
    ],
    "ENUM_NAME_OVERRIDES": {
        "SeatChangeState": "billing.models.seats.ChangeState",
        "ScheduledChangeState": "billing.models.seats.ScheduledState",
        "SeatChangeKind": "billing.models.seats.ChangeKind",
        "ScheduledKind": "billing.models.seats.ScheduledKind",
        "LedgerKind": "billing.models.seats.LedgerKind",
        "MissingPaymentStep": "billing.api.outputs.MISSING_STEPS",
        "SubscriptionAccess": "billing.models.Access",
        "SubscriptionStatus": "billing.models.SubscriptionStatus",
        "InvoiceStatus": "billing.models.invoice.InvoiceStatus",
        "CartState": "billing.models.checkout.CartState",
        "CheckoutState": "billing.models.checkout.CheckoutState",
        "InvitationState": "accounts.models.InvitationState",
        "InvitationStanding": "billing.api.views.invitations.STANDINGS",
        "ApiKeyState": "billing.api.views.api_keys.STATES",
        "RequestState": "billing.api.views.requests.STATES",
        "CreditNoteKind": "billing.api.views.credit_notes.KINDS",
        "CreditNoteReason": "billing.api.views.credit_notes.REASONS",
        "WebhookState": "billing.api.views.webhook_endpoints.STATES",
        "WebhookStop": "accounts.models.WebhookStop",
        "DeliveryState": "accounts.models.DeliveryState",
        "QuoteKind": "billing.models.quote.QuoteKind",
        "QuoteState": "billing.api.views.quotes.STATES",
        "QuoteWay": "billing.models.quote.QuoteWay",
        "PaymentOutcome": "billing.api.outcomes.OUTCOMES",
    },
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "displayRequestDuration": True},
}
