"""What programs are told of a renewal."""

from typing import Any

from rest_framework import serializers

from billing.api import plan_ends
from billing.api.outputs import Output
from billing.queries import renewals
from billing.queries.overview import Standing

EXAMPLE: dict[str, Any] = {
    "renews_at": "2026-03-30T09:30:00Z",
    "renews": True,
    "amount_minor": 800000,
    "currency": "usd",
    "is_before_tax": False,
    "seats": 50,
    "active_seats": 38,
    "active_days": 28,
    "recommendation": {"seats": 40, "amount_minor": 640000, "releases": [4711, 4712]},
    "price_change": None,
    "notices": [{"sent_at": "2026-02-28T09:30:00Z", "amount_minor": 800000, "seats": 50}],
}


class RecommendationOutput(Output):
    seats = serializers.IntegerField()
    amount_minor = serializers.IntegerField(help_text="What the renewal comes to with them.")
    releases = serializers.ListField(
        child=serializers.IntegerField(), help_text="Members not seen lately whose seats would end; send them along with it."
    )


class RenewalNoticeOutput(Output):
    """What the buyer was told of this renewal."""

    sent_at = serializers.DateTimeField()
    amount_minor = serializers.IntegerField()
    seats = serializers.IntegerField()


class PriceChangeOutput(Output):
    """The subscription's price is sold no more. Nobody ever pays more without an answer."""

    amount_minor = serializers.IntegerField(
        allow_null=True, help_text="The renewal at the price that is sold now. Null: the plan is sold no more."
    )
    plan = serializers.CharField(
        help_text="To accept: a scheduled change of kind `plan` with this plan. Another plan is an answer, too."
    )
    without_answer = serializers.ChoiceField(
        choices=plan_ends.WITHOUT_ANSWER, help_text="What happens where nobody answers until `answer_by`."
    )
    answer_by = serializers.DateTimeField()


class RenewalOutput(Output):
    renews_at = serializers.DateTimeField(help_text="The end of the period, at which it renews or ends.")
    renews = serializers.BooleanField(help_text="Whether it does by itself.")
    amount_minor = serializers.IntegerField(help_text="After discounts, tax and the balance; 0 when it ends.")
    currency = serializers.CharField()
    is_before_tax = serializers.BooleanField(help_text="Stripe adds the tax when it charges.")
    seats = serializers.IntegerField(help_text="That it renews with; 0 when it ends.")
    active_seats = serializers.IntegerField(
        allow_null=True,
        help_text="Seats whose holder was seen in the last `active_days` days, given in that time, or held for somebody "
        "invited. Null: nobody was ever seen, as no entitlement was asked for by member.",
    )
    active_days = serializers.IntegerField()
    recommendation = RecommendationOutput(
        allow_null=True,
        help_text="How many seats would do. Make it a scheduled change of kind `seats`, as it is. Null: as many.",
    )
    price_change = PriceChangeOutput(allow_null=True, help_text="Until it is answered.")
    notices = RenewalNoticeOutput(many=True)


def words(standing: Standing, use: renewals.Use) -> dict[str, Any]:
    """A renewal as RenewalOutput has it."""
    charge, advice = standing.next_charge, use.advice
    return {
        "renews_at": standing.row.period_ends_at,
        "renews": charge is not None,
        "amount_minor": charge.due_minor if charge else 0,
        "currency": standing.row.currency,
        "is_before_tax": charge is not None and charge.is_before_tax,
        "seats": standing.coming,
        "active_seats": use.active,
        "active_days": use.days,
        "recommendation": advice
        and {
            "seats": advice.seats,
            "amount_minor": advice.amount_minor,
            "releases": [one.member for one in advice.leaving],
        },
        "price_change": _price_change(standing, use.asked) if use.asked and not use.asked.is_answered else None,
        "notices": use.told,
    }


def _price_change(standing: Standing, asked: renewals.Asked) -> dict[str, Any]:
    return {
        "amount_minor": asked.amount_minor,
        "plan": f"{standing.row.line.code}/{standing.row.plan.code}",
        "without_answer": "ends" if asked.is_end else "stays",
        "answer_by": asked.closes_at,
    }
