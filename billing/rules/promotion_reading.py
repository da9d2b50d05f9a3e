"""The promotions of catalog.toml, each checked: a problem is noted with line, key and remedy, as everywhere in the file."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from billing.rules import promotions
from billing.rules.catalog_reading import Table
from billing.rules.promotions import Duration, Promotion

_KEYS: Final = (
    *("name", "percent_bps", "amount", "plans", "intervals", "duration", "months", "starts", "expires"),
    *("most_uses", "first_purchase_only"),
)
_SPELLED: Final = re.compile(r"[a-z][a-z0-9-]{2,30}")
_EXAMPLE: Final = '{ spring20 = { name = "Spring", percent_bps = 2000, duration = "once" } }'


def read(root: Table, *, plans: Collection[str], currencies: Sequence[str], languages: Sequence[str]) -> tuple[Promotion, ...]:
    """The file's promotions, in its order. `plans` are all that can be named: "line" and "line/plan"."""
    if not root.has("promotions"):
        return ()
    tables = root.tables("promotions", _EXAMPLE)
    return tuple(_promotion(code, table, plans, currencies, languages) for code, table in tables.items())


def _promotion(
    code: str, table: Table, plans: Collection[str], currencies: Sequence[str], languages: Sequence[str]
) -> Promotion:
    table.only(_KEYS)
    if not _SPELLED.fullmatch(code):
        remedy = "Use 3 to 31 small letters, digits and -, a letter first; customers may type it in capitals."
        table.notes.add(table.path, "cannot be a promotion's code.", remedy)
    if table.has("percent_bps") == table.has("amount"):
        said = "and amount are both given." if table.has("amount") else "is missing."
        table.problem("percent_bps", said, "Give either percent_bps = 2000 or amount = { usd = 500 }.")
    duration = table.word("duration", Duration.ONCE, choices=tuple(Duration))
    starts, expires = _instant(table, "starts"), _instant(table, "expires")
    if starts and expires and expires <= starts:
        table.problem("expires", "is not after starts.", f"Give a later day than {starts[:10]}.")
    return Promotion(
        code=code.upper(),
        name=table.text("name", languages),
        percent_bps=_percent(table),
        amounts=_amounts(table, currencies),
        plans=_named(table, "plans", plans, '["fieldnote", "inspect/complete"]'),
        intervals=_named(table, "intervals", ("month", "year"), '["year"]'),
        duration=duration,
        months=_months(table, duration),
        starts_at=starts,
        expires_at=expires,
        most_uses=table.integer("most_uses", 100, least=1, most=1_000_000) if table.has("most_uses") else None,
        first_purchase_only=table.flag("first_purchase_only", default=False),
    )


def _percent(table: Table) -> int | None:
    if not table.has("percent_bps"):
        return None
    return table.integer("percent_bps", 2000, least=1, most=promotions.WHOLE_BPS)


def _amounts(table: Table, currencies: Sequence[str]) -> tuple[tuple[str, int], ...]:
    if not table.has("amount"):
        return ()
    inner = table.table("amount", "{ usd = 500 }")
    inner.only(currencies)
    if not inner.values:
        table.problem("amount", "names no currency.", "Give it in one at least, for example amount = { usd = 500 }.")
    return tuple((currency, inner.integer(currency, 500, least=1)) for currency in currencies if inner.has(currency))


def _named(table: Table, key: str, known: Collection[str], example: str) -> tuple[str, ...]:
    if not table.has(key):
        return ()
    named = table.words(key, example)
    if not named:
        table.problem(key, "is empty.", f"Leave {key} out for all of them, or name some.")
    for one in named:
        if one not in known:
            table.problem(key, f"names {one!r}, which is not there.", f"Known here: {', '.join(sorted(known))}.")
    return () if set(named) >= set(known) else named


def _months(table: Table, duration: str) -> int | None:
    if duration != Duration.REPEATING:
        if table.has("months"):
            table.problem("months", "is given, but the duration is another.", 'Write duration = "repeating", or remove it.')
        return None
    return table.integer("months", 3, least=1, most=120)


def _instant(table: Table, key: str) -> str:
    """A day (its first instant in UTC) or an instant with an offset, as ISO text in UTC; "" for none."""
    value = table.values.get(key)
    if value is None:
        return ""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat()
        table.problem(key, "says no offset from UTC.", f"Write {key} = 2027-01-01T09:00:00+01:00, or a day alone.")
        return ""
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).isoformat()
    table.problem(key, "is no date.", f"Write {key} = 2027-01-01, without quotes.")
    return ""
