"""What programs send. Shapes are checked here; whether it can be done is the services' to say."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from billing.models import CancelReason, ScheduledKind

MOST_SEATS = 1_000_000
MOST_NAMED = 1_000


class Strict(serializers.Serializer[Any]):
    """Refuses members it does not know: a misspelt one would otherwise be ignored in silence."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            known = ", ".join(self.fields)
            text = _("This member is not known; the known ones are %(known)s.") % {"known": known}
            raise serializers.ValidationError({key: [ErrorDetail(text, "unknown")] for key in unknown})
        return super().to_internal_value(data)


class SeatPreviewInput(Strict):
    seats = serializers.IntegerField(min_value=1, max_value=MOST_SEATS, help_text="Seats to have, more than now.")


class SeatChangeInput(Strict):
    """Either the token of a preview, or a number of seats with the amount that the caller expects to be charged."""

    token = serializers.CharField(required=False, max_length=20_000, help_text="From a preview not older than 15 minutes.")
    seats = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_SEATS, help_text="Instead of the token: seats to have."
    )
    expected_due_now_minor = serializers.IntegerField(
        required=False, min_value=0, help_text="With `seats`: the charge agreed to, in minor units; another one is refused."
    )
    members = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        required=False,
        max_length=MOST_NAMED,
        help_text="Ids of members who get the new seats.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_token, by_number = "token" in attrs, {"seats", "expected_due_now_minor"} & set(attrs)
        if by_token and by_number:
            raise serializers.ValidationError({"token": [_("Send the token, or seats and the expected amount; not both.")]})
        if not by_token and by_number != {"seats", "expected_due_now_minor"}:
            raise serializers.ValidationError(
                {"token": [_("Send the token of a preview, or `seats` together with `expected_due_now_minor`.")]}
            )
        return attrs


class ScheduledChangeInput(Strict):
    """Another number of seats from the next period on, or the end of the subscription."""

    kind = serializers.ChoiceField(choices=ScheduledKind.choices, default=ScheduledKind.SEATS)
    seats = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_SEATS, help_text="For kind `seats`: seats to have from then on."
    )
    releases = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        required=False,
        max_length=MOST_NAMED,
        help_text="Ids of members whose seats end then; needed when fewer seats than people would be left.",
    )
    reason_code = serializers.ChoiceField(choices=CancelReason.choices, required=False, help_text="For kind `end`.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == ScheduledKind.SEATS and "seats" not in attrs:
            raise serializers.ValidationError({"seats": [_("Say how many seats there shall be from the next period on.")]})
        if attrs["kind"] == ScheduledKind.END and "reason_code" not in attrs:
            raise serializers.ValidationError({"reason_code": [_("Say why, by one of the listed codes.")]})
        if attrs["kind"] == ScheduledKind.END and ("seats" in attrs or "releases" in attrs):
            raise serializers.ValidationError({"seats": [_("Nothing is left to count when the subscription ends.")]})
        return attrs


class LineQuery(serializers.Serializer[Any]):
    line = serializers.SlugField(required=False, help_text="Code of a product line, if the organization has several.")


class MembersQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    after = serializers.IntegerField(min_value=0, default=0, help_text="`next` of the page before.")


class EntitlementQuery(serializers.Serializer[Any]):
    feature = serializers.CharField(max_length=60, help_text="A feature's code, as in the catalog.")
    member = serializers.CharField(
        required=False, max_length=254, help_text="Whom it is for: member id, the vendor's own id of the person, or e-mail."
    )
