"""Discounts: coupons redeemed for a customer, a subscription, an item or an invoice; worked into lines; ended by time or use.

Order: an item's own discounts come before those of the invoice, each on what the ones before it left. A subscription without
discounts has its customer's.
"""

from dataclasses import dataclass
from fractions import Fraction

from billing.sandbox import errors, ids, offers
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts, coupons, periods, promotion_codes
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

Part = tuple[str, Fraction]


@dataclass(frozen=True)
class Holder:
    """Who redeems, and for what: at most one of the ids. `amount`: minor units before discounts, for a code's minimum."""

    customer: str
    currency: str
    amount: int
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None


# Making and ending


def redeem(tx: Transaction, given: list[Obj] | str | None, holder: Holder, param: str = "discounts") -> list[str]:
    """Discounts of coupons, promotion codes or existing discounts; their ids, in the order given."""
    made: list[str] = []
    for index, entry in enumerate(given or []):
        where = f"{param}[{index}]"
        assert isinstance(entry, dict)
        if entry.get("discount"):
            made.append(tx.need("discount", entry["discount"], f"{where}[discount]")["id"])
        else:
            made.append(_redeem(tx, entry, holder, where))
    if len(set(made)) < len(made):
        raise errors.invalid("The same discount can't be applied twice.", param)
    return made


def _redeem(tx: Transaction, entry: Obj, holder: Holder, where: str) -> str:
    code = entry.get("promotion_code")
    if bool(code) == bool(entry.get("coupon")):
        raise errors.invalid("Pass exactly one of `coupon`, `promotion_code` and `discount`.", where)
    promotion = tx.need("promotion_code", code, f"{where}[promotion_code]") if code else None
    param = f"{where}[promotion_code]" if promotion else f"{where}[coupon]"
    coupon = tx.need("coupon", promotion["promotion"]["coupon"] if promotion else entry["coupon"], param)
    if promotion:
        promotion_codes.check(tx, promotion, holder.customer, (holder.amount, holder.currency), param)
    if not offers.coupon(tx, coupon):
        raise errors.invalid(f"Coupon {coupon['id']} is expired and cannot be applied.", param, "coupon_expired")
    if coupon["amount_off"] is not None and coupons.amount_off(coupon, holder.currency) is None:
        raise errors.invalid(
            f"The coupon {coupon['id']} takes off {coupon['currency']} and can't be used with {holder.currency}.", param
        )
    coupons.count(tx, coupon["id"])
    if promotion:
        promotion_codes.count(tx, promotion["id"])
    return _make(tx, tx.need("coupon", coupon["id"]), promotion, holder)


def _make(tx: Transaction, coupon: Obj, promotion: Obj | None, holder: Holder) -> str:
    months = coupon["duration_in_months"] if coupon["duration"] == "repeating" else None
    row = tx.new(
        "discount",
        id=ids.fresh("discount"),
        source={"type": "coupon", "coupon": coupon["id"]},
        start=tx.now,
        end=periods.after(tx.now, "month", months, 1) if months else None,
        customer=holder.customer,
        subscription=holder.subscription,
        subscription_item=holder.subscription_item,
        invoice=holder.invoice,
        invoice_item=holder.invoice_item,
        promotion_code=promotion["id"] if promotion else None,
        _coupon=dict(coupon),
    )
    tx.add(row)
    if holder.subscription and not holder.subscription_item:
        tx.emit("customer.discount.created", row)
    return str(row["id"])


def release(tx: Transaction, identities: list[str]) -> None:
    """Say of each of these discounts that it is over. The holder forgets them."""
    for identity in identities:
        row = tx.need("discount", identity)
        if not row["subscription_item"] and not row["invoice"] and not row["invoice_item"]:
            tx.emit("customer.discount.deleted", row)


def replace(tx: Transaction, subscription: Obj, given: list[Obj] | str, holder: Holder) -> None:
    """Set a subscription's discounts anew; those that are not named again are over."""
    before = subscription["discounts"]
    subscription["discounts"] = redeem(tx, given, holder)
    release(tx, [identity for identity in before if identity not in subscription["discounts"]])
    note_end(tx, subscription)


