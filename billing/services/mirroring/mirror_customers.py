"""Customers as Stripe says they are: balance and default card."""

from datetime import datetime

from accounts.models import Organization
from billing import gateway
from billing.models import Customer
from billing.rules import debits
from billing.services.mirroring import mirror, tax_ids


def take(answer: gateway.Customer, at: datetime) -> None:
    """Take over the balance, what pays by default, the address and the tax ids."""
    row = Customer.objects.select_for_update().filter(stripe_id=answer.id).first()
    if row is None or getattr(answer, "deleted", False):
        return
    row.balance_minor = answer.balance or 0
    row.balance_currency = answer.currency or ""
    settings = answer.invoice_settings
    copy_card(row, settings.default_payment_method if settings else None)
    row.is_tax_exempt = answer.tax_exempt == "exempt"
    row.mirrored_at = at
    row.save()
    tax_ids.take(row, answer, at)


def copy_card(row: Customer, method: object) -> None:
    """Keep what a page shows of what pays; `method` is an expanded payment method, an id, or None. Does not save."""
    was, row.payment_method_id = row.payment_method_id, mirror.stripe_id(method)
    kind = getattr(method, "type", None)
    if kind is not None or row.payment_method_id != was:
        row.method_kind = str(kind or "")
        bank = getattr(method, kind, None) if kind in debits.DEBITS else None
        row.bank_last4 = str(getattr(bank, "last4", "") or "")
        # Of an IBAN Stripe knows the bank's code alone, which nobody knows their bank by.
        row.bank_name = str(getattr(bank, "bank_name", "") or "")
    card = getattr(method, "card", None)
    if card is not None:
        row.card_brand, row.card_last4 = card.brand, card.last4
        row.card_exp_month, row.card_exp_year = card.exp_month, card.exp_year
    elif not row.payment_method_id or kind is not None:
        row.card_brand = row.card_last4 = ""
        row.card_exp_month = row.card_exp_year = None


def bought_with(organization: Organization, method: object, at: datetime) -> bool:
    """What pays a purchase pays from now on: known at once, as all that is said of it is said by that.

    `method` is an expanded payment method; anything else says nothing. Whether Stripe has to be told, as the customer had
    another one before.
    """
    row = Customer.objects.select_for_update().filter(organization=organization).first()
    if row is None or not getattr(method, "type", None):
        return False
    before = row.payment_method_id
    copy_card(row, method)
    row.mirrored_at = at
    row.save()
    return before not in ("", row.payment_method_id)


def ensure(organization: Organization, stripe_id: str, at: datetime) -> Customer:
    """Our row for a customer Stripe has just made (or had made already)."""
    row, _created = Customer.objects.get_or_create(
        organization=organization, defaults={"stripe_id": stripe_id, "mirrored_at": at}
    )
    return row
