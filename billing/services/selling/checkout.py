"""From the cart to Stripe's payment page.

One open attempt per organization and line: a new one first expires the old session, and if that turns out to be paid, there is
nothing left to open. What a paid session means is decided in billing.services.selling.sessions, whoever hears of it first.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import Cart, CheckoutAttempt, CheckoutState, PilotFee, Price, StripeCommand, Subscription
from billing.queries import agreed, bundles, charges, credit, currencies, payment_terms, promotions, terms
from billing.queries import carts as cart_queries
from billing.queries import pilots as pilot_queries
from billing.queries.promotions import Entered
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import credit_room, pilots, tax_standings, trials
from billing.services.mirroring import mirror_customers
from billing.services.offering import agreed_coupons
from billing.services.selling import orders, sessions
from billing.services.tax import tax_checkout, tax_details
from config import clock

# Stripe allows 30 minutes to 24 hours.
SESSION_OPEN_FOR = timedelta(hours=23)
# While a trial's page is open no colleague's organization can begin the company's one trial.
TRIAL_OPEN_FOR = timedelta(hours=2)
# A page for another cart may be opening at the same moment: it is opened, expired, and then ours is.
SETTLE_TRIES = 3


class CheckoutError(Exception):
    """A purchase that cannot be started."""


class AlreadyBought(CheckoutError):
    """A live subscription stands for this line, or for one of a bundle's: its seats and plan are changed there."""

    def __init__(self, subscription: Subscription) -> None:
        super().__init__("There is a live subscription already.")
        self.subscription = subscription


class SeatsOutOfRange(CheckoutError):
    """Self-service sells `minimum` to `maximum` seats of this plan."""

    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(f"{minimum} to {maximum} seats can be bought here.")
        self.minimum, self.maximum = minimum, maximum


class NotOnSale(CheckoutError):
    """The plan is no longer sold at this interval and currency; the cart has to be looked at again."""


class CurrencyLocked(CheckoutError):
    """The organization pays in `currency` while anything in it is open."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"This organization pays in {currency.upper()}.")
        self.currency = currency


class BeyondCredit(CheckoutError):
    """More would be open on invoices than may be."""

    def __init__(self, beyond: credit.Beyond) -> None:
        super().__init__("More would be open on invoices than may be.")
        self.beyond = beyond


class CodeRefused(CheckoutError):
    """The cart's promotion code does not hold; `entered.refusal` says why. The cart is kept, with the code to be mended."""

    def __init__(self, entered: Entered) -> None:
        super().__init__(f"The code {entered.code} cannot be used: {entered.refusal}.")
        self.entered = entered


def start(
    *,
    cart: Cart,
    organization: Organization,
    origin: Origin,
    at: datetime,
    external_id: str | None = None,
    purchase_order: str | None = None,
    details: Mapping[str, str] | None = None,
    back: str = "",
) -> CheckoutAttempt:
    """Open Stripe's payment page for the cart. Returns the attempt: OPEN with its `url`, APPLIED when an older session turned
    out to be paid, or OPENING when Stripe does not answer (the pulse goes on; the page says so).

    `purchase_order` (None: as it stands) and the other billing details (of tax_details.FIELDS) are kept and told Stripe before,
    so that the very first invoice bears them. `back` is the address of whoever pays by a quote's link; everybody else comes
    back to the attempt.
    Two clicks at once get the same attempt; a caller who names it gets one of this name. Raises the CheckoutErrors above,
    trials.Refused for a cart that is to be tried, and pilots.Refused for one that is a pilot's.
    """
    said = dict(details or {}) | ({} if purchase_order is None else {"purchase_order": purchase_order})
    if said:
        _check(cart, organization)
        tax_details.save(organization, said, origin=origin, at=at)
    tax_standings.catch_up(organization)
    for _again in range(SETTLE_TRIES):
        applied = _settle_open_attempt(organization, cart, external_id)
        if applied is not None:
            return applied
        attempt = _open(cart, organization, origin=origin, at=at, external_id=external_id, back=back)
        if attempt.state == CheckoutState.OPENING:
            _execute(attempt)
        if attempt.state != CheckoutState.OPEN or _is_same(attempt, cart, external_id):
            return attempt
    return attempt


def look_up(attempt: CheckoutAttempt) -> CheckoutAttempt:
    """Ask Stripe how an open attempt stands (the return page does, whichever of it and the event comes first)."""
    if attempt.state == CheckoutState.OPEN and attempt.stripe_session_id:
        session = gateway.session(attempt.stripe_session_id)
        with transaction.atomic(durable=True):
            sessions.apply(session, clock.now())
        attempt.refresh_from_db()
    return attempt