def note_end(tx: Transaction, subscription: Obj) -> None:
    """Remember when the first of a subscription's discounts ends: the clock looks at it."""
    held = [*subscription["discounts"], *(each for item in subscription["items"]["data"] for each in item["discounts"])]
    ends = [row["end"] for row in (tx.need("discount", identity) for identity in held) if row["end"]]
    subscription["_discount_ends"] = min(ends, default=None)


def end_of_subscription(tx: Transaction, identity: str) -> None:
    """The time of some of a subscription's discounts, or of its items', is over."""
    subscription = tx.edit("subscription", identity)
    over = _over(tx, subscription["discounts"])
    release(tx, over)
    subscription["discounts"] = [row for row in subscription["discounts"] if row not in over]
    for item in subscription["items"]["data"]:
        past = _over(tx, item["discounts"])
        item["discounts"] = [row for row in item["discounts"] if row not in past]
    note_end(tx, subscription)


def end_of_customer(tx: Transaction, identity: str) -> None:
    """The time of a customer's discount is over."""
    customer = tx.edit("customer", identity)
    release(tx, [customer["discount"]])
    customer.update(discount=None, _discount_ends=None)


def _over(tx: Transaction, identities: list[str]) -> list[str]:
    rows = [tx.need("discount", identity) for identity in identities]
    return [row["id"] for row in rows if row["end"] and row["end"] <= tx.now]


def consume(tx: Transaction, subscription: Obj, rows: list[Obj]) -> None:
    """Take off the discounts that were good for one invoice, now that one has used them. A trial's invoice uses none."""
    used = {row for line in rows for row in line["discounts"] if coupon_of(tx, tx.need("discount", row))["duration"] == "once"}
    if not used:
        return
    release(tx, [row for row in subscription["discounts"] if row in used])
    subscription["discounts"] = [row for row in subscription["discounts"] if row not in used]
    for item in subscription["items"]["data"]:
        item["discounts"] = [row for row in item["discounts"] if row not in used]
    customer = tx.need("customer", subscription["customer"])
    if customer.get("discount") in used:
        end_of_customer(tx, customer["id"])


def delete(call: Call) -> Obj:
    """The API's removal of the discounts of a customer or a subscription."""
    kind, identity = ("customer", call.ids["customer"]) if "customer" in call.ids else ("subscription", _only(call.ids))
    holder = call.tx.edit(kind, identity)
    call.tx.follow(identity if kind == "customer" else holder["customer"])
    held = [holder["discount"]] if kind == "customer" and holder["discount"] else list(holder.get("discounts") or [])
    if not held:
        raise errors.invalid(f"No active discount for {kind}: {identity}", code="resource_missing")
    release(call.tx, held)
    if kind == "customer":
        holder.update(discount=None, _discount_ends=None)
    else:
        holder["discounts"] = []
        note_end(call.tx, holder)
    return {"id": held[-1], "object": "discount", "deleted": True}


def _only(found: dict[str, str]) -> str:
    return next(iter(found.values()))


# What applies


def of_invoice(tx: Transaction, customer: Obj, subscription: Obj | None) -> list[str]:
    """The discounts an invoice begins with: its subscription's, else its customer's."""
    own = list((subscription or {}).get("discounts") or [])
    return own or ([customer["discount"]] if customer.get("discount") else [])


def coupon_of(tx: Transaction, discount: Obj) -> Obj:
    """The coupon as it is, or as it was when it was redeemed, if it is deleted."""
    return tx.get("coupon", discount["source"]["coupon"]) or discount["_coupon"]


def _live(tx: Transaction, identities: list[str], at: int) -> list[tuple[str, Obj]]:
    rows = [tx.need("discount", identity) for identity in identities]
    return [(row["id"], coupon_of(tx, row)) for row in rows if row["end"] is None or row["end"] > at]


