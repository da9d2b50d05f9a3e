"""The pilots of a line in catalog.toml, each checked: a problem is noted with line, key and remedy, as everywhere."""

from collections.abc import Sequence
from typing import Final, Protocol

from billing.rules import pilots
from billing.rules.catalog_reading import Table

_KEYS: Final = (
    *("name", "pitch", "fee", "seats", "days", "weeks", "plan", "credited"),
    *("margin_bps", "unit_cost"),
)
_EXAMPLE: Final = '{ start = { name = "Pilot", plan = "team", days = 30 } }'


class Plan(Protocol):
    """What a pilot must know of the plan it leads to."""

    @property
    def code(self) -> str: ...
    @property
    def seats_min(self) -> int: ...
    @property
    def seats_max(self) -> int: ...


def read(
    line: Table, *, plans: Sequence[Plan], currencies: Sequence[str], languages: Sequence[str]
) -> tuple[pilots.Pilot, ...]:
    """A line's pilots, in the file's order."""
    if not line.has("pilots"):
        return ()
    return tuple(_pilot(code, table, plans, currencies, languages) for code, table in line.tables("pilots", _EXAMPLE).items())


def _pilot(code: str, table: Table, plans: Sequence[Plan], currencies: Sequence[str], languages: Sequence[str]) -> pilots.Pilot:
    table.only(_KEYS)
    if table.has("margin_bps") == table.has("unit_cost"):
        said = "and unit_cost are both given." if table.has("unit_cost") else "is missing."
        table.problem("margin_bps", said, "Give either margin_bps = 5000 or unit_cost = { usd = 20000 } for the whole pilot.")
    plan, seats = _plan(table, plans), table.integer("seats", 20, least=1, most=1_000_000)
    if plan is not None and table.has("seats") and not plan.seats_min <= seats <= plan.seats_max:
        remedy = f"Give a number from {plan.seats_min} to {plan.seats_max}: the click after it must find a plan that fits."
        table.problem("seats", f"is {seats}, outside what {plan.code} sells.", remedy)
    return pilots.Pilot(
        code=code,
        name=table.text("name", languages),
        pitch=table.text("pitch", languages),
        seats=seats,
        days=_days(table),
        plan=plan.code if plan else "",
        credited=table.flag("credited", default=False),
        margin_bps=table.integer("margin_bps", 5000, least=0, most=10_000) if table.has("margin_bps") else 0,
        fees=_fees(table, currencies),
    )


def _plan(table: Table, plans: Sequence[Plan]) -> Plan | None:
    code = table.word("plan", plans[0].code if plans else "team")
    found = next((plan for plan in plans if plan.code == code), None)
    if found is None and table.has("plan"):
        known = ", ".join(plan.code for plan in plans) or "none"
        table.problem("plan", f"names {code!r}, which is no plan of this line.", f"Plans here: {known}.")
    return found


def _days(table: Table) -> int:
    if table.has("days") == table.has("weeks"):
        said = "and weeks are both given." if table.has("weeks") else "is missing."
        table.problem("days", said, "Give either days = 30 or weeks = 6.")
        return 30
    if table.has("weeks"):
        return table.integer("weeks", 6, least=1, most=pilots.MOST_DAYS // pilots.DAYS_A_WEEK) * pilots.DAYS_A_WEEK
    return table.integer("days", 30, least=1, most=pilots.MOST_DAYS)


def _fees(table: Table, currencies: Sequence[str]) -> tuple[pilots.Fee, ...]:
    inner = table.table("fee", "{ " + ", ".join(f"{currency} = 90000" for currency in currencies) + " }")
    inner.only(currencies)
    cost = table.table("unit_cost", "{ usd = 20000 }") if table.has("unit_cost") else None
    if cost is not None:
        cost.only(currencies)
    return tuple(
        pilots.Fee(
            currency,
            inner.integer(currency, 90_000, least=1),
            cost.integer(currency, 20_000, least=0) if cost else None,
        )
        for currency in currencies
    )
