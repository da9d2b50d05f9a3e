"""What a change costs, asked of Stripe: one call, from which both the preview and its confirmation are made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from billing import gateway
from billing.models import AddonPrice, ChangeKind, Price, Subscription
from billing.queries import addons as addon_queries
from billing.queries import booked_ends, catalog, coming, discounts
from billing.queries import tax as tax_queries
from billing.rules import addons, payment_terms, preview, smallest
from billing.rules import tax as tax_rules
from billing.services.books import items
from billing.services.mirroring import first_charges, next_prices
from billing.services.offering import catalog_stripe

# In the metadata of the line that keeps a price as it was agreed.
HELD: Final = "held_minor"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What shall be had: `seats`, and with `addon_price` `number` of that add-on (None: one for each seat; 0: none).

    With `price` the plan is another one, and the add-ons that do not go with it are given back at once.
    """

    seats: int
    addon_price: AddonPrice | None = None
    number: int | None = None
    price: Price | None = None

    @property
    def plain(self) -> dict[str, Any]:
        """For a token."""
        addon = {"a": self.addon_price.pk, "u": self.number} if self.addon_price else {}
        return {"q": self.seats, **addon, **({"r": self.price.pk} if self.price else {})}

    @property
    def is_of_seats(self) -> bool:
        return self.addon_price is None and self.price is None

    @property
    def kind(self) -> ChangeKind:
        return ChangeKind.SEATS if self.price is None else ChangeKind.PLAN


def of_plain(body: Mapping[str, Any]) -> Wanted | None:
    """What a token wants; None when it is of an add-on or a price that is no more. One query for either."""
    if "r" in body:
        wanted = Price.objects.select_related("plan__line").filter(pk=body["r"]).first()
        return Wanted(seats=body["q"], price=wanted) if wanted else None
    if "a" not in body:
        return Wanted(seats=body["q"])
    price = AddonPrice.objects.select_related("addon__line").filter(pk=body["a"]).first()
    return Wanted(seats=body["q"], addon_price=price, number=body["u"]) if price else None


def update_of(row: Subscription, wanted: Wanted) -> list[dict[str, Any]]:
    """The items of the update that makes the change. One query."""
    price = wanted.addon_price
    if wanted.price is not None:
        return items.of_plan(row, wanted.price, wanted.seats)
    if price is None:
        return items.of_seats(row, wanted.seats)
    return _with_unbilled(row, _of_addon(row, wanted, price))


