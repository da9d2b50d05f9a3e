"""Buying on invoice: the subscription is made by the store itself, as Stripe's payment page charges cards alone.

What stands on the invoice is asked before; its amount is worked out here, as the cart does it, and confirmed as it was shown.
The subscription begins at once; its first invoice is sent, due after the agreed days.
Source: docs/decisions/paying-by-invoice.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Organization
from accounts.origin import Origin
from billing import gateway, gateway_invoices
from billing.models import BillingDetails, Cart, CheckoutAttempt, CheckoutState, Customer, StripeCommand
from billing.queries import charges, credit, giving_back, payment_terms
from billing.queries import tax as tax_queries
from billing.queries.charges import Charge
from billing.queries.credit import Beyond
from billing.rules import payment_terms as rules
from billing.rules.giving_back import NoRate
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import pilots, quote_rows, tax_standings, trials
from billing.services.mirroring import mirror, mirror_customers
from billing.services.offering import agreed_coupons
from billing.services.selling import checkout, sessions
from billing.services.tax import tax_checkout, tax_details


class NotOnInvoice(checkout.CheckoutError):
    """This is paid by card: trials, pilots, and whoever was not given terms."""


class DetailsMissing(checkout.CheckoutError):
    """An invoice is made out to an address: `fields` of the billing details are empty."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(f"Billing details are missing: {', '.join(fields)}.")
        self.fields = fields


class AmountDiffers(checkout.CheckoutError):
    """The order costs something else than was agreed to: show `offer` again."""

    def __init__(self, offer: "Offer") -> None:
        super().__init__("The amount is another one.")
        self.offer = offer


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What an order comes to on invoice, and by when it is to be paid; `has_room`: within what may be open."""

    charge: Charge
    currency: str
    days: int
    due_at: datetime
    credit: credit.Credit
    has_room: bool
    fits: int = 0
    """Where there is no room: how many seats there would be room for; 0: for none."""

    @property
    def total_minor(self) -> int:
        """What the invoice asks for, after credit."""
        return self.charge.due_now_minor

    @property
    def beyond(self) -> Beyond:
        """What goes beyond the credit, where there is no room."""
        return Beyond(credit=self.credit, order_minor=self.total_minor, currency=self.currency, fits=self.fits)


NEEDED = ("line1", "city", "country")


def missing_details(organization: Organization) -> list[str]:
    """Which of the fields that an invoice needs are empty. One query."""
    row = BillingDetails.objects.filter(organization=organization).first() or BillingDetails()
    given = {name: getattr(row, name) for name in NEEDED} | {"country": tax_queries.country_of(organization, row)}
    return [name for name in NEEDED if not given[name]]


def is_possible(cart: Cart) -> bool:
    """Whether a cart is one that may be paid on invoice, if there are terms: trials and pilots are begun by card."""
    return not cart.is_trial and cart.pilot_id is None


def offer(cart: Cart, organization: Organization, at: datetime) -> Offer:
    """What it costs, taxed by what is known of the organization. Raises NotOnInvoice and the other CheckoutErrors."""
    days = payment_terms.days_for(cart, organization, at) if is_possible(cart) else 0
    if not days:
        raise NotOnInvoice("This is paid by card.")
    draft = checkout.draft(cart, organization, at)
    charge, currency = charges.of_attempt(draft), draft.price.currency
    found = credit.of(organization, at, ordering=draft.line, currency=currency)
    # Days that were agreed for exactly this order are credit for it, too.
    is_agreed = cart.held_price_id is not None and payment_terms.offered(cart) is not None
    has_room = is_agreed or credit.covers(organization, charge.due_now_minor, currency, at, ordering=draft.line)
    return Offer(
        charge=charge,
        currency=currency,
        days=days,
        due_at=rules.due_at(at, days),
        credit=found,
        has_room=has_room,
        fits=0 if has_room else _fits(cart, draft, found, at),
    )


def _fits(cart: Cart, draft: CheckoutAttempt, found: credit.Credit, at: datetime) -> int:
    """The most seats whose first invoice is within what may be open: what each number costs is worked out as for the order."""

    def is_within(seats: int) -> bool:
        draft.seats = seats
        due_minor = charges.of_attempt(draft).due_now_minor
        return giving_back.us_cents(due_minor, draft.price.currency, at) <= found.left

    wanted = draft.seats
    try:
        return credit.largest(wanted, cart.plan.seats_min, is_within) if found.left else 0
    except NoRate:
        return 0
    finally:
        draft.seats = wanted


def start(
    *,
    cart: Cart,
    organization: Organization,
    expected_minor: int,
    origin: Origin,
    at: datetime,
    external_id: str | None = None,
    purchase_order: str | None = None,
) -> CheckoutAttempt:
    """Buy the cart on invoice, for exactly `expected_minor` (after credit). Returns the attempt: APPLIED, or OPENING while
    Stripe does not answer (the pulse goes on).

    `purchase_order` (None: as it stands) is kept before, so that the very first invoice bears it. Two clicks at once buy once.
    Raises AmountDiffers, BeyondCredit, DetailsMissing, NotOnInvoice and the CheckoutErrors.
    """
    missing = missing_details(organization)
    if missing:
        raise DetailsMissing(missing)
    tax_standings.catch_up(organization)
    offered = offer(cart, organization, at)
    if offered.total_minor != expected_minor:
        raise AmountDiffers(offered)
    if not offered.has_room:
        raise checkout.BeyondCredit(offered.beyond)
    if purchase_order is not None:
        tax_details.save(organization, {"purchase_order": purchase_order}, origin=origin, at=at)
    attempt = checkout.start_invoiced(
        cart=cart, organization=organization, origin=origin, at=at, days=offered.days, external_id=external_id
    )
    if attempt.state == CheckoutState.APPLIED and attempt.subscription is not None:
        inbox.read_now(attempt.subscription.latest_invoice_id)
    return attempt


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What Stripe holds: the customer, the account for its transfers ({}: none), and the subscription."""

    customer: str
    account: dict[str, str]
    subscription: gateway.Subscription


