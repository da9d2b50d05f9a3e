"""What programs are told of the catalog. Money is integer minor units of the price's currency."""

from rest_framework import serializers

from billing.api import outputs
from billing.models import AddonKind, Interval, Scheme


class TierOutput(outputs.Output):
    up_to = serializers.IntegerField(allow_null=True, help_text="The last seat of the tier; null: no end.")
    unit_minor = serializers.IntegerField(help_text="Of a seat and interval.")


class PriceOutput(outputs.Output):
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    scheme = serializers.ChoiceField(choices=Scheme.choices)
    tiers = TierOutput(many=True)


class FeatureOutput(outputs.Output):
    code = serializers.CharField()
    name = serializers.CharField()
    limit = serializers.IntegerField(allow_null=True, help_text="null: without limit, or simply included.")
    unit = serializers.CharField(allow_null=True)
    resets = serializers.ChoiceField(
        choices=("month", "period", "never"),
        allow_null=True,
        help_text="Of a metered feature, when `used` is nought again; null: it is not metered.",
    )


class CatalogPlanOutput(outputs.Output):
    code = serializers.CharField()
    name = serializers.CharField()
    pitch = serializers.CharField()
    seats_min = serializers.IntegerField()
    seats_max = serializers.IntegerField(help_text="The most that is sold without a person.")
    is_recommended = serializers.BooleanField()
    trial_days = serializers.IntegerField(help_text="How long a company can try it for free, once; 0: not at all.")
    parts = outputs.PartOutput(
        many=True, help_text="Of a bundle: the plans it holds, whose lines it occupies. Empty: no bundle."
    )
    features = FeatureOutput(many=True)
    prices = PriceOutput(many=True)


class FeeOutput(outputs.Output):
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="Once, for the whole pilot, before tax.")


class PilotOfferOutput(outputs.Output):
    """A fixed fee for `days` days and up to `seats` people, once an organization. It ends by itself."""

    code = serializers.CharField()
    name = serializers.CharField()
    pitch = serializers.CharField()
    terms = serializers.CharField(help_text="In words.")
    seats = serializers.IntegerField()
    days = serializers.IntegerField()
    plan = serializers.CharField(help_text="`line/plan` that it leads to, by a person's click alone.")
    is_credited = serializers.BooleanField(help_text="Whether the fee is taken off that plan's first charge.")
    fees = FeeOutput(many=True)


class CatalogAddonOutput(outputs.Output):
    """What is had beside a plan: an item of its own on the subscription."""

    code = serializers.CharField()
    name = serializers.CharField()
    pitch = serializers.CharField()
    kind = serializers.ChoiceField(choices=AddonKind.choices, help_text="fixed: a number of its own; per_seat: one a seat.")
    quantity_min = serializers.IntegerField()
    quantity_max = serializers.IntegerField()
    plans = serializers.ListField(child=serializers.CharField(), help_text="Codes of the plans that it goes with.")
    features = FeatureOutput(many=True)
    prices = PriceOutput(many=True)


class LineOutput(outputs.Output):
    code = serializers.CharField()
    name = serializers.CharField()
    pitch = serializers.CharField()
    plans = CatalogPlanOutput(many=True)
    addons = CatalogAddonOutput(many=True)
    pilots = PilotOfferOutput(many=True)


class CatalogOutput(outputs.Output):
    version = serializers.IntegerField()
    currencies = serializers.ListField(child=serializers.CharField())
    lines = LineOutput(many=True)
