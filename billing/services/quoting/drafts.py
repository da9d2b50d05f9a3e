"""A quote before it is issued: made from a cart, or from a change that somebody has just been shown the price of."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization
from accounts.origin import Origin
from billing.models import AddonPrice, Cart, CartState, Quote, QuoteKind, QuoteState, Subscription
from billing.queries import agreed
from billing.queries import carts as cart_queries
from billing.rules.preview import Preview
from billing.services.changes import addons, change_prices, plan_changes, seat_tokens, seats
from billing.services.changes.change_prices import Wanted
from billing.services.quoting import days, terms


def of_cart(
    cart: Cart,
    organization: Organization,
    *,
    origin: Origin,
    at: datetime,
    follows: Quote | None = None,
) -> Quote:
    """A draft of buying what is in a cart, which is copied: what is put into the cart later changes no quote.

    Raises terms.NotQuotable.
    """
    with transaction.atomic():
        held = hold(_copy(cart, organization, origin, at), at)
        document = terms.of_cart(held, organization, at)
        assert held.held_price is not None
        return Quote.objects.create(
            organization=organization,
            kind=QuoteKind.PURCHASE,
            line=held.plan.line,
            price=held.held_price,
            cart=held,
            follows=follows,
            **_said(document, document["due"]["total_minor"], origin, at),
        )


def of_token(organization: Organization, token: str, *, origin: Origin, at: datetime) -> Quote:
    """A draft of the change that a preview's token stands for. One Stripe call.

    Raises seats.Stale for what is no such token, and what `of_change` raises.
    """
    body, row = seat_tokens.read(token), seats.of_token(organization, token)
    wanted = change_prices.of_plain(body) if body is not None and row is not None else None
    if row is None or wanted is None:
        raise seats.Stale
    return of_change(row, wanted, origin=origin, at=at)


def of_change(  # of what, by whom, and what it takes the place of
    row: Subscription,
    wanted: Wanted,
    *,
    origin: Origin,
    at: datetime,
    follows: Quote | None = None,
) -> Quote:
    """A draft of a change. One Stripe call. Raises terms.NotQuotable in a trial, the SeatsErrors, and the gateway's errors."""
    document, due_minor = priced(row, wanted, at)
    return Quote.objects.create(
        organization=row.organization,
        kind=QuoteKind.CHANGE,
        line=row.line,
        price=wanted.price or row.price,
        subscription=row,
        wanted=wanted.plain,
        base=terms.base_of(row),
        follows=follows,
        **_said(document, due_minor, origin, at),
    )


def priced(row: Subscription, wanted: Wanted, at: datetime) -> tuple[terms.Document, int]:
    """What stands on the quote of a change, and what is due. One Stripe call."""
    check(row, wanted, at)
    shown = ask(row, wanted, at)
    return terms.of_change(row, wanted, shown, at), shown.due_now_minor


def ask(row: Subscription, wanted: Wanted, at: datetime) -> Preview:
    """The price of a change that is billed at once, in no invoice window: one for the whole day. One Stripe call.

    With a period that begins anew it is the moment's; `acceptances.offer` keeps it for the day of its document.
    """
    if change_prices.starts_anew(row, wanted):
        return change_prices.ask(row, wanted, at.replace(microsecond=0))
    return change_prices.ask(row, wanted, days.counts_from(row, at))


def check(row: Subscription, wanted: Wanted, at: datetime) -> None:
    """Whether the change can be made now. Raises terms.NotQuotable, and the SeatsError that says why not."""
    if row.is_in_trial:
        raise terms.NotQuotable("In a trial changes cost nothing.")
    if wanted.seats < row.quantity:
        raise terms.NotQuotable("Fewer seats cost nothing more.")
    kind = check_of(wanted)
    if kind is None:
        seats.check_increase(row, wanted.seats, at)
    else:
        kind(row, wanted, at)


def check_of(wanted: Wanted) -> seats.Check | None:
    """How a change of this kind is checked when it is confirmed; None: as seats are."""
    if wanted.price is not None:
        return plan_changes.check
    return addons.check if wanted.addon_price is not None else None


def hold(cart: Cart, at: datetime) -> Cart:
    """Keep the prices that are on sale at this moment in the cart of a quote. Raises terms.NotQuotable."""
    cart.held_price, cart.held_addons = None, []
    less = agreed.less(cart, parts=(), at=at)
    cart.held_agreed_id = less.terms_id if less else None
    price = cart_queries.price_row(cart)
    if price is None or cart.is_trial or cart.pilot_id is not None:
        raise terms.NotQuotable("Only a plan that is on sale, and bought at once, can be quoted.")
    names = [item.stripe_price_id for item in cart_queries.addons_of(cart)]
    cart.held_addons = list(AddonPrice.objects.filter(stripe_price_id__in=names).order_by("pk").values_list("pk", flat=True))
    cart.held_price = price
    cart.save(update_fields=["held_price", "held_addons", "held_agreed"])
    return cart


def discard(quote: Quote) -> bool:
    """Throw a draft away, with its cart. False: it was issued meanwhile."""
    with transaction.atomic():
        held = Quote.objects.select_for_update().filter(pk=quote.pk, state=QuoteState.DRAFT).first()
        if held is None:
            return False
        cart = held.cart
        held.delete()
        if cart is not None:
            cart.delete()
    return True


def _copy(cart: Cart, organization: Organization, origin: Origin, at: datetime) -> Cart:
    return Cart.objects.create(
        organization=organization,
        user=origin.actor,
        plan=cart.plan,
        seats=cart.seats,
        interval=cart.interval,
        currency=cart.currency,
        is_trial=cart.is_trial,
        pilot=cart.pilot,
        addons=cart.addons,
        promotion_code=cart.promotion_code,
        back_from=cart.back_from,
        origin=cart.origin,
        state=CartState.QUOTED,
        created_at=at,
        updated_at=at,
    )


def _said(document: terms.Document, due_minor: int, origin: Origin, at: datetime) -> dict[str, Any]:
    return {
        "document": document,
        "currency": document["currency"],
        "due_minor": due_minor,
        "period_minor": document["total_minor"],
        "actor": origin.actor,
        "source": origin.source,
        "created_at": at,
    }
