"""What programs are told of a plan that is discontinued, with the subscription that has it."""

from typing import Any

from rest_framework import serializers

from billing.queries.standing_facts import SunsetFacts
from billing.rules import sunsets

WITHOUT_ANSWER = [("stays", "It stays as it is"), ("ends", "The subscription ends")]


class PlanEndOutput(serializers.Serializer[Any]):
    """The plan is being discontinued, and had until `ends_at`: `subscription/sunset` says what can be had instead."""

    ends_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    without_answer = serializers.ChoiceField(choices=WITHOUT_ANSWER, help_text="What happens where nobody chooses until then.")
    chosen = serializers.CharField(help_text="The name of the plan that was chosen instead; empty: nothing yet.")


def of_standing(sunset: SunsetFacts) -> dict[str, Any]:
    return {
        "ends_at": sunset.renews_at,
        "answer_by": sunset.renews_at - sunsets.CLOSES_BEFORE,
        "without_answer": "ends" if sunset.is_end else "stays",
        "chosen": sunset.chosen,
    }
