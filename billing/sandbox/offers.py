"""Whether a coupon or a promotion code can still be redeemed: what `valid` and `active` show at the instant of reading."""

from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def coupon(tx: Transaction, row: Obj) -> bool:
    """Not used up, and in time."""
    return bool(row["valid"]) and not (row["redeem_by"] and row["redeem_by"] <= tx.now)


def used_up(row: Obj) -> bool:
    return bool(row["max_redemptions"] and row["times_redeemed"] >= row["max_redemptions"])


def promotion_code(tx: Transaction, row: Obj) -> bool:
    """Switched on, in time, not used up, and its coupon still to be had."""
    behind = tx.get("coupon", row["promotion"]["coupon"])
    late = row["expires_at"] and row["expires_at"] <= tx.now
    return bool(row["active"] and not late and not used_up(row) and behind and coupon(tx, behind))
