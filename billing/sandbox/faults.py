"""Trouble on demand: failing calls, and webhooks that come twice, late, out of order or not at all."""

import fnmatch
import random
from dataclasses import dataclass, field

from billing.sandbox import errors
from billing.sandbox.state import Obj

KINDS = ("429", "500", "500_after_effect", "hang", "drop", "drop_after_effect", "slow")


@dataclass
class Fault:
    """The next `times` calls that match go wrong in this way. `seconds` is for hang and slow."""

    match: str
    kind: str
    times: int = 1
    seconds: float = 0

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and fnmatch.fnmatchcase(f"{method} {path}", self.match)


class Faults:
    """An account's faults, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, body: Obj) -> Fault:
        kind = str(body.get("kind", ""))
        if kind not in KINDS:
            raise errors.invalid(f"Invalid kind: must be one of {', '.join(KINDS)}", "kind")
        fault = Fault(str(body.get("match", "*")), kind, int(body.get("times", 1)), float(body.get("seconds", 0)))
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault this call runs into."""
        for fault in self.waiting:
            if fault.fits(method, path):
                fault.times -= 1
                self.waiting = [one for one in self.waiting if one.times > 0]
                return fault
        return None


@dataclass
class WebhookWeather:
    """How webhooks travel: the share sent twice, seconds of delay, shuffling, or held back until released."""

    duplicate: float = 0.0
    delay: float = 0.0
    shuffle: bool = False
    withhold: bool = False
    seed: int | None = None
    held: list[tuple[Obj, Obj]] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)

    def change(self, body: Obj) -> None:
        self.duplicate = float(body.get("duplicate", self.duplicate))
        self.delay = float(body.get("delay", self.delay))
        self.shuffle = bool(body.get("shuffle", self.shuffle))
        self.withhold = bool(body.get("withhold", self.withhold))
        if "seed" in body:
            self.chance = random.Random(body["seed"])  # noqa: S311 - chooses which webhooks misbehave, guards nothing

    def copies(self) -> int:
        return 2 if self.chance.random() < self.duplicate else 1

    def wait(self) -> float:
        """Seconds until a delivery leaves."""
        return self.delay + (self.chance.uniform(0, max(self.delay, 0.5)) if self.shuffle else 0.0)
