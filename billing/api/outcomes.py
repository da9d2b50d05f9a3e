"""How a charge went that somebody agreed to: done, under way, waiting for the bank's confirmation, or declined."""

from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.response import Response

from billing.api import outputs, problems
from billing.models import ChangeState, CommandState, SeatChange, StripeCommand
from billing.services.books import first_payments

WAITING: Final = "waiting"
OUTCOMES: Final = ("done", "open", WAITING, "declined")
DONE: dict[str, Any] = {"outcome": "done", "message": "", "payment_url": None}


class OutcomeOutput(outputs.Output):
    outcome = serializers.ChoiceField(
        choices=OUTCOMES,
        help_text="`done`: it is so; `open`: the payment provider has not answered; `waiting`: a person finishes the payment "
        "at `payment_url`; `declined`: nothing was charged, and everything is as it was.",
    )
    message = serializers.CharField(help_text="Why it was declined; else empty.")
    payment_url = serializers.URLField(allow_null=True, help_text="While it waits: where a person finishes the payment.")


def answer(shape: type[OutcomeOutput], command: StripeCommand, **more: Any) -> Response:
    """201 of what is settled, 202 of what is not. Raises payment-provider-refused for a command that failed."""
    if command.state == CommandState.FAILED:
        raise problems.provider_refused()
    url = command.result.get("payment_url") or None
    outcome, message = command.state, command.error if command.state == CommandState.DECLINED else ""
    if url is not None:
        outcome, message = _of_waiting(first_payments.of_command(command))
    said = {"outcome": outcome, "message": message, "payment_url": url if outcome == WAITING else None}
    is_settled = outcome in (CommandState.DONE, CommandState.DECLINED)
    return Response(shape(said | more).data, status=status.HTTP_201_CREATED if is_settled else status.HTTP_202_ACCEPTED)


def _of_waiting(change: SeatChange | None) -> tuple[str, str]:
    """What a payment that had to wait has become since: outcome and message."""
    if change is None or change.state == ChangeState.WAITING:
        return WAITING, ""
    if change.state == ChangeState.DONE:
        return CommandState.DONE, ""
    return CommandState.DECLINED, _("The payment was not finished. Nothing was charged.")