def account_of(customer: str, currency: str, bank_transfer: dict[str, Any] | None) -> dict[str, str]:
    """The account for a customer's transfers; {} where Stripe has none for us. Raises Unreachable."""
    if bank_transfer is None:
        return {}
    asked = {"bank_transfer": bank_transfer, "currency": currency, "funding_type": "bank_transfer"}
    try:
        told = rules.account(gateway_invoices.funding_instructions(customer, asked))
    except gateway.Refused:  # bank transfers are not switched on: cards can pay invoices all the same
        return {}
    return told | {"currency": currency} if told else {}


class BuyOnInvoice(commands.Handler):
    """The command: the customer if Stripe does not know it yet, its account for transfers, then the subscription."""

    def send(self, command: StripeCommand) -> Bought:
        asked, key = command.payload, command.idempotency_key
        assert command.organization is not None
        agreed_coupons.make(asked.get("agreed"), key=key)
        customer = asked["customer"]
        if not customer:
            own = f"customer:{command.organization.public_id}:{key}"
            customer = gateway.create_customer(asked["new_customer"], key=own).id
        wanted = asked["invoiced"]
        account = account_of(customer, wanted["currency"], wanted["bank_transfer"])
        settings = rules.payment_settings(wanted["bank_transfer"] if account else None)
        params = {**wanted["subscription"], "customer": customer, "payment_settings": settings}
        made = gateway_invoices.create_subscription(params, key=key)
        return Bought(customer=customer, account=account, subscription=made)

    def conclude(self, command: StripeCommand, answer: Bought, at: datetime) -> dict[str, Any]:
        assert command.organization is not None
        Organization.objects.select_for_update(no_key=True).get(pk=command.organization.pk)
        row = mirror_customers.ensure(command.organization, answer.customer, at)
        if answer.account:
            Customer.objects.filter(pk=row.pk).update(bank_account=answer.account)
        if not command.payload["customer"]:
            tax_checkout.tell_what_changed(command.organization, since=command.created_at, at=at)
        attempt = CheckoutAttempt.objects.get(pk=command.payload["attempt"])
        if command.organization.currency != answer.subscription.currency:
            Organization.objects.filter(pk=command.organization.pk).update(currency=answer.subscription.currency)
        held = sessions.bought(attempt, answer.subscription, at)
        inbox.touch(Kind.INVOICE, mirror.stripe_id(answer.subscription.latest_invoice))
        return {"subscription": answer.subscription.id, "state": held.state}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        attempt = CheckoutAttempt.objects.select_for_update(of=("self",)).get(pk=command.payload["attempt"])
        attempt.state, attempt.message, attempt.concluded_at = CheckoutState.FAILED, refusal.message[:300], at
        quote_rows.not_bought(attempt, at)
        attempt.save(update_fields=["state", "message", "concluded_at"])
        trials.release(attempt, at=at)
        pilots.release(attempt, at=at)

    def read_back(self, command: StripeCommand) -> Bought | None:
        """The subscription with this attempt's name in its metadata."""
        asked, name = command.payload, command.payload["invoiced"]["subscription"]["metadata"]["attempt"]
        for customer in [asked["customer"]] if asked["customer"] else _customers(command):
            for one in gateway_invoices.subscriptions_of(customer):
                if gateway.metadata(one, "attempt") == name:
                    account = account_of(customer, asked["invoiced"]["currency"], asked["invoiced"]["bank_transfer"])
                    return Bought(customer=customer, account=account, subscription=one)
        return None


def _customers(command: StripeCommand) -> list[str]:
    """Those that Stripe has under our organization's name, made by an answer that never came."""
    email, organization = command.payload["new_customer"]["email"], command.organization
    found, _more = gateway.customers({"email": email, "limit": 100}) if email else ([], False)
    wanted = organization.public_id if organization else ""
    return [one.id for one in found if gateway.metadata(one, "organization") == wanted]
