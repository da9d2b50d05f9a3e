"""Promotion codes: words that customers type to redeem a coupon, and who may use them for what."""

from billing.sandbox import errors, ids, offers, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# A customer with one of these, even an unpaid one, has bought before.
BOUGHT = {"open", "paid", "uncollectible"}


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    coupon = tx.need("coupon", params["promotion"].get("coupon"), "promotion[coupon]")
    code = params.get("code") or ids.token(8).upper()
    if find(tx, code) is not None:
        raise errors.invalid("An active promotion code with `code: " + code + "` already exists.", "code")
    if params.get("customer"):
        tx.need("customer", params["customer"], "customer")
    if params.get("expires_at") and int(params["expires_at"]) <= tx.now:
        raise errors.invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "expires_at")
    promotion = {"type": "coupon", "coupon": coupon["id"]}
    row = tx.new("promotion_code", active=params.get("active", True), code=code, promotion=promotion, times_redeemed=0)
    assign(row, params, "customer", "expires_at", "max_redemptions")
    row["restrictions"] = _restrictions(params.get("restrictions") or {})
    return tx.add(row)


def _restrictions(given: Obj) -> Obj:
    if (given.get("minimum_amount") is None) != (given.get("minimum_amount_currency") is None):
        raise errors.invalid(
            "`minimum_amount` and `minimum_amount_currency` must be passed together.", "restrictions[minimum_amount_currency]"
        )
    made = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None, **given}
    if made["minimum_amount_currency"]:
        made["minimum_amount_currency"] = made["minimum_amount_currency"].lower()
    made["_currency_options"] = made.pop("currency_options", None)
    return made


def retrieve(call: Call) -> Obj:
    return call.tx.need("promotion_code", call.ids["id"], "promotion_code")


def update(call: Call) -> Obj:
    tx, row = call.tx, call.tx.edit("promotion_code", call.ids["id"], "promotion_code")
    if call.params.get("active") and not row["active"] and offers.used_up(row):
        raise errors.invalid("This promotion code has reached its `max_redemptions` and can't be activated again.", "active")
    other = find(tx, row["code"]) if call.params.get("active") else None
    if other is not None and other["id"] != row["id"]:
        raise errors.invalid("An active promotion code with `code: " + row["code"] + "` already exists.", "active")
    assign(row, call.params, "active")
    options = (call.params.get("restrictions") or {}).get("currency_options")
    if options:
        row["restrictions"]["_currency_options"] = {**(row["restrictions"].get("_currency_options") or {}), **options}
    return row


def list_all(call: Call) -> Page:
    """Codes are compared as customers type them: upper and lower case are one."""
    params, tx = call.params, call.tx
    code, coupon, active = params.get("code"), params.get("coupon"), params.get("active")

    def keep(row: Obj) -> bool:
        return (
            (not code or row["code"].lower() == code.lower())
            and (not coupon or row["promotion"]["coupon"] == coupon)
            and (active is None or offers.promotion_code(tx, row) == active)
        )

    where = {name: params.get(name) for name in ("created", "customer")}
    return paging.listing(tx, "promotion_code", params, call.url, where=where, keep=keep)


def find(tx: Transaction, code: str) -> Obj | None:
    """The active code of this spelling, whatever its case."""
    for row in tx.rows.newest_first("promotion_code"):
        if row["code"].lower() == code.lower() and offers.promotion_code(tx, row):
            return row
    return None


def check(tx: Transaction, row: Obj, customer: str, worth: tuple[int, str], param: str) -> None:
    """Raise where this customer may not use the code, or not for this worth (minor units before discounts, currency)."""
    amount, currency = worth
    if not offers.promotion_code(tx, row):
        raise errors.invalid(f"The promotion code {row['code']} is no longer active.", param, "promotion_code_inactive")
    if row["customer"] and row["customer"] != customer:
        raise errors.invalid("This promotion code cannot be redeemed because it is restricted to another customer.", param)
    limits = row["restrictions"]
    if limits["first_time_transaction"] and has_bought(tx, customer):
        raise errors.invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.", param
        )
    least = _minimum(limits, currency)
    if least is None and limits["minimum_amount"] is not None:
        raise errors.invalid(f"This promotion code has no minimum amount in {currency} and can't be used with it.", param)
    if least is not None and amount < least:
        raise errors.invalid("This promotion code cannot be redeemed because the minimum amount is not reached.", param)


def _minimum(limits: Obj, currency: str) -> int | None:
    option = (limits.get("_currency_options") or {}).get(currency)
    if option:
        return int(option["minimum_amount"])
    return limits["minimum_amount"] if limits["minimum_amount_currency"] == currency else None


def has_bought(tx: Transaction, customer: str) -> bool:
    """Whether a customer has transactions: a finalized invoice, of nothing too, or a successful charge."""
    return any(row["status"] in BOUGHT for row in tx.find("invoice", "customer", customer)) or any(
        row["paid"] for row in tx.find("charge", "customer", customer)
    )


def count(tx: Transaction, identity: str) -> None:
    """Count a redemption; the last one allowed closes the code."""
    row = tx.edit("promotion_code", identity)
    row["times_redeemed"] += 1
    if offers.used_up(row):
        row["active"] = False
