"""The mails that billing's flows cause: written as rows in the causing transaction, to the people who decide about money.

Templates are under templates/emails/billing/. Amounts go as minor units beside their currency, instants as aware datetimes;
the outbox formats them in each recipient's language and the organization's time zone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Source
from accounts.queries import policies
from accounts.services import billing_contacts, outbox
from billing.models import (
    AUTOMATIC,
    UNDOING,
    Adjustment,
    CheckoutAttempt,
    CreditNote,
    Invoice,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatAssignment,
    SeatChange,
    StripeCommand,
    Subscription,
)
from billing.queries import promotion_words
from billing.services import charge_notes, notice_facts

DECIDERS = (Role.OWNER, Role.BILLING_ADMIN)


def deciders(organization: Organization) -> list[User]:
    """Owners and billing admins."""
    live = Membership.objects.live().filter(organization=organization, role__in=DECIDERS, user__is_active=True)
    return [membership.user for membership in live.select_related("user").order_by("pk")]


def renewal_url(line: str) -> str:
    """The page of a renewal."""
    return f"{settings.STORE_URL}{reverse('storefront:renewal')}?{urlencode({'line': line})}"


def write(kind: str, subject_row: str, organization: Organization, context: dict[str, Any], at: datetime) -> None:
    """The mail `billing/<kind>` to each of the deciders, once for `subject_row`."""
    full = {"organization": organization.name, **context}
    for person in deciders(organization):
        outbox.write(kind=f"billing/{kind}", subject_row=subject_row, to=person, organization=organization, context=full, at=at)


def _write_to_contacts(kind: str, subject_row: str, invoice: Invoice, context: dict[str, Any], at: datetime) -> None:
    """The same to the billing contacts, in each one's language; they have no way into the store, so the link is their own.

    A contact who decides about money has got the mail already: one row an address.
    """
    for contact in billing_contacts.verified(invoice.organization):
        outbox.write(
            kind=f"billing/{kind}",
            subject_row=subject_row,
            to=contact.email,
            organization=invoice.organization,
            context={
                "organization": invoice.organization.name,
                **context,
                "invoice_url": billing_contacts.invoice_url(contact, invoice.pk),
                "contact_url": billing_contacts.url(contact),
            },
            locale=contact.locale,
            at=at,
        )


def plan_of(row: Subscription) -> dict[str, Any]:
    """What most of these mails say: the plan, its interval and currency, and when the period ends."""
    return {
        "plan": row.plan.name,
        "interval": row.price.interval,
        "currency": row.currency,
        "period_ends_at": row.period_ends_at,
    }


def welcome(row: Subscription, attempt: CheckoutAttempt, *, at: datetime) -> None:
    """The subscription has started."""
    context = {**plan_of(row), "seats": row.quantity, "is_invoiced": row.is_invoiced, "how": notice_facts.how(row)}
    write("welcome", f"subscription:{row.pk}", row.organization, context, at)


def increased(change: SeatChange, *, at: datetime) -> None:
    """More seats, paid."""
    row = change.subscription
    context = {
        **plan_of(row),
        "seats_before": change.quantity_before,
        "seats": change.quantity_after,
        "added": change.quantity_after - change.quantity_before,
        "amount_minor": change.due_now_minor,
        "payable_at": change.payable_at,
        **charge_notes.of_change(change),
        "how": notice_facts.how(row),
        "renewal_minor": renewal_minor(change.preview),
        "by": str(change.actor or ""),
    }
    kind, more = _by_itself(change, at)
    write(kind, f"seat_change:{change.pk}", row.organization, context | more, at)


def _by_itself(change: SeatChange, at: datetime) -> tuple[str, dict[str, Any]]:
    """The mail's kind, and what it says besides of seats that the store added by itself, or that were given back again."""
    if change.nonce.startswith(AUTOMATIC):
        hours = policies.value("billing.expansion_undo_hours", at=at)
        path = reverse("storefront:expansion_undo", args=[change.public_id])
        return "seats_expanded", {"undo_until": at + timedelta(hours=hours), "undo_url": settings.STORE_URL + path}
    if change.nonce.startswith(UNDOING):
        return "expansion_undone", {"back_minor": -change.preview["total_minor"]}
    return "seats_added", {}


