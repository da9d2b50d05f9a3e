"""What is bought, line by line: quantity, interval, tiers, total."""

from decimal import Decimal
from typing import Any

from billing.sandbox.pages import amounts
from billing.sandbox.pages.markup import Child, Html, tag
from billing.sandbox.pages.words import Say

Obj = dict[str, Any]

_EACH = {"day": "per day", "week": "per week", "month": "per month", "year": "per year"}
_EVERY = {
    "day": "every {count} days",
    "week": "every {count} weeks",
    "month": "every {count} months",
    "year": "every {count} years",
}


def interval(say: Say, recurring: Obj | None) -> str:
    """ "per month", "every 3 months", or "" for a price that is charged once."""
    if not recurring:
        return ""
    count = recurring.get("interval_count") or 1
    return say(_EACH[recurring["interval"]]) if count == 1 else say(_EVERY[recurring["interval"]], count=count)


def lines(say: Say, items: list[Obj]) -> Html:
    """The lines of a Checkout session."""
    return tag("ul", *(tag("li", _line(say, item), class_="stack tight") for item in items), class_="lines")


def _line(say: Say, item: Obj) -> list[Child]:
    price = item.get("price") or {}
    each = _unit(say, price, item["currency"])
    facts = [say("Quantity {count}", count=item["quantity"]), each, interval(say, price.get("recurring"))]
    total = amounts.money(item["amount_subtotal"], item["currency"], say.language)
    return [
        tag("div", tag("span", item.get("description") or ""), tag("span", total, class_="figure"), class_="row"),
        tag("p", " · ".join(fact for fact in facts if fact), class_="soft"),
        _tiers(say, price, item) if price.get("tiers") else None,
    ]


def _unit(say: Say, price: Obj, currency: str) -> str:
    amount = _amount(price, "unit_amount")
    return "" if amount is None else say("{amount} each", amount=amounts.money(amount, currency, say.language))


def _amount(row: Obj, name: str) -> Decimal | None:
    exact = row.get(f"{name}_decimal")
    found = exact if exact is not None else row.get(name)
    return None if found is None else Decimal(str(found))


def _tiers(say: Say, price: Obj, item: Obj) -> Html:
    """The tiers, the one that the quantity falls into marked."""
    volume = price.get("tiers_mode") == "volume"
    rows, first = [], 1
    for tier in price["tiers"]:
        last = tier["up_to"]
        here = item["quantity"] >= first and (last is None or item["quantity"] <= last)
        span = say("{first} and more", first=first) if last is None else say("{first} to {last}", first=first, last=last)
        cost = tag("td", _tier(say, tier, item["currency"]), class_="figure")
        rows.append(tag("tr", tag("td", span), cost, class_="here" if here else None))
        first = (last or 0) + 1
    words = (
        "All units cost what the tier of the whole quantity says." if volume else "Each tier's units cost what that tier says."
    )
    return tag(
        "details",
        tag("summary", say("Price by quantity"), class_="soft"),
        tag("table", tag("tbody", *rows)),
        tag("p", say(words), class_="soft"),
    )


def _tier(say: Say, tier: Obj, currency: str) -> str:
    unit, flat = _amount(tier, "unit_amount"), _amount(tier, "flat_amount")
    shown = {
        "amount": amounts.money(unit or 0, currency, say.language),
        "flat": amounts.money(flat or 0, currency, say.language),
    }
    if not flat:
        return say("{amount} each", **shown)
    return say("{amount} each, plus {flat}", **shown) if unit else say("{flat} in all", **shown)


def totals(rows: list[tuple[str, str]], total: tuple[str, str]) -> Html:
    """A column of sums: (label, amount) pairs, and what they come to."""
    entries = [tag("li", tag("span", label), tag("span", amount, class_="figure"), class_="row") for label, amount in rows]
    last = tag("li", tag("span", total[0]), tag("span", total[1], class_="figure"), class_="row sum")
    return tag("ul", *entries, last, class_="totals")
