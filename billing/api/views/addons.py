"""Add-ons of a subscription there is: what one costs, and having exactly that. Giving one back is a scheduled change."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, problems, schema, words
from billing.api.views import base, confirming
from billing.models import ScheduledState, SeatChange, Subscription
from billing.queries import catalog
from billing.services.changes import addons, seats
from config import clock

TAG = "Add-ons"
PREVIEW: dict[str, Any] = examples.PREVIEW | {
    "seats_after": 10,
    "seats_at_renewal": 10,
    "addon": "projects",
    "addon_after": 2,
    "lines": [
        {
            "description": "Remaining time on 2 x 25 more projects after 12 Mar 2026",
            "addon": "projects",
            "quantity": 2,
            "amount_minor": 1740,
            "starts_at": "2026-03-12T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
            "discount_minor": 0,
        }
    ],
    "subtotal_minor": 1740,
    "total_minor": 1740,
    "due_now_minor": 1740,
    "renewal_minor": 19000,
    "between_at": None,
    "between_minor": 0,
    "between_tax_minor": 0,
}
CHANGE: dict[str, Any] = examples.CHANGE | {
    "external_id": "po-120",
    "seats_after": 10,
    "addon": "projects",
    "addon_after": 2,
    "due_now_minor": 1740,
}
STANDING = (
    *(schema.ADDON_NOT_SOLD, schema.ADDON_NUMBER, schema.ADDON_WITHOUT_NUMBER, schema.ADDON_NOT_HELD),
    schema.problem("addon-leaves", 409, "It is to be given back with the period.", change="p7d2f6r3v9ya4k8s"),
    schema.problem("nothing-changes", 409, "It is had already."),
    *(schema.BUSY, schema.NOT_ACTIVE, schema.PAUSED, schema.IN_PILOT, schema.PAYMENT_PENDING, schema.TOO_MANY_CHANGES),
    *(schema.BEYOND_CREDIT, schema.REFUSED, schema.UNREACHABLE),
)


class AddonPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_addon",
        "What an add-on, or more of one, costs now",
        schema.Answer(shape=outputs.PreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing. The token confirms exactly this price for 15 minutes. "
        "In a trial nothing is due, an add-on can be given back too (`number` 0), and `first_charge` says what the first "
        "charge becomes. What is on sale is in the catalog, what is had in the subscription.",
        parameters=[inputs.LineQuery],
        body=inputs.AddonPreviewInput,
        bodies={"Two of one": {"addon": "projects", "number": 2}, "One for each seat": {"addon": "blueprints"}},
        refusals=list(STANDING),
    )
    def post(self, request: Request) -> Response:
        asked = self.body(inputs.AddonPreviewInput)
        return base.answer(outputs.PreviewOutput, words.offer(_offer(self.current(), asked)))


class AddonChanges(confirming.ConfirmingView):
    required_scopes = [Scope.BILLING_WRITE]
    about = "addon"

    @schema.make(
        "change_addon",
        "Have an add-on, or more of one",
        schema.Answer(shape=outputs.SeatChangeOutput, example=CHANGE, status=201, description="Paid: it is had."),
        schema.Answer(shape=outputs.SeatChangeOutput, example=CHANGE, name="Was there", description=schema.WAS_THERE),
        schema.under_way(
            outputs.SeatChangeOutput, CHANGE | {"state": "waiting", "concluded_at": None}, name="Waiting for payment"
        ),
        tag=TAG,
        description="Charges the card on file for exactly the previewed amount, and the add-on is had once it is paid. Send "
        "the `token` of a preview, or `addon` with the amount you expect (`expected_due_now_minor`): if it would be another, "
        "nothing is charged and the answer (409) carries the present preview. 202: the payment has to be finished by a person "
        "(`waiting`, at `finish_url`) or the provider has not answered yet (`sending`). The change is among those of seats: "
        "ask how it stands, or drop it, at `subscription/seats/changes/<id>`. Fewer of an add-on, or none, is a scheduled "
        "change.",
        parameters=[inputs.LineQuery],
        body=inputs.AddonChangeInput,
        bodies={
            "By token": {"token": examples.PREVIEW["token"], "external_id": "po-120"},
            "By number and amount": {"addon": "projects", "number": 2, "expected_due_now_minor": 1740},
        },
        refusals=[
            schema.problem("payment-declined", 402, "Your card was declined.", change=CHANGE | {"state": "declined"}),
            schema.problem("preview-stale", 409, "The price changed since the preview.", preview=PREVIEW),
            schema.problem("amount-differs", 409, "The charge would be 1740, not 1500.", preview=PREVIEW),
            schema.TAKEN,
            *STANDING,
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        return self.confirm(request, self.body(inputs.AddonChangeInput))

    def offered(self, row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
        return _offer(row, asked, nonce)

    def confirmed(self, row: Subscription, token: str, asked: dict[str, Any], at: datetime) -> SeatChange:
        return addons.confirm(row, token=token, origin=self.origin(), at=at, external_id=asked.get("external_id"))


def _offer(row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
    code, number = asked["addon"], asked.get("number")
    line = catalog.on_sale().line(row.line.code)
    sold = line.addon(code) if line else None
    if number and sold and sold.is_per_seat:
        raise problems.addon_takes_no_number("/number")
    try:
        return addons.offer(row, code=code, number=number, at=clock.now(), nonce=nonce)
    except seats.NothingChanges as error:
        raise problems.addon_had() from error
    except addons.LeavesThen as error:
        waits = row.scheduled.filter(addon__code=code, state=ScheduledState.PENDING).first()
        raise problems.with_more(error, change=waits.public_id if waits else None) from error