def addon_added(change: SeatChange, *, at: datetime) -> None:
    """An add-on, paid; in a trial, free for now, or given back."""
    assert change.addon_price is not None
    row, charge = change.subscription, change.preview.get("first_charge")
    is_apart = change.addon_price.interval != row.price.interval
    context = {
        **plan_of(row),
        # Charged by the month beside a plan by the year: what, and when next.
        "monthly_at": datetime.fromtimestamp(change.preview["between_at"], UTC) if is_apart else None,
        "monthly_minor": change.preview["between_minor"] + change.preview["between_tax_minor"] if is_apart else None,
        "addon": change.addon_price.addon.name,
        "number": change.addon_after,
        "is_gone": change.addon_after == 0,
        "is_trial": charge is not None,
        "amount_minor": change.due_now_minor,
        "payable_at": change.payable_at,
        **charge_notes.of_change(change),
        "how": notice_facts.how(row),
        "renewal_minor": charge["due_minor"] if charge else renewal_minor(change.preview),
        "by": str(change.actor or ""),
    }
    write("addon_added", f"seat_change:{change.pk}", row.organization, context, at)


def plan_changed(change: SeatChange, *, at: datetime) -> None:
    """Another plan, paid (for a year that began, or for the rest of the period); in a trial, free for now."""
    row, charge = change.subscription, change.preview.get("first_charge")
    context = {
        "ends_at": notice_facts.ends_at(row),
        "is_year": change.command is not None and "billing_cycle_anchor" in change.command.payload,
        **plan_of(row),
        "seats": change.quantity_after,
        "is_trial": charge is not None,
        "amount_minor": change.due_now_minor,
        "payable_at": change.payable_at,
        **charge_notes.of_change(change),
        "how": notice_facts.how(row),
        "renewal_minor": charge["due_minor"] if charge else renewal_minor(change.preview),
        "by": str(change.actor or ""),
    }
    write("plan_changed", f"seat_change:{change.pk}", row.organization, context, at)


def plan_scheduled(change: ScheduledChange, *, at: datetime) -> None:
    """Another plan, or interval, from the period's end on."""
    context = {**plan_of(change.subscription), **_plan_after(change), "effective_at": change.effective_at}
    context["ends_at"] = notice_facts.ends_with(change)
    write("plan_scheduled", f"scheduled:{change.pk}", change.subscription.organization, context, at)


def _plan_after(change: SeatChange | ScheduledChange) -> dict[str, Any]:
    assert change.price_after is not None
    return {"plan_after": change.price_after.plan.name, "interval_after": change.price_after.interval}


def addon_scheduled(change: ScheduledChange, *, at: datetime) -> None:
    """An add-on, or some of it, goes with the period."""
    assert change.addon is not None
    context = {
        **plan_of(change.subscription),
        "addon": change.addon.name,
        "number": change.addon_after,
        "effective_at": change.effective_at,
    }
    write("addon_scheduled", f"scheduled:{change.pk}", change.subscription.organization, context, at)


def renewal_minor(agreed: dict[str, Any]) -> int | None:
    """What the renewal will come to, with tax, by what was agreed to."""
    found: int | None = agreed.get("renewal_minor")
    return found if found is None else found + agreed.get("renewal_tax_minor", 0)


def increase_waits(change: SeatChange, *, at: datetime) -> None:
    """More seats, once the payment is finished; until when, and where."""
    context = {
        **plan_of(change.subscription),
        "seats": change.quantity_after,
        "amount_minor": change.due_now_minor,
        "expires_at": change.expires_at,
        "refusal": change.message,
        "pay_url": settings.STORE_URL + reverse("storefront:seat_change", args=[change.public_id]),
    }
    kind, more = _about(change, "waiting")
    write(kind, f"seat_change:{change.pk}", change.subscription.organization, context | more, at)


def increase_expired(change: SeatChange, *, at: datetime) -> None:
    """Not paid in time: nothing was charged, the seats are as they were."""
    context = {**plan_of(change.subscription), "seats": change.quantity_after, "amount_minor": change.due_now_minor}
    kind, more = _about(change, "expired")
    write(kind, f"seat_change:{change.pk}", change.subscription.organization, context | more, at)