def start_invoiced(
    *, cart: Cart, organization: Organization, origin: Origin, at: datetime, days: int, external_id: str | None
) -> CheckoutAttempt:
    """Buy on invoice, once: the command's own work. For selling.invoiced, which has asked whether it may be."""
    applied = _settle_open_attempt(organization, cart, external_id, is_invoiced=True)
    if applied is not None:
        return applied
    attempt = _open(cart, organization, origin=origin, at=at, external_id=external_id, days=days)
    if attempt.state == CheckoutState.OPENING:
        _execute(attempt)
    return attempt


def draft(cart: Cart, organization: Organization, at: datetime) -> CheckoutAttempt:
    """An attempt as it would be, not saved: what it costs is asked of it. Raises the CheckoutErrors."""
    price, entered, less = _check(cart, organization), _code(cart, at), agreed.less(cart, parts=(), at=at)
    return CheckoutAttempt(
        organization=organization,
        line=cart.plan.line,
        cart=cart,
        price=price,
        seats=cart.seats,
        addons=_addons(cart),
        promotion=entered.row if entered else None,
        agreed_id=less.terms_id if less else None,
        created_at=at,
        expires_at=at,
    )


def _execute(attempt: CheckoutAttempt) -> None:
    for command_id in StripeCommand.objects.filter(target=_target(attempt), state="open").values_list("pk", flat=True):
        commands.execute(command_id)
    attempt.refresh_from_db()


def _settle_open_attempt(
    organization: Organization, cart: Cart, external_id: str | None, *, is_invoiced: bool = False
) -> CheckoutAttempt | None:
    """Expire the session that is still open, unless it is for the same thing; one that was paid is applied and returned."""
    line = cart.plan.line_id
    old = (
        CheckoutAttempt.objects.filter(organization=organization, line=line, state=CheckoutState.OPEN)
        .select_related("promotion", "cart")
        .first()
    )
    if old is None or old.stripe_session_id is None:
        return None
    if not is_invoiced and _is_same(old, cart, external_id) and tax_checkout.is_as_opened(old):
        return None
    sessions.end(old)
    return old if old.state == CheckoutState.APPLIED else None


def _is_same(attempt: CheckoutAttempt, cart: Cart, external_id: str | None) -> bool:
    if attempt.expires_at <= clock.now() + timedelta(minutes=5) or external_id not in (None, attempt.external_id):
        return False
    if cart.pk != attempt.cart_id and (cart.held_price_id or attempt.cart.held_price_id):
        return False  # a quote's page leads back to its own link
    code = attempt.promotion.code if attempt.promotion else ""
    fee = pilot_queries.fee_of(cart) if cart.pilot_id else None
    is_same_way = bool(attempt.trial_days) == cart.is_trial and attempt.pilot_fee_id == (fee.pk if fee else None)
    is_same_thing = attempt.price_id == _price(cart).pk and attempt.seats == cart.seats and attempt.addons == _addons(cart)
    less = agreed.less(cart, parts=(), at=clock.now())
    is_same_price = code == cart.promotion_code and attempt.agreed_id == (less.terms_id if less else None)
    return is_same_way and is_same_thing and is_same_price


def _open(  # what, by whom, and how it is paid
    cart: Cart,
    organization: Organization,
    *,
    origin: Origin,
    at: datetime,
    external_id: str | None,
    back: str = "",
    days: int = 0,
) -> CheckoutAttempt:
    """Breath 1. The organization's row is the lock: of two clicks the second finds the first one's attempt.

    With `days` it is bought on invoice (selling.invoiced).
    """
    with transaction.atomic(durable=True):
        locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        price = _check(cart, locked)
        known = CheckoutAttempt.objects.filter(
            organization=locked, line=cart.plan.line_id, state__in=(CheckoutState.OPENING, CheckoutState.OPEN)
        ).first()
        if known is not None:
            return known
        if days and (cart.held_price_id is None or payment_terms.offered(cart) is None):
            _check_room(cart, locked, at)
        entered, less = _code(cart, at), agreed.less(cart, parts=(), at=at)
        if cart.organization_id is None:
            Cart.objects.filter(pk=cart.pk).update(organization=locked)
        attempt = CheckoutAttempt.objects.create(
            organization=locked,
            line=cart.plan.line,
            cart=cart,
            price=price,
            seats=cart.seats,
            addons=_addons(cart),
            payment_days=days,
            trial_days=cart.plan.trial_days if cart.is_trial else 0,
            pilot_fee=_fee(cart),
            promotion=entered.row if entered else None,
            agreed_id=less.terms_id if less else None,
            actor=origin.actor,
            external_id=external_id,
            created_at=at,
            expires_at=at + (TRIAL_OPEN_FOR if cart.is_trial else SESSION_OPEN_FOR),
        )
        if cart.is_trial:
            trials.claim(attempt, user=origin.actor, at=at)
        pilots.claim(attempt, at=at)
        commands.open_command(
            kind="checkout.invoice" if days else "checkout.open",
            target=_target(attempt),
            organization=locked,
            payload=orders.payload(attempt, locked, origin, back=back),
            origin=origin,
            at=at,
        )
        journal.append(
            kind="billing.checkout.started",
            organization=locked,
            at=at,
            origin=origin,
            data={"attempt": attempt.public_id, "plan": cart.plan.code, "seats": cart.seats},
        )
    return attempt


