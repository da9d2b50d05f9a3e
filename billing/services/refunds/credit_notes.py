"""Credit notes and refunds as Stripe says they are, whoever made them: the store, or somebody in Stripe's dashboard."""

from datetime import datetime

from django.db.models import Sum

from accounts.origin import Origin, Source
from accounts.services import journal
from billing import gateway
from billing.models import Adjustment, CreditNote, Invoice
from billing.services import notices
from billing.services.books import bundles
from billing.services.mirroring import mirror

ISSUED = "issued"


def take(answer: gateway.CreditNote, at: datetime) -> CreditNote | None:
    """Take over a credit note, and tell the customer of a new one. One of an invoice we do not know (yet) is left alone."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("organization")
    found = invoice.filter(stripe_id=mirror.stripe_id(answer.invoice)).first()
    if found is None:
        return None
    to_card = sum(part.amount_refunded for part in answer.refunds or [])
    credited = answer.post_payment_amount - to_card - (answer.out_of_band_amount or 0)
    note, is_new = CreditNote.objects.update_or_create(
        stripe_id=answer.id,
        defaults={
            "invoice": found,
            "number": answer.number,
            "status": answer.status,
            "reason": answer.reason or "",
            "tax_minor": sum(tax.amount for tax in answer.total_taxes or []),
            "total_minor": answer.total,
            "refunded_minor": to_card,
            "credited_minor": credited,
            "issued_at": mirror.at_instant(answer.effective_at or answer.created),
            "mirrored_at": at,
        },
    )
    sums = found.credit_notes.filter(status=ISSUED).aggregate(credited=Sum("credited_minor"), refunded=Sum("refunded_minor"))
    found.credited_minor = sums["credited"] or 0
    # Refunds without a note come on top: the charge says so (take_refunded), before or after.
    found.refunded_minor = max(found.refunded_minor, sums["refunded"] or 0)
    found.save(update_fields=["credited_minor", "refunded_minor"])
    bundles.share_back(found)
    if is_new:
        _name(note)
    if is_new and note.status == ISSUED:
        _tell(note, at, is_mailed=not gateway.metadata(answer, "replacement"))  # of a replacement one mail tells
    return note


def take_refunded(answer: tuple[gateway.Charge, list[str]], at: datetime) -> None:
    """Take over what was refunded of a charge, by the invoice that it paid. A refund that failed is less again."""
    charge, invoices = answer
    # One payment of several invoices does not come from here; whose part went back could not be told.
    found = Invoice.objects.select_for_update().filter(stripe_id=invoices[0]).first() if len(invoices) == 1 else None
    if found is not None:
        found.refunded_minor, found.mirrored_at = charge.amount_refunded, at
        found.save(update_fields=["refunded_minor", "mirrored_at"])
        bundles.share_back(found)


def _name(note: CreditNote) -> None:
    """By the id that a program gave what it asked for, unless another note of the invoice has it."""
    asked = Adjustment.objects.filter(stripe_id=note.stripe_id).exclude(external_id=None)
    wanted = asked.values_list("external_id", flat=True).first()
    if wanted and not CreditNote.objects.filter(invoice=note.invoice_id, external_id=wanted).exists():
        CreditNote.objects.filter(pk=note.pk).update(external_id=wanted)


def _tell(note: CreditNote, at: datetime, *, is_mailed: bool) -> None:
    by = Adjustment.objects.filter(stripe_id=note.stripe_id).select_related("actor").first()
    journal.append(
        kind="billing.credit_note.issued",
        organization=note.invoice.organization,
        at=at,
        origin=Origin(
            actor=by.actor if by else None,
            source=Source.STRIPE if by is None else Source.API if by.api_key_id else Source.ADMIN,
        ),
        data={
            "invoice": note.invoice_id,
            "subscription": note.invoice.subscription_id,
            "number": note.number,
            "reason": note.reason,
            "amount_minor": note.total_minor,
            "refunded_minor": note.refunded_minor,
            "credited_minor": note.credited_minor,
            "currency": note.invoice.currency,
        },
    )
    if is_mailed:
        notices.given_back(note, at=at)