def _about(change: SeatChange, verb: str) -> tuple[str, dict[str, Any]]:
    """The mail's kind, and what it says besides of a plan or an add-on."""
    if change.price_after is not None:
        return f"plan_{verb}", _plan_after(change)
    if change.addon_price is None:
        return f"seats_{verb}", {}
    return f"addon_{verb}", {"addon": change.addon_price.addon.name}


def seats_scheduled(change: ScheduledChange, *, coming: int, at: datetime) -> None:
    """Fewer or more seats from the period's end on."""
    context = {
        **plan_of(change.subscription),
        "delta": change.delta,
        "seats": change.subscription.quantity,
        "coming": coming,
        "effective_at": change.effective_at,
    }
    write("seats_scheduled", f"scheduled:{change.pk}", change.subscription.organization, context, at)


def end_scheduled(change: ScheduledChange, *, at: datetime) -> None:
    """Cancelled: what is kept until when, and how to take it back."""
    row = change.subscription
    context = {**plan_of(row), **notice_facts.unpaid(row), **notice_facts.unbilled(row), **notice_facts.monthly(row)}
    context |= {"how": notice_facts.how(row), "seats": row.quantity, "effective_at": change.effective_at}
    context["is_booked"] = change.state == ScheduledState.BOOKED
    # Ended by the store, as nobody answered: which question.
    context["unanswered"] = (change.reason_code or "plan") if change.source == Source.SYSTEM.value else ""
    write("cancellation", f"scheduled:{change.pk}", change.subscription.organization, context, at)


def taken_back(change: ScheduledChange, *, at: datetime) -> None:
    """A scheduled change or the cancellation was taken back."""
    kind = "cancellation_taken_back" if change.kind == ScheduledKind.END else "scheduled_taken_back"
    context = {**plan_of(change.subscription), "delta": change.delta, "seats": change.subscription.quantity}
    if change.kind == ScheduledKind.END:  # what goes on is what there is from the next period on
        waiting = change.subscription.scheduled.filter(state=ScheduledState.PENDING)
        context["seats"] += sum(waiting.values_list("delta", flat=True))
    if change.addon is not None:
        kind, context = "addon_kept", context | {"addon": change.addon.name}
    if change.price_after is not None:
        kind, context = "plan_kept", context | _plan_after(change)
    write(kind, f"scheduled:{change.pk}", change.subscription.organization, context, at)


def ended(row: Subscription, *, at: datetime) -> None:
    """The subscription is over, and what of it could not be charged."""
    context = {**plan_of(row), **notice_facts.unpaid(row), "ended_at": row.ended_at or at}
    write("ended", f"subscription:{row.pk}", row.organization, context, at)


def seats_lost(row: Subscription, seats: Sequence[SeatAssignment], *, at: datetime) -> None:
    """People lost their seats without anybody naming them: who, so that somebody can put it right."""
    who = [str(seat.membership.user if seat.membership else seat.invitation.email if seat.invitation else "") for seat in seats]
    newest = max(seat.pk for seat in seats)
    write("seats_lost", f"seat:{newest}", row.organization, {**plan_of(row), "seats": row.quantity, "people": who}, at)


def receipt(invoice: Invoice, *, at: datetime, is_back: bool = False) -> None:
    """An invoice was paid: amount, number, lines. `is_back`: everything can be used again, now that it is."""
    found = list(invoice.lines.all())
    lines = [
        {
            "description": line.description,
            "quantity": line.quantity,
            "amount_minor": line.amount_minor,
            "addon": line.addon,
            "tiers": line.tiers,
            "starts_at": line.starts_at,
            "ends_at": line.ends_at,
        }
        for line in found
    ]
    context = {
        "invoice": invoice.pk,
        "invoice_url": settings.STORE_URL + reverse("storefront:invoice_hosted", args=[invoice.stripe_id]),
        "number": invoice.number,
        "purchase_order": invoice.purchase_order,
        "amount_minor": invoice.amount_paid_minor,
        "tax_minor": invoice.tax_minor,
        "taxes": invoice.taxes,
        "discounts": [
            {**one, "amount_minor": -one["amount_minor"]} for one in promotion_words.taken(invoice.discounts) if one["name"]
        ],
        "worked_in": promotion_words.worked_in(invoice.discounts) if any(line.is_proration for line in found) else [],
        "discount_minor": sum(one["amount_minor"] for one in invoice.discounts if one["name"]) - invoice.discount_minor,
        **charge_notes.of_invoice(invoice),
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
        "paid_at": invoice.paid_at or at,
        "lines": lines,
        "is_back": is_back,
    }
    write("receipt", f"invoice:{invoice.pk}", invoice.organization, context, at)
    _write_to_contacts("receipt", f"invoice:{invoice.pk}", invoice, context, at)