def _with_unbilled(row: Subscription, changed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items of an update about something else, with the seats of an invoice window: one invoice bills it all."""
    if not row.unbilled:
        return changed
    mine = {one["id"] for one in changed if "id" in one}
    return [*(one for one in items.of_seats(row, row.quantity) if one["id"] not in mine), *changed]


def _of_addon(row: Subscription, wanted: Wanted, price: AddonPrice) -> list[dict[str, Any]]:
    held = next((one for one in addon_queries.of(row) if one.code == price.addon.code), None)
    if wanted.number == 0:
        return [{"id": held.stripe_item_id, "deleted": True}] if held else []
    quantity = row.quantity if wanted.number is None else wanted.number
    return [
        {"id": held.stripe_item_id, "quantity": quantity} if held else {"price": price.stripe_price_id, "quantity": quantity}
    ]


def starts_anew(row: Subscription, wanted: Wanted) -> bool:
    """Whether a whole period of another interval begins with the change, and what is left of the present one is given back."""
    return wanted.price is not None and wanted.price.interval != row.price.interval and not row.is_in_trial


def anchored(row: Subscription, wanted: Wanted, instant: datetime) -> dict[str, Any]:
    """At which instant an update, or its preview, counts time: `instant`, or, where a period begins with it, Stripe's own now.

    Source: Stripe takes no `proration_date` with `billing_cycle_anchor` now.
    """
    if starts_anew(row, wanted):
        return {"billing_cycle_anchor": {"type": "now"}}
    return {"proration_date": int(instant.timestamp())}


def discounts_of(row: Subscription, wanted: Wanted, at: datetime) -> dict[str, Any]:
    """What an update, or its preview, says of discounts: nothing, unless the period was bought with one that is over.

    A period that begins anew is bought with what applies now.
    """
    if starts_anew(row, wanted):
        return {}
    plan = (wanted.price or row.price).plan
    is_addon = wanted.price is None and wanted.seats == row.quantity
    found = discounts.of_added(row, plan=f"{row.line.code}/{plan.code}", is_addon=is_addon, at=at)
    return {"discounts": found} if found else {}


def after(row: Subscription, wanted: Wanted) -> next_prices.After:
    """What there is then, and what the next period begins with. Two queries."""
    held = addon_queries.of(row)
    if wanted.price is not None:
        held = coming.along(held, coming.Place.of(wanted.price))
    price = wanted.addon_price
    if price is not None:
        mine = addons.Item(
            code=price.addon.code,
            name=price.addon.name,
            number=wanted.number,
            scheme=price.scheme,
            tiers=catalog.tiers_of(price),
            stripe_price_id=price.stripe_price_id,
            interval=price.interval,
        )
        held = (*(one for one in held if one.code != mine.code), *([mine] if wanted.number != 0 else []))
    then = coming.after(row, held, wanted.seats, coming.pending(row))
    return next_prices.After(
        seats=wanted.seats,
        coming=then.seats,
        held=held,
        held_then=then.held,
        price=wanted.price or then.price,
        now=wanted.price or row.price,
    )


def _renews_at(row: Subscription, wanted: Wanted, answer: gateway.Invoice) -> datetime:
    """When the charge after this one falls: with the period there is, or with the one that begins now."""
    if not starts_anew(row, wanted):
        return row.period_ends_at
    return datetime.fromtimestamp(max(line.period.end for line in answer.lines.data), UTC)


def ask(
    row: Subscription, wanted: Wanted, instant: datetime, *, held_minor: int = 0, is_later: bool = False
) -> preview.Preview:
    """The price at an instant, with `held_minor` taken off (billing.services.changes.held_prices).

    `is_later`: the instant is the close of an invoice window. Raises the gateway's errors.
    """
    said = _asked(row, wanted, instant, held_minor)
    return preview.Preview(
        subscription_id=row.stripe_id,
        price_id=(wanted.price or row.price).stripe_price_id,
        plan=str(wanted.price.plan) if wanted.price else "",
        quantity_before=row.quantity,
        quantity_after=wanted.seats,
        addon=wanted.addon_price.addon.code if wanted.addon_price else "",
        addon_after=wanted.number,
        proration_at=instant,
        charged_at=instant if is_later else None,
        unbilled=row.unbilled,
        payable_at=_payable_at(row, instant),
        **said,
    )


def _payable_at(row: Subscription, instant: datetime) -> datetime | None:
    """Until when its invoice can be paid; None: a card is charged."""
    if not row.is_invoiced or row.is_in_trial or row.days_until_due is None:
        return None
    return payment_terms.due_at(instant, row.days_until_due)


def _asked(row: Subscription, wanted: Wanted, instant: datetime, held_minor: int) -> dict[str, Any]:
    if row.is_in_trial:
        return _in_trial(row, wanted)
    if wanted.is_of_seats and wanted.seats == row.billed:
        return _nothing(row, wanted)
    return _paid(row, wanted, instant, held_minor)


def _nothing(row: Subscription, wanted: Wanted) -> dict[str, Any]:
    """Stripe has just as many: all that was added in the window is taken back, and no invoice comes of it."""
    amounts = ("subtotal", "tax", "total", "balance_before", "balance_applied", "due_now")
    return {
        "currency": row.currency,
        "lines": (),
        **{f"{name}_minor": 0 for name in amounts},
        **next_prices.after(row, after(row, wanted), None, at=row.period_ends_at),
    }


def _paid(row: Subscription, wanted: Wanted, instant: datetime, held_minor: int) -> dict[str, Any]:
    answer = gateway.preview_invoice(
        {
            "customer": row.organization.customer.stripe_id,
            "subscription": row.stripe_id,
            "subscription_details": {
                "items": update_of(row, wanted),
                "proration_behavior": "always_invoice",
                **anchored(row, wanted, instant),
            },
            **discounts_of(row, wanted, instant),
            **({"invoice_items": [taken_off(held_minor, row.currency)]} if held_minor else {}),
        }
    )
    carried = smallest.carried_minor(answer.amount_due, answer.currency)
    then, renews_at = after(row, wanted), _renews_at(row, wanted, answer)
    ends_at = _ends_at(row, wanted, (instant, renews_at))
    if ends_at == renews_at:
        then = replace(then, coming=0)
    codes = {item.stripe_price_id: item.code for item in then.held}
    return {
        "currency": answer.currency,
        "lines": tuple(_line(line, codes) for line in answer.lines.data if not is_taken_off(line)),
        "subtotal_minor": answer.subtotal,
        "tax_minor": sum(tax.amount for tax in answer.total_taxes or []),
        "total_minor": answer.total,
        "balance_before_minor": answer.starting_balance,
        # A preview is not finalized, so Stripe says no ending balance yet: what is not due comes from (or goes to) it.
        "balance_applied_minor": answer.total - answer.amount_due,
        # Stripe says so only once the invoice is finalized: then nothing is due, and this is on the balance.
        "due_now_minor": answer.amount_due - carried,
        "carried_minor": carried,
        "discount_minor": sum(part.amount for part in answer.total_discount_amounts or []),
        "taxes": tax_queries.lines(answer.total_taxes or [], exempt=answer.customer_tax_exempt or ""),
        "ends_at": ends_at,
        **next_prices.after(row, then, answer, at=renews_at),
    }


def _ends_at(row: Subscription, wanted: Wanted, period: tuple[datetime, datetime]) -> datetime | None:
    """When it ends then, where an end is booked and the change begins a period. Two queries at most."""
    if wanted.price is None or not starts_anew(row, wanted):
        return None
    return booked_ends.moved(row, period=period, interval=wanted.price.interval)


def taken_off(minor: int, currency: str) -> dict[str, Any]:
    """The line that keeps a price as it was agreed, in an update and in its preview alike."""
    made = {"product": catalog_stripe.held_product(), "currency": currency, "unit_amount": -minor, "tax_behavior": "exclusive"}
    return {"price_data": made, "quantity": 1, "discountable": False, "metadata": {HELD: str(minor)}}


def is_taken_off(line: Any) -> bool:
    return HELD in (line.metadata or {})


def _line(line: Any, codes: Mapping[str, str]) -> preview.Line:
    details = line.pricing.price_details if line.pricing else None
    return preview.Line(
        description=line.description or "",
        quantity=int(line.quantity or 0),
        amount_minor=line.amount,
        starts_at=datetime.fromtimestamp(line.period.start, UTC),
        ends_at=datetime.fromtimestamp(line.period.end, UTC),
        discount_minor=sum(part.amount for part in line.discount_amounts or []),
        addon=codes.get(str(details.price), "") if details else "",
    )


def _in_trial(row: Subscription, wanted: Wanted) -> dict[str, Any]:
    """Nothing now, whatever the number; what Stripe says that the first charge becomes."""
    first = first_charges.at_trial_end(row, seats=wanted.seats, items=update_of(row, wanted))
    amounts = ("subtotal", "tax", "total", "balance_before", "balance_applied", "due_now")
    return {
        "currency": first.currency,
        "quantity_at_renewal": wanted.seats,
        "lines": (),
        "renewal_minor": first.subtotal_minor - first.discount_minor,
        "renewal_at": first.at,
        "renewal_discount_minor": first.discount_minor,
        "renewal_tax_minor": tax_rules.on_top(first.taxes),
        "renewal_full_minor": first.total_minor,
        "discounts": discounts.of(row),
        "first_charge": first,
        **{f"{name}_minor": 0 for name in amounts},
    }