def _check_room(cart: Cart, organization: Organization, at: datetime) -> None:
    """Asked again where no other order or change of the organization's is made meanwhile."""
    credit_room.hold_for(organization.pk)
    wanted = draft(cart, organization, at)
    due_minor, currency = charges.of_attempt(wanted).due_now_minor, wanted.price.currency
    if not credit.covers(organization, due_minor, currency, at):
        found = credit.of(organization, at, currency=currency)
        raise BeyondCredit(credit.Beyond(credit=found, order_minor=due_minor, currency=currency))


def _check(cart: Cart, organization: Organization) -> Price:
    parts = bundles.parts_of(cart.plan)
    live = bundles.in_the_way(organization, line_id=cart.plan.line_id, parts=parts)
    if live is not None:
        raise AlreadyBought(live)
    if cart.held_price_id is None:
        most = terms.most_seats(organization.pk, cart.plan, cart.seats)
        if not cart.plan.seats_min <= cart.seats <= most:
            raise SeatsOutOfRange(cart.plan.seats_min, most)
    if organization.currency != cart.currency and (held := currencies.held(organization)):
        raise CurrencyLocked(held)
    return _price(cart)


def _fee(cart: Cart) -> PilotFee | None:
    if cart.pilot_id is None:
        return None
    fee = pilot_queries.fee_of(cart)
    if fee is None:
        raise NotOnSale("This pilot is no longer offered like this.")
    return fee


def _code(cart: Cart, at: datetime) -> Entered | None:
    entered = promotions.of_cart(cart, parts=(0,), at=at)
    if entered is not None and not entered.is_taken:
        raise CodeRefused(entered)
    return entered


def _price(cart: Cart) -> Price:
    price = cart_queries.price_row(cart)
    if price is None:
        raise NotOnSale("This plan is no longer sold like this.")
    return price


def _addons(cart: Cart) -> list[dict[str, Any]]:
    """What the cart has of add-ons that are still sold for it."""
    found = cart_queries.addons_of(cart)
    return [{"code": item.code, "number": item.number, "stripe_price_id": item.stripe_price_id} for item in found]


def _target(attempt: CheckoutAttempt) -> str:
    return f"checkout:{attempt.organization_id}:{attempt.line_id}"


class OpenSession(commands.Handler):
    """The command: make the customer if Stripe does not know the organization yet, then the session."""

    def send(self, command: StripeCommand) -> tuple[str, gateway.Session]:
        asked = command.payload
        agreed_coupons.make(asked.get("agreed"), key=command.idempotency_key)
        customer = asked["customer"]
        if not customer:
            # The organization's own key: whichever attempt comes first makes the one customer.
            assert command.organization is not None
            customer = gateway.create_customer(
                asked["new_customer"], key=f"customer:{command.organization.public_id}:{command.idempotency_key}"
            ).id
        return customer, gateway.create_session({**asked["session"], "customer": customer}, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: tuple[str, gateway.Session], at: datetime) -> dict[str, Any]:
        customer_id, session = answer
        assert command.organization is not None
        mirror_customers.ensure(command.organization, customer_id, at)
        if not command.payload["customer"]:
            tax_checkout.tell_what_changed(command.organization, since=command.created_at, at=at)
        attempt = CheckoutAttempt.objects.select_for_update(of=("self",)).get(pk=command.payload["attempt"])
        attempt.stripe_session_id, attempt.url, attempt.state = session.id, session.url or "", CheckoutState.OPEN
        attempt.expires_at = datetime.fromtimestamp(session.expires_at, UTC)
        attempt.save(update_fields=["stripe_session_id", "url", "state", "expires_at"])
        if command.organization.currency != attempt.price.currency:
            Organization.objects.filter(pk=command.organization.pk).update(currency=attempt.price.currency)
        # The event may have come before this row knew the session's id.
        inbox.touch(Kind.SESSION, session.id)
        return {"session": session.id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        attempt = CheckoutAttempt.objects.select_for_update(of=("self",)).get(pk=command.payload["attempt"])
        attempt.state, attempt.message, attempt.concluded_at = CheckoutState.FAILED, refusal.message[:300], at
        attempt.save(update_fields=["state", "message", "concluded_at"])
        trials.release(attempt, at=at)
        pilots.release(attempt, at=at)

    def read_back(self, command: StripeCommand) -> None:
        """An unopened session hurts nobody: it expires by itself, and the buyer starts anew."""
        return None  # noqa: RET501 - the protocol's answer for "did not take place"
