"""What a number of the business is: its name, kind, unit, bounds and default. The register is made of these."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = int | bool | list[str]


class Kind(StrEnum):
    INTEGER = "integer"
    BOOLEAN = "boolean"
    SECONDS = "seconds"
    BPS = "basis points"
    MINOR = "minor units"
    TEXTS = "list of texts"


class Unfit(ValueError):
    """A value that its definition refuses; the text names the policy and the remedy."""


def N_(text: str) -> str:  # noqa: N802 - the name that message extraction knows
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One registered policy.

    `name` is "<app>.<words_with_underscores>"; `what` says what it does, in a sentence; `source` where the number comes from;
    `unit` what one of it is ("people", "mails"). Bounds are inclusive; for a list of texts they bound its length. `segments`
    are defaults of segments that differ from `default`.
    """

    name: str
    kind: Kind
    default: Value
    what: str
    source: str
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    segments: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]+\.[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"Policy name {self.name!r} is not of the form app.words_with_underscores.")
        for value in (self.default, *self.segments.values()):
            self.check(value)

    def check(self, value: object) -> Value:
        """`value` itself if it fits. Raises Unfit, with the remedy, if it does not."""
        if self.kind is Kind.BOOLEAN:
            if not isinstance(value, bool):
                raise Unfit(f"{self.name} is yes or no: use true or false, not {value!r}.")
            return value
        if self.kind is Kind.TEXTS:
            return self._check_texts(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(f"{self.name} is a whole number ({self.measure}), not {value!r}.")
        self._check_bounds(value, self.measure)
        return value

    def parse(self, text: str) -> Value:
        """Read what a person typed: a whole number, yes or no, or one text a line. Raises Unfit."""
        text = text.strip()
        if self.kind is Kind.TEXTS:
            return self.check([line.strip() for line in text.splitlines() if line.strip()])
        if self.kind is Kind.BOOLEAN:
            words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
            return self.check(words.get(text.lower(), text))
        return self.check(int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else text)

    @property
    def measure(self) -> str:
        """The unit in words: "seconds", "people", "basis points"."""
        return self.unit or self.kind.value

    def _check_texts(self, value: object) -> Value:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise Unfit(f"{self.name} is a list of texts, one a line, none empty.")
        self._check_bounds(len(value), "entries")
        return value

    def _check_bounds(self, number: int, measure: str) -> None:
        if self.minimum is not None and number < self.minimum:
            raise Unfit(f"{self.name} is at least {self.minimum} {measure}; {number} is too small.")
        if self.maximum is not None and number > self.maximum:
            raise Unfit(f"{self.name} is at most {self.maximum} {measure}; {number} is too large.")