def _covers(coupon: Obj, product: str | None) -> bool:
    products = (coupon.get("_applies_to") or {}).get("products")
    return not products or product in products


def _product(line: Obj) -> str | None:
    return ((line["pricing"] or {}).get("price_details") or {}).get("product")


def apply(tx: Transaction, rows: list[Obj], identities: list[str], at: int) -> None:
    """Work discounts into lines: each line's own (`_discounts`), then those of the whole invoice, as they stand at `at`."""
    for line in rows:
        line["discounts"], line["discount_amounts"] = [], []
    own = list(dict.fromkeys(identity for line in rows for identity in line.get("_discounts") or []))
    for identity, coupon in _live(tx, own, at):
        _take(identity, coupon, [line for line in rows if identity in (line.get("_discounts") or [])])
    for line in rows:
        line["_own_discount"] = total(line)
    for identity, coupon in _live(tx, identities, at):
        _take(identity, coupon, rows)


def _take(identity: str, coupon: Obj, rows: list[Obj]) -> None:
    """One discount: a percentage of each line, half up; a fixed amount shared out among them."""
    chosen = [line for line in rows if line["discountable"] and line["amount"] > 0 and _covers(coupon, _product(line))]
    if not chosen:
        return
    left = [line["amount"] - total(line) for line in chosen]
    off = coupons.amount_off(coupon, chosen[0]["currency"])
    if coupon["percent_off"] is not None:
        parts = [amounts.half_up(coupons.percent(coupon) * amount / 100) for amount in left]
    elif off is not None:
        parts = amounts.shares(min(off, sum(left)), left)
    else:
        return
    for line, part in zip(chosen, parts, strict=True):
        line["discounts"] = [*line["discounts"], identity]
        line["discount_amounts"] = [*line["discount_amounts"], {"amount": part, "discount": identity}]


def total(line: Obj) -> int:
    """The sum of a line's discounts."""
    return sum(part["amount"] for part in line["discount_amounts"])


@dataclass
class _Lot:
    """Items of one interval, what is left of each full period, and what was taken off the one that is asked about."""

    wanted: str
    currency: str
    products: dict[str, str]
    left: dict[str, Fraction]
    parts: list[Part]

    def take(self, tx: Transaction, identities: list[str], rows: list[str]) -> None:
        for identity, coupon in _live(tx, identities, tx.now):
            chosen = [row for row in rows if self.left[row] > 0 and _covers(coupon, self.products[row])]
            share = self._share(coupon, sum((self.left[row] for row in chosen), Fraction(0)))
            if self.wanted in chosen and share:
                self.parts.append((identity, self.left[self.wanted] * share))
            for row in chosen:
                self.left[row] -= self.left[row] * share

    def _share(self, coupon: Obj, whole: Fraction) -> Fraction:
        """The part of a sum that a coupon takes."""
        if coupon["percent_off"] is not None:
            return coupons.percent(coupon) / 100
        off = coupons.amount_off(coupon, self.currency)
        return min(Fraction(off), whole) / whole if off and whole else Fraction(0)


def of_item(tx: Transaction, subscription: Obj, item: Obj) -> list[Part]:
    """What each discount takes off an item's full period, exactly.

    A fixed amount is shared by all items of that interval, in proportion to what the discounts before it left of them.
    """
    prices = {row["id"]: tx.need("price", row["price"]) for row in subscription["items"]["data"]}
    every = _interval(prices[item["id"]])
    rows = [row for row in subscription["items"]["data"] if _interval(prices[row["id"]]) == every]
    left = {row["id"]: amounts.of_price(prices[row["id"]], row["quantity"]) for row in rows}
    products = {identity: price["product"] for identity, price in prices.items()}
    lot = _Lot(item["id"], prices[item["id"]]["currency"], products, left, [])
    for row in rows:
        lot.take(tx, row["discounts"], [row["id"]])
    lot.take(tx, of_invoice(tx, tx.need("customer", subscription["customer"]), subscription), list(left))
    return lot.parts


def _interval(price: Obj) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]