def being_debited(invoice: Invoice, *, at: datetime) -> None:
    """A bank account is about to be debited: how much, for which invoice, and by when it has usually arrived."""
    arrives_on = invoice.debit_arrives_on
    context = {
        "invoice": invoice.pk,
        "invoice_url": settings.STORE_URL + reverse("storefront:invoice_hosted", args=[invoice.stripe_id]),
        "number": invoice.number,
        "amount_minor": invoice.amount_remaining_minor,
        "currency": invoice.currency,
        "last4": invoice.organization.customer.bank_last4,
        "arrives_at": datetime.combine(arrives_on, time(12), UTC) if arrives_on else None,
    }
    about = f"invoice:{invoice.pk}:{invoice.attempt_count}"
    write("being_debited", about, invoice.organization, context, at)
    _write_to_contacts("being_debited", about, invoice, context, at)


def payment_failed(invoice: Invoice, *, at: datetime) -> None:
    """A charge of what nobody has any more was declined: the amount, when it is tried again, where to mend it.

    Of a subscription that goes on dunning_mails tells.
    """
    context = {
        "invoice": invoice.pk,
        "invoice_url": settings.STORE_URL + reverse("storefront:invoice_hosted", args=[invoice.stripe_id]),
        "number": invoice.number,
        "amount_minor": invoice.amount_remaining_minor,
        "currency": invoice.currency,
        "next_attempt_at": invoice.next_attempt_at,
        "how": notice_facts.tried(invoice.organization),
    }
    about = f"invoice:{invoice.pk}:{invoice.attempt_count}"
    write("payment_failed", about, invoice.organization, context, at)
    _write_to_contacts("payment_failed", about, invoice, context, at)


def paid_twice(attempt: CheckoutAttempt, *, amount_minor: int, currency: str, at: datetime) -> None:
    """Two payment pages were paid: this one's money is on its way back."""
    context = {"amount_minor": amount_minor, "currency": currency, "plan": attempt.price.plan.name, "seats": attempt.seats}
    write("paid_twice", f"checkout:{attempt.pk}", attempt.organization, context, at)


def card_changed(organization: Organization, command: StripeCommand, *, at: datetime) -> None:
    """A new card, or a bank account, is in use."""
    card = organization.customer
    context = {"card_brand": card.card_brand, "last4": card.card_last4, "bank_last4": card.bank_last4}
    write("card_changed", f"command:{command.pk}", organization, context, at)


def given_back(note: CreditNote, *, at: datetime) -> None:
    """A credit note: how much went back, to the card or as credit, and with which tax."""
    invoice = note.invoice
    context = {
        "invoice": invoice.pk,
        "invoice_url": settings.STORE_URL + reverse("storefront:credit_notes", args=[invoice.stripe_id]),
        "number": invoice.number,
        "note_number": note.number,
        "amount_minor": note.total_minor,
        "tax_minor": note.tax_minor,
        "refunded_minor": note.refunded_minor,
        "credited_minor": note.credited_minor,
        "lowered_minor": note.lowered_minor,
        "how": invoice.how.value,
        "currency": invoice.currency,
    }
    write("given_back", f"credit_note:{note.pk}", invoice.organization, context, at)
    _write_to_contacts("given_back", f"credit_note:{note.pk}", invoice, context, at)


def credited(row: Adjustment, *, at: datetime) -> None:
    """A credit that the next invoice takes."""
    context: dict[str, Any] = {"amount_minor": row.amount_minor, "currency": row.currency}
    if row.subscription is not None:
        context |= {"time_count": row.time_count, "time_unit": row.time_unit, "plan": row.subscription.plan.name}
    write("credited", f"adjustment:{row.pk}", row.organization, context, at)
