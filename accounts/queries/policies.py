"""The numbers of the business, as in force at an instant. Rows are few, so a process keeps them all for a few seconds."""

import functools
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Policy
from accounts.rules.policy import Definition, Value

# How old a process's copy of the register may be. A technical bound on staleness, not a number of the business.
KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class Row:
    """One value in force from `effective_at` until a later one; None takes the override back."""

    effective_at: datetime
    value: Value | None


Rows = dict[tuple[str, str], list[Row]]


class UnknownPolicy(LookupError):
    """No module named in settings.POLICY_MODULES defines this name."""


@functools.cache
def definitions() -> dict[str, Definition]:
    """Every registered policy by name, from the DEFINITIONS of the modules in settings.POLICY_MODULES."""
    found: dict[str, Definition] = {}
    for module in settings.POLICY_MODULES:
        for definition in import_string(f"{module}.DEFINITIONS"):
            if definition.name in found:
                raise ValueError(f"Policy {definition.name} is defined twice, the second time in {module}.")
            found[definition.name] = definition
    return found


def definition(name: str) -> Definition:
    """The definition of one policy. Raises UnknownPolicy."""
    try:
        return definitions()[name]
    except KeyError:
        raise UnknownPolicy(
            f"No policy is called {name!r}: define it in one of {', '.join(settings.POLICY_MODULES)}."
        ) from None


def value(name: str, at: datetime, segment: str | None = None) -> Any:
    """The value of `name` in force at `at`: the segment's own if it has one, else the general one, else the default.

    An int for numbers, seconds, basis points and minor units; a bool; or a list of texts. Raises UnknownPolicy.
    """
    known = definition(name)
    rows = _kept.rows()
    for key in ([(name, segment)] if segment else []) + [(name, "")]:
        found = _in_force(rows.get(key, ()), at)
        if found is not None:
            return found
    return known.segments.get(segment or "", known.default)


def forget() -> None:
    """Drop this process's copy, so that the next question reads the database (after a write; between tests)."""
    _kept.drop()


def _in_force(rows: "list[Row] | tuple[()]", at: datetime) -> Value | None:
    return next((row.value for row in rows if row.effective_at <= at), None)


class _Kept:
    """The register in memory: newest row first for each (name, segment)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: Rows = {}
        self._until = 0.0

    def rows(self) -> Rows:
        if time.monotonic() >= self._until:
            with self._lock:
                self._rows, self._until = _load(), time.monotonic() + KEPT_SECONDS
        return self._rows

    def drop(self) -> None:
        self._until = 0.0


def _load() -> Rows:
    rows: Rows = {}
    for policy in Policy.objects.order_by("-effective_at", "-id").only("name", "segment", "value", "effective_at"):
        rows.setdefault((policy.name, policy.segment), []).append(Row(policy.effective_at, policy.value))
    return rows


_kept = _Kept()
