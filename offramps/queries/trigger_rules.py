"""The rules that watch now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offramps.models import RuleState, TriggerRuleVersion
from offramps.rules import detecting
from offramps.rules.detecting import Conditions, Facts, Occasion


@dataclass(frozen=True)
class Watching:
    """A live version with its conditions read."""

    version: TriggerRuleVersion
    conditions: Conditions


def watching() -> Mapping[Occasion, list[Watching]]:
    """Every live version by what it is asked at. One query."""
    found: dict[Occasion, list[Watching]] = {occasion: [] for occasion in Occasion}
    for version in TriggerRuleVersion.objects.filter(state=RuleState.LIVE).select_related("rule").order_by("pk"):
        conditions = detecting.read(version.conditions)
        found[conditions.occasion].append(Watching(version, conditions))
    return found


def saw(met: tuple[detecting.Condition, ...], facts: Facts) -> list[dict[str, Any]]:
    """The conditions that held, each with what was seen, as a trigger keeps them."""
    return [{**one.as_data(), "saw": facts[one.key]} for one in met]
