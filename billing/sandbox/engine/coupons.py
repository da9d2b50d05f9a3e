"""Coupons: what is taken off, for how long, how often. Redeeming one makes a discount (`discounts`)."""

from fractions import Fraction

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

WHOLE = 100


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    _check(params, tx.now)
    identity = params.get("id") or ids.token(8)
    if tx.get("coupon", identity):
        raise errors.invalid("Coupon already exists.", "id", "resource_already_exists")
    coupon = tx.new("coupon", id=identity, duration=params.get("duration", "once"), valid=True, times_redeemed=0)
    assign(coupon, params, "amount_off", "duration_in_months", "max_redemptions", "name", "redeem_by")
    if params.get("percent_off") is not None:
        coupon["_percent"] = str(params["percent_off"])
        coupon["percent_off"] = float(Fraction(coupon["_percent"]))
    else:
        coupon["currency"] = params["currency"].lower()
        coupon["_currency_options"] = _options(coupon, params.get("currency_options"))
    coupon["_applies_to"] = params.get("applies_to")
    return tx.add(coupon)


def _check(params: Obj, now: int) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise errors.invalid("You must pass either `percent_off` or `amount_off`.", "percent_off")
    if percent is not None and not 0 < Fraction(str(percent)) <= WHOLE:
        raise errors.invalid("Invalid percent_off: it must be greater than 0 and at most 100.", "percent_off")
    if amount is not None and not params.get("currency"):
        raise errors.invalid("You must pass currency when passing amount_off", "currency")
    if amount is not None and int(amount) < 1:
        raise errors.invalid("This value must be greater than or equal to 1.", "amount_off", "parameter_invalid_integer")
    if (params.get("duration") == "repeating") != (params.get("duration_in_months") is not None):
        raise errors.invalid(
            "`duration_in_months` is required with a `duration` of repeating, and allowed with no other.", "duration_in_months"
        )
    if params.get("redeem_by") is not None and int(params["redeem_by"]) <= now:
        raise errors.invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "redeem_by")


def _options(coupon: Obj, given: Obj | None) -> Obj:
    """The amounts off by currency, the coupon's own among them."""
    more = {currency.lower(): {"amount_off": int(option["amount_off"])} for currency, option in (given or {}).items()}
    return {**(coupon.get("_currency_options") or {coupon["currency"]: {"amount_off": coupon["amount_off"]}}), **more}


def retrieve(call: Call) -> Obj:
    return call.tx.need("coupon", call.ids["id"], "coupon")


def update(call: Call) -> Obj:
    coupon = call.tx.edit("coupon", call.ids["id"], "coupon")
    assign(coupon, call.params, "name")
    if call.params.get("currency_options"):
        if coupon["amount_off"] is None:
            raise errors.invalid("`currency_options` can only be used with `amount_off`.", "currency_options")
        coupon["_currency_options"] = _options(coupon, call.params["currency_options"])
    return coupon


def delete(call: Call) -> Obj:
    """Nobody can redeem it any more; discounts made of it stay."""
    return call.tx.remove("coupon", call.ids["id"])


def list_all(call: Call) -> Page:
    return paging.listing(call.tx, "coupon", call.params, call.url, where={"created": call.params.get("created")})


def percent(row: Obj) -> Fraction:
    """The percentage of a coupon or tax rate, exactly as it was given."""
    return amounts.decimal(row.get("_percent", row.get("percent_off", row.get("percentage"))))


def amount_off(coupon: Obj, currency: str) -> int | None:
    """The fixed amount off in a currency; None for a percentage, or a currency the coupon says nothing about."""
    if coupon["amount_off"] is None:
        return None
    options = coupon.get("_currency_options") or {coupon["currency"]: {"amount_off": coupon["amount_off"]}}
    return int(options[currency]["amount_off"]) if currency in options else None


def count(tx: Transaction, identity: str) -> None:
    """Count a redemption; the last one allowed closes the coupon."""
    coupon = tx.edit("coupon", identity)
    coupon["times_redeemed"] += 1
    if coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]:
        coupon["valid"] = False
