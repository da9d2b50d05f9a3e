"""What is granted, in words: how much of what, why, since when, and how much of it was used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from billing.queries import catalog
from billing.rules import entitlements
from config import words


@dataclass(frozen=True)
class Why:
    """A plan or an add-on that brings it; `amount` is its own part, where several do."""

    name: str
    since: datetime
    amount: str = ""


@dataclass(frozen=True)
class Row:
    """A feature. What is metered has `used`, and, unless it is without limit, a `limit` for a meter."""

    name: str
    amount: str
    why: tuple[Why, ...]
    used: int | None = None
    limit: int | None = None
    resets_at: datetime | None = None
    is_open: bool = True

    @property
    def tone(self) -> str:
        """Of the meter: one that is nearly used up warns."""
        if self.used is None or self.limit is None:
            return ""
        return "bad" if self.used >= self.limit else "warn" if self.used * 10 >= self.limit * 9 else ""


@dataclass(frozen=True)
class Granted:
    rows: tuple[Row, ...]

    @property
    def metered(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.used is not None)


def shown(found: Iterable[entitlements.Entitlement]) -> Granted:
    return Granted(tuple(_row(one) for one in found if one.sources))


def _row(one: entitlements.Entitlement) -> Row:
    feature = one.sources[0].feature
    limit = entitlements.limit(one.sources)
    is_shared = len(one.sources) > 1 and bool(feature.get("unit"))
    return Row(
        name=catalog.text(feature["name"]),
        amount=_amount(feature, limit),
        why=tuple(_why(source, is_shared=is_shared) for source in one.sources),
        used=one.used,
        limit=limit,
        resets_at=one.resets_at,
        is_open=one.entitled,
    )


def _amount(feature: entitlements.Feature, limit: int | None) -> str:
    if not feature.get("unit"):
        return _("included")
    if limit is None:
        return _("unlimited")
    return f"{words.number(limit)} {catalog.text(feature['unit'])}"


def _why(source: entitlements.Source, *, is_shared: bool) -> Why:
    name = source.name if isinstance(source.name, str) else catalog.text(source.name)
    return Why(name, source.since, _amount(source.feature, source.limit) if is_shared else "")
