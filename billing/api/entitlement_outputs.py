"""What programs are told of entitlements and usage."""

from typing import Any

from rest_framework import serializers

from billing.api import missing, outputs
from billing.queries.entitlements import Entitlement
from billing.rules.entitlements import Reason
from billing.services.usage import Counted

REASONS = tuple(str(reason) for reason in Reason)


class EntitlementOutput(outputs.Output):
    feature = serializers.CharField()
    entitled = serializers.BooleanField()
    limit = serializers.IntegerField(allow_null=True, help_text="null: without limit, or not a counted feature.")
    reason = serializers.ChoiceField(
        choices=REASONS,
        help_text="`read_only`: a trial ended without a card, a pause, or a payment is missing for long; what was made may be "
        "looked at, nothing added. `paused`: a pause in which nobody gets in. `subscription_suspended`: a payment is missing "
        "for so long that nothing can be used.",
    )
    plan = serializers.CharField(allow_null=True, help_text="line/plan")
    until = serializers.DateTimeField(allow_null=True, help_text="When this may change by itself: ask again then.")
    used = serializers.IntegerField(allow_null=True, help_text="Of a metered feature that is had; null: nobody counts it.")
    remaining = serializers.IntegerField(
        allow_null=True, help_text="limit - used, at least 0; null: without limit, or not metered."
    )
    resets_at = serializers.DateTimeField(allow_null=True, help_text="When `used` is 0 again; null: never.")
    missing_payment = outputs.MissingOutput(allow_null=True, help_text="Of the subscription that answers: what happens when.")
    version = serializers.IntegerField(
        help_text="Goes up with each change of what the organization is granted: plan, add-ons, seats, state, catalog."
    )


# Made so, because `data` is a name that serializers have themselves.
EntitlementsOutput: type[outputs.Output] = type(
    "EntitlementsOutput",
    (outputs.Output,),
    {"version": serializers.IntegerField(help_text="As in each of them."), "data": EntitlementOutput(many=True)},
)


class UsageOutput(outputs.Output):
    feature = serializers.CharField()
    changed = serializers.IntegerField(
        help_text="What was counted; with `partial` it may be less than the quantity, and a release is negative."
    )
    used = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True, help_text="null: without limit.")
    remaining = serializers.IntegerField(allow_null=True, help_text="limit - used, at least 0; null: without limit.")
    resets_at = serializers.DateTimeField(allow_null=True, help_text="When `used` is 0 again; null: never.")


def entitlement(found: Entitlement, version: int) -> dict[str, Any]:
    return {
        "feature": found.feature,
        "entitled": found.entitled,
        "limit": found.limit,
        "reason": found.reason,
        "plan": found.plan,
        "until": found.until,
        "used": found.used,
        "remaining": found.remaining,
        "resets_at": found.resets_at,
        "missing_payment": missing.dates(found.missing),
        "version": version,
    }


def usage(counted: Counted) -> dict[str, Any]:
    names = ("feature", "changed", "used", "limit", "remaining", "resets_at")
    return {name: getattr(counted, name) for name in names}
