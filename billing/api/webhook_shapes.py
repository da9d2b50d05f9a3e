"""What webhooks say, each type with its shape and an example: the `webhooks` of the API's description."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from accounts.models import WebhookType
from accounts.services import webhook_events
from billing.api import agreements, entitlement_outputs, examples, outputs
from billing.api.views import credit_notes, invoices, quotes

SIGNED = "Signed as Standard Webhooks says: `webhook-id`, `webhook-timestamp`, `webhook-signature`."
SENT: Final = {"status": "open", "paid_at": None, "remaining_minor": 18000, "due_at": "2026-03-30T09:30:00Z"}
UNTOLD: Final = ("addressed_to", "approver_email", "note", "approval_url", "accepted_by")
DEBITED: Final = SENT | {"due_at": None, "debited_at": "2026-03-12T09:30:00Z", "debit_arrives_on": "2026-03-19"}
RETURNED: Final = {"amount_minor": 18000, "currency": "usd", "reason": "debit_not_authorized"}
OVER: Final = {"state": "ended", "is_in_force": False, "ended_at": "2027-03-01T00:00:00Z"}
CAUSE = "What made it so, for example `cancellation.scheduled`; others may come."


class WhoseOutput(outputs.Output):
    """The organization that it is about."""

    id = serializers.CharField()
    external_id = outputs.external_id()


class SubscriptionNews(outputs.Output):
    organization = WhoseOutput()
    subscription = outputs.SubscriptionOutput()
    cause = serializers.CharField(help_text=CAUSE)


class SeatsDelta(outputs.Output):
    delta = serializers.IntegerField(help_text="Seats more or less.")
    seats = serializers.IntegerField(help_text="After it.")
    addon = serializers.CharField(help_text=outputs.ADDON)
    addon_after = serializers.IntegerField(allow_null=True, help_text=outputs.ADDON_AFTER)


class SeatsNews(SubscriptionNews):
    change = SeatsDelta()


class SeatHolderOutput(outputs.Output):
    """Of a member, or held for somebody who is invited. Who that is, say `members` and `invitations`."""

    member = serializers.IntegerField(allow_null=True)
    external_id = serializers.CharField(allow_null=True, help_text="Your own id of the person.")
    invitation = serializers.IntegerField(allow_null=True)


class SeatNews(outputs.Output):
    organization = WhoseOutput()
    subscription = serializers.CharField(help_text="Its id.")
    seat = SeatHolderOutput()


class EntitlementsNews(outputs.Output):
    """All features of the organization; ask about a person by `entitlements`. An older `version` than the last is old news."""

    organization = WhoseOutput()
    version = serializers.IntegerField()
    entitlements = entitlement_outputs.EntitlementOutput(many=True)


class InvoiceNews(outputs.Output):
    organization = WhoseOutput()
    invoice = invoices.InvoiceDetailOutput()


class CreditNews(InvoiceNews):
    credit_note = credit_notes.CreditNoteOutput()


class ReturnedOutput(outputs.Output):
    amount_minor = serializers.IntegerField(help_text="What the bank took back.")
    currency = serializers.CharField()
    reason = serializers.CharField(help_text="Stripe's own word; of a bank debit for example `debit_not_authorized`.")


class ReturnedNews(InvoiceNews):
    returned = ReturnedOutput()


class ReplacedNews(InvoiceNews):
    replacement = serializers.CharField(help_text="The number of the new one, which is told of by a `replaces` of its own.")
    credit_note = serializers.CharField(help_text="The number of the note that takes back the old one.")


class QuoteToldOutput(quotes.QuoteOutput):
    """A quote without the people who are on it, and without the link that accepts it: `quotes/<id>` says them."""

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name not in UNTOLD}


class QuoteNews(outputs.Output):
    organization = WhoseOutput()
    quote = QuoteToldOutput()


class AgreementNews(outputs.Output):
    organization = WhoseOutput()
    agreement = agreements.AgreementOutput()


class PingedOutput(outputs.Output):
    id = serializers.CharField()


class PingNews(outputs.Output):
    organization = WhoseOutput(allow_null=True)
    webhook_endpoint = PingedOutput()


QUOTE: Final = {name: value for name, value in quotes.EXAMPLE.items() if name not in UNTOLD}
WHOSE: Final = {"id": "k3m9x2c7w5nq8h4t", "external_id": "crm-42"}
SUBSCRIPTION: Final = {"organization": WHOSE, "subscription": examples.SUBSCRIPTION}
DELTA: Final = {"delta": 3, "seats": 13, "addon": "", "addon_after": None}
SEAT: Final = {"member": 4711, "external_id": "u-93", "invitation": None}
ENDS: Final = {
    "ends_at": "2026-06-30T09:30:00Z",
    "answer_by": "2026-06-29T09:30:00Z",
    "without_answer": "ends",
    "chosen": "",
}
ENTITLED: Final = {"version": 41, "entitlements": [examples.ENTITLEMENT]}
# Type: the shape of its data, an example of it, and when it is sent.
SHAPES: Final[dict[WebhookType, tuple[type[outputs.Output], dict[str, Any], str]]] = {
    WebhookType.SUBSCRIPTION_STARTED: (
        SubscriptionNews,
        SUBSCRIPTION | {"cause": "subscription.started"},
        "A plan was bought, a trial or a pilot began.",
    ),
    WebhookType.SUBSCRIPTION_UPDATED: (
        SubscriptionNews,
        SUBSCRIPTION | {"cause": "change.scheduled"},
        "What is to come of it changed, its discounts, trial, pilot or pause; or a payment is missing.",
    ),
    WebhookType.SUBSCRIPTION_RENEWED: (
        SubscriptionNews,
        SUBSCRIPTION | {"cause": "subscription.renewed"},
        "The next period began. What waited for it comes as `seats.changed` of its own.",
    ),
    WebhookType.SUBSCRIPTION_SUNSET: (
        SubscriptionNews,
        {"organization": WHOSE, "subscription": examples.SUBSCRIPTION | {"plan_end": ENDS}, "cause": "sunset.told"},
        "Its plan is being discontinued: `plan_end` says until when it is had, and by when to choose. Once for each notice.",
    ),
    WebhookType.SUBSCRIPTION_ENDED: (SubscriptionNews, SUBSCRIPTION | {"cause": "seats.ended"}, "It is over."),
    WebhookType.SEATS_CHANGED: (
        SeatsNews,
        SUBSCRIPTION | {"cause": "seats.added", "change": DELTA},
        "More or fewer seats were had from then on, another add-on or another plan: an entry of the ledger.",
    ),
    WebhookType.SEAT_ASSIGNED: (
        SeatNews,
        {"organization": WHOSE, "subscription": "sub_1QxExample", "seat": SEAT},
        "A seat was given to a member, or is held for somebody who is invited.",
    ),
    WebhookType.SEAT_RELEASED: (
        SeatNews,
        {"organization": WHOSE, "subscription": "sub_1QxExample", "seat": SEAT},
        "A seat was taken back.",
    ),
    WebhookType.ENTITLEMENTS_CHANGED: (
        EntitlementsNews,
        {"organization": WHOSE, **ENTITLED},
        (
            "Something that is granted changed, whatever made it so: drop what you keep. Many changes at once are told once. "
            "What the calendar changes by itself (`until`, `resets_at`) and a new catalog of the vendor's are not told."
        ),
    ),
    WebhookType.INVOICE_SENT: (
        InvoiceNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL | SENT},
        "It is to be paid by `due_at`; what it bills works already.",
    ),
    WebhookType.INVOICE_OVERDUE: (
        InvoiceNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL | SENT},
        "It was not paid by `due_at`. What follows when, the subscription's `missing_payment` says.",
    ),
    WebhookType.INVOICE_PAID: (InvoiceNews, {"organization": WHOSE, "invoice": invoices.DETAIL}, "An invoice was paid."),
    WebhookType.INVOICE_PAYMENT_FAILED: (
        InvoiceNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL | {"status": "open", "paid_at": None, "remaining_minor": 18000}},
        "A try to collect it failed, of a bank debit days after it began; `next_attempt_at` says whether it goes on.",
    ),
    WebhookType.INVOICE_DEBITED: (
        InvoiceNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL | DEBITED},
        "A bank was asked to pay it. It is open until the money has arrived, usually by `debit_arrives_on`, and not late.",
    ),
    WebhookType.INVOICE_PAYMENT_RETURNED: (
        ReturnedNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL, "returned": RETURNED},
        "A bank took back what was paid: a debit that was returned, or a charge whose dispute was lost.",
    ),
    WebhookType.INVOICE_REPLACED: (
        ReplacedNews,
        {
            "organization": WHOSE,
            "invoice": invoices.DETAIL | SENT,
            "replacement": "ACME-0008",
            "credit_note": "ACME-0007-CN",
        },
        "It named a wrong address or purchase order: a credit note and a new invoice took its place. No money moved.",
    ),
    **{
        kind: (QuoteNews, {"organization": WHOSE, "quote": QUOTE | {"state": state}}, description)
        for kind, state, description in (
            (WebhookType.QUOTE_ISSUED, "open", "A numbered quote holds its price until `lapses_at`."),
            (
                WebhookType.QUOTE_ACCEPTED,
                "accepted",
                "It was accepted, and what it offers is had; `accepted_way` says how.",
            ),
            (WebhookType.QUOTE_LAPSED, "lapsed", "Nobody accepted it in time."),
            (WebhookType.QUOTE_WITHDRAWN, "withdrawn", "It was taken back, or a newer one took its place."),
        )
    },
    WebhookType.AGREEMENT_BEGAN: (
        AgreementNews,
        {"organization": WHOSE, "agreement": agreements.EXAMPLE},
        "What a person agreed to beside the catalog holds from now on.",
    ),
    WebhookType.AGREEMENT_ENDED: (
        AgreementNews,
        {"organization": WHOSE, "agreement": agreements.EXAMPLE | OVER},
        "It is over, at its day or before it; `afterwards` says what is true now.",
    ),
    WebhookType.INVOICE_CREDITED: (
        CreditNews,
        {"organization": WHOSE, "invoice": invoices.DETAIL, "credit_note": credit_notes.EXAMPLE},
        "A credit note was issued for it, by whoever.",
    ),
    WebhookType.PING: (
        PingNews,
        {"organization": WHOSE, "webhook_endpoint": {"id": "p7d2f6r3v9ya4k8s"}},
        "Somebody asked for a test. Endpoints need not subscribe to it.",
    ),
}


def _envelope(kind: WebhookType, data: type[outputs.Output]) -> type[serializers.Serializer[Any]]:
    """What stands around the data. Made so, because `data` is a name that serializers have themselves."""
    members = {
        "type": serializers.ChoiceField(choices=[(kind.value, kind.value)]),
        "timestamp": serializers.DateTimeField(help_text="When it happened, in store time."),
        "api_version": serializers.DateField(help_text="The version of the API whose shapes `data` has."),
        "data": data(),
    }
    name = "".join(word.capitalize() for word in kind.value.replace(".", "_").split("_"))
    return type(f"{name}WebhookOutput", (outputs.Output,), members)


def _said(kind: WebhookType) -> OpenApiWebhook:
    shape, example, description = SHAPES[kind]
    envelope = {"type": kind.value, "timestamp": "2026-03-12T09:30:00Z", "api_version": webhook_events.VERSION}
    one = OpenApiExample(kind.value, value=envelope | {"data": example}, request_only=True)
    return OpenApiWebhook(
        name=kind.value,
        decorator=extend_schema(
            operation_id=f"on_{kind.value.replace('.', '_')}",
            summary=kind.label,
            description=f"{description} {SIGNED}",
            tags=["Webhooks"],
            request=_envelope(kind, shape),
            responses={"2XX": OpenApiResponse(description="Taken. Anything else is sent again; 410 disables the endpoint.")},
            examples=[one],
        ),
    )


# Each a name of its own, as drf-spectacular wants them in the settings; a test holds that none is missing.
ON_SUBSCRIPTION_STARTED = _said(WebhookType.SUBSCRIPTION_STARTED)
ON_SUBSCRIPTION_UPDATED = _said(WebhookType.SUBSCRIPTION_UPDATED)
ON_SUBSCRIPTION_RENEWED = _said(WebhookType.SUBSCRIPTION_RENEWED)
ON_SUBSCRIPTION_ENDED = _said(WebhookType.SUBSCRIPTION_ENDED)
ON_SEATS_CHANGED = _said(WebhookType.SEATS_CHANGED)
ON_SEAT_ASSIGNED = _said(WebhookType.SEAT_ASSIGNED)
ON_SEAT_RELEASED = _said(WebhookType.SEAT_RELEASED)
ON_ENTITLEMENTS_CHANGED = _said(WebhookType.ENTITLEMENTS_CHANGED)
ON_INVOICE_SENT = _said(WebhookType.INVOICE_SENT)
ON_INVOICE_OVERDUE = _said(WebhookType.INVOICE_OVERDUE)
ON_INVOICE_PAID = _said(WebhookType.INVOICE_PAID)
ON_INVOICE_PAYMENT_FAILED = _said(WebhookType.INVOICE_PAYMENT_FAILED)
ON_INVOICE_CREDITED = _said(WebhookType.INVOICE_CREDITED)
ON_SUBSCRIPTION_SUNSET = _said(WebhookType.SUBSCRIPTION_SUNSET)
ON_INVOICE_DEBITED = _said(WebhookType.INVOICE_DEBITED)
ON_INVOICE_PAYMENT_RETURNED = _said(WebhookType.INVOICE_PAYMENT_RETURNED)
ON_INVOICE_REPLACED = _said(WebhookType.INVOICE_REPLACED)
ON_QUOTE_ISSUED = _said(WebhookType.QUOTE_ISSUED)
ON_QUOTE_ACCEPTED = _said(WebhookType.QUOTE_ACCEPTED)
ON_QUOTE_LAPSED = _said(WebhookType.QUOTE_LAPSED)
ON_QUOTE_WITHDRAWN = _said(WebhookType.QUOTE_WITHDRAWN)
ON_AGREEMENT_BEGAN = _said(WebhookType.AGREEMENT_BEGAN)
ON_AGREEMENT_ENDED = _said(WebhookType.AGREEMENT_ENDED)
ON_PING = _said(WebhookType.PING)
