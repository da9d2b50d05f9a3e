"""Two payment pages were paid for one thing: the first stands, the other's money goes back in full."""

from datetime import datetime
from typing import Any

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import CheckoutAttempt, CheckoutState, StripeCommand
from billing.services import commands, notices
from billing.services.books import pilots, trials


def give_back(attempt: CheckoutAttempt, stripe_subscription_id: str, *, at: datetime) -> None:
    """Write down, in the caller's transaction, that this attempt's subscription is to be ended and refunded."""
    attempt.state, attempt.concluded_at = CheckoutState.RETURNED, at
    attempt.duplicate_stripe_subscription_id = stripe_subscription_id
    attempt.save(update_fields=["state", "concluded_at", "duplicate_stripe_subscription_id"])
    trials.release(attempt, at=at)
    pilots.release(attempt, at=at)
    commands.open_command(
        kind="checkout.return",
        target=f"checkout.return:{attempt.pk}",
        organization=attempt.organization,
        payload={"attempt": attempt.pk, "subscription": stripe_subscription_id},
        origin=Origin.stripe(),
        at=at,
        idempotency_key=f"checkout.return:{attempt.public_id}",
        for_the_pulse=True,
    )


class ReturnDuplicate(commands.Handler):
    """Cancel without proration, then refund what was paid. Each step has a key of its own, so a repeat does nothing twice."""

    def send(self, command: StripeCommand) -> dict[str, Any]:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if now.status != "canceled":
            gateway.cancel_subscription(asked["subscription"], {"invoice_now": False, "prorate": False}, key=f"{key}:cancel")
        invoice = now.latest_invoice
        if not isinstance(invoice, gateway.Invoice) or not invoice.amount_paid:
            if isinstance(invoice, gateway.Invoice) and invoice.status == "open":  # bought on invoice
                gateway.void_invoice(str(invoice.id), key=f"{key}:void")
            return {"refunded_minor": 0, "currency": now.currency}
        intent = _payment_intent(invoice)
        if (done := self._refunded(now, invoice)) is not None:
            return done  # by an earlier try under another key
        params = {"payment_intent": intent, "reason": "duplicate", "metadata": {"command": str(command.pk)}}
        refund = gateway.refund(params, key=f"{key}:refund")
        return {"refunded_minor": refund.amount, "currency": refund.currency, "refund": refund.id, "invoice": invoice.id}

    def conclude(self, command: StripeCommand, answer: dict[str, Any], at: datetime) -> dict[str, Any]:
        attempt = CheckoutAttempt.objects.select_related("organization", "actor").get(pk=command.payload["attempt"])
        journal.append(
            kind="billing.checkout.returned",
            organization=attempt.organization,
            at=at,
            origin=Origin.stripe(),
            data={"attempt": attempt.public_id, **answer},
        )
        if answer["refunded_minor"]:  # of a trial, or what a discount left nothing of, there is nothing to give back
            notices.paid_twice(attempt, amount_minor=answer["refunded_minor"], currency=answer["currency"], at=at)
        return answer

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Money of a customer is still with us: a person has to act (the admin lists failed commands)."""
        journal.append(
            kind="billing.checkout.return_failed",
            organization=command.organization,
            at=at,
            data={"command": command.pk, "why": refusal.message},
        )

    def read_back(self, command: StripeCommand) -> dict[str, Any] | None:
        """Only ended and refunded in full counts as done; anything less needs a person (`fail` says so)."""
        now = gateway.subscription(command.payload["subscription"])
        invoice = now.latest_invoice
        if now.status != "canceled" or not isinstance(invoice, gateway.Invoice):
            return None
        return self._refunded(now, invoice)

    def _refunded(self, now: gateway.Subscription, invoice: gateway.Invoice) -> dict[str, Any] | None:
        made = gateway.refunds(_payment_intent(invoice)) if invoice.amount_paid else []
        found = [one for one in made if one.status != "failed"]
        refunded = sum(one.amount for one in found)
        if refunded < invoice.amount_paid:
            return None
        refund = found[-1].id if found else ""
        return {"refunded_minor": refunded, "currency": now.currency, "refund": refund, "invoice": invoice.id}


def _payment_intent(invoice: gateway.Invoice) -> str:
    payments = invoice.payments.data if invoice.payments else []
    for payment in payments:
        intent = payment.payment.payment_intent
        if payment.status == "paid" and intent:
            return intent if isinstance(intent, str) else intent.id
    raise gateway.Refused(f"{invoice.id} has no payment that could be refunded")
