"""Discounts and taxes as rows of a sum: which code or coupon, which tax at which rate, on top or within."""

from typing import Any

from billing.sandbox.pages.words import Say

Obj = dict[str, Any]
Row = tuple[str, int]


def discounts(say: Say, parts: list[Obj]) -> list[Row]:
    """(label, amount taken off) of discounts; those whose amount is in the lines already are left out."""
    return [(_discount(say, part.get("discount")), -part["amount"]) for part in parts if part["amount"]]


def _discount(say: Say, discount: Obj | str | None) -> str:
    if not isinstance(discount, dict):
        return say("Discount")
    code, coupon = discount.get("promotion_code"), discount["source"].get("coupon")
    known = coupon if isinstance(coupon, dict) else {}
    name = code["code"] if isinstance(code, dict) else known.get("name") or ""
    share = f"-{known['percent_off']:g}%" if known.get("percent_off") else ""
    return " ".join(part for part in (say("Discount"), name, f"({share})" if share else "") if part)


def taxes(say: Say, parts: list[Obj]) -> tuple[list[Row], list[Row]]:
    """(label, amount) of the taxes on top of a sum, and of those within it."""
    on_top: list[Row] = []
    within: list[Row] = []
    for part in parts:
        rate = part.get("rate") or (part.get("tax_rate_details") or {}).get("tax_rate")
        label = _tax(say, rate, part)
        inclusive = (part.get("tax_behavior") or _behavior(rate)) == "inclusive"
        if part["amount"] or part.get("taxability_reason") == "reverse_charge":
            (within if inclusive and part["amount"] else on_top).append((label, part["amount"]))
    return on_top, [(say("of which {tax}", tax=label), amount) for label, amount in within]


def _behavior(rate: Obj | str | None) -> str:
    return "inclusive" if isinstance(rate, dict) and rate["inclusive"] else "exclusive"


def _tax(say: Say, rate: Obj | str | None, part: Obj) -> str:
    label = f"{rate['display_name']} {rate['percentage']:g}%" if isinstance(rate, dict) else say("Tax")
    return say("{tax} (reverse charge)", tax=label) if part.get("taxability_reason") == "reverse_charge" else label
