"""What programs send. Shapes are checked here; whether it can be done is the services' to say."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from billing.api import references
from billing.models import CancelReason, Interval, ScheduledKind

MOST_SEATS = 1_000_000
MOST_NAMED = 1_000
MOST_FEATURES = 100
LONGEST_CODE = 60


class Strict(serializers.Serializer[Any]):
    """Refuses members it does not know: a misspelt one would otherwise be ignored in silence. Names all that is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        wrong: dict[str, Any] = {**unknown(data, self), **_mistyped(data, self)} if isinstance(data, dict) else {}
        try:
            found = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if wrong and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **wrong}) from None
            raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return found


# DRF would read "5" as 5 and 5 as "5"; a program that mixes them up is told so.
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str | Promise], ...] = (
    (references.MemberField, (int, str), _("a number or a string")),
    (serializers.BooleanField, (bool,), _("true or false")),
    (serializers.IntegerField, (int,), _("a whole number")),
    (serializers.ChoiceField, (str,), _("a string")),
    (serializers.CharField, (str,), _("a string")),
)


def _mistyped(data: dict[str, Any], shape: serializers.Serializer[Any]) -> dict[str, Any]:
    """The members whose JSON type is another than their field's, each with the right one; in lists by their place."""
    wrong: dict[str, Any] = {}
    for name, value in data.items():
        field: Any = shape.fields.get(name)
        inside = _inside(field, value)
        if inside is not None:
            found = {str(place): [text] for place, one in inside if (text := _wanted(field.child, one))}
            if found:
                wrong[name] = found
        elif text := _wanted(field, value):
            wrong[name] = [text]
    return wrong


def _inside(field: Any, value: Any) -> Iterable[tuple[Any, Any]] | None:
    """What a list or an object of values holds, each with its place."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return enumerate(value)
    if isinstance(field, serializers.DictField) and isinstance(value, dict):
        return value.items()
    return None


def _wanted(field: Any, value: Any) -> ErrorDetail | None:
    """What to send instead; None where the value will do, or where the field itself will say."""
    for kind, types, words in JSON_TYPES:
        if isinstance(field, kind):
            is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            return None if is_right or value is None else ErrorDetail(_("Send %(kind)s.") % {"kind": words}, "type")
    return None


def unknown(said: Iterable[str], shape: serializers.Serializer[Any]) -> dict[str, list[ErrorDetail]]:
    """What of `said` the shape has no field for, each with what it has."""
    text = _("This member is not known; the known ones are %(known)s.") % {"known": ", ".join(shape.fields)}
    return {_shown(key): [ErrorDetail(text, "unknown")] for key in sorted(said) if key not in shape.fields}


def _shown(key: str) -> str:
    """A member's name that can be sent back: JSON may hold half characters, and any length."""
    return key[:120].encode("utf-8", "replace").decode()


class PlanField(serializers.RegexField):
    """`line/plan`, as in the catalog."""

    PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,39}/[a-z0-9][a-z0-9_-]{0,39}\Z"
    SAID: Final = _("Send `line/plan`, by the codes of the catalog.")

    def __init__(self, **kwargs: Any) -> None:
        pattern = f"{self.PATTERN}|^\\Z" if kwargs.get("allow_blank") else self.PATTERN
        super().__init__(pattern, error_messages={"invalid": self.SAID}, **kwargs)


class CurrencyField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        said = _("Send the three small letters of a currency of the catalog, for example usd.")
        super().__init__(r"^[a-z]{3}\Z", error_messages={"invalid": said}, **kwargs)


class CountryField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        said = _("Send the two capitals of ISO 3166-1, for example DE.")
        super().__init__(r"^[A-Z]{2}\Z", error_messages={"invalid": said}, help_text="ISO 3166-1 alpha-2.", **kwargs)


class SeatPreviewInput(Strict):
    seats = serializers.IntegerField(
        min_value=1, max_value=MOST_SEATS, help_text="Seats to have, more than now; in a trial fewer, too."
    )


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
        child=references.MemberField(),
        required=False,
        max_length=MOST_NAMED,
        help_text="Members who get the new seats: ids, or `external:` and your own ids.",
    )
    invite = serializers.ListField(
        child=serializers.EmailField(max_length=254),
        required=False,
        max_length=MOST_NAMED,
        help_text="Addresses that are invited to the new seats once they are paid; nobody is if they are not.",
    )
    external_id = references.ExternalIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_agreed(attrs, "seats")
        return attrs


class AddonPreviewInput(Strict):
    addon = serializers.CharField(max_length=40, help_text="Its code, as in the catalog.")
    number = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SEATS,
        help_text="Of one that has a number of its own: how many to have, more than now; left out: the least. In a trial "
        "fewer, too, and 0 gives any back. One that follows the seats takes no other number.",
    )


class AddonChangeInput(Strict):
    """Either the token of a preview, or an add-on with the amount that the caller expects to be charged."""

    token = serializers.CharField(required=False, max_length=20_000, help_text="From a preview not older than 15 minutes.")
    addon = serializers.CharField(required=False, max_length=40, help_text="Instead of the token: the add-on's code.")
    number = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_SEATS, help_text="With `addon`: as for a preview."
    )
    expected_due_now_minor = serializers.IntegerField(
        required=False, min_value=0, help_text="With `addon`: the charge agreed to, in minor units; another one is refused."
    )
    external_id = references.ExternalIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_agreed(attrs, "addon", "number")
        return attrs


class PlanPreviewInput(Strict):
    plan = serializers.CharField(max_length=81, help_text="As in the catalog: line/plan, of the subscription's own line.")
    seats = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SEATS,
        help_text="To have then; left out: as many as now, or as many as the plan starts with.",
    )
    interval = serializers.ChoiceField(
        choices=Interval.choices, required=False, help_text="`year` instead of months; in a trial any."
    )


class PlanChangeInput(Strict):
    """Either the token of a preview, or a plan with the amount that the caller expects to be charged."""

    token = serializers.CharField(required=False, max_length=20_000, help_text="From a preview not older than 15 minutes.")
    plan = serializers.CharField(required=False, max_length=81, help_text="Instead of the token: line/plan.")
    seats = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_SEATS, help_text="With `plan`: as for a preview."
    )
    interval = serializers.ChoiceField(choices=Interval.choices, required=False, help_text="With `plan`: as for a preview.")
    expected_due_now_minor = serializers.IntegerField(
        required=False, min_value=0, help_text="With `plan`: the charge agreed to, in minor units; another one is refused."
    )
    external_id = references.ExternalIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_agreed(attrs, "plan", "seats", "interval")
        return attrs


def _check_agreed(attrs: dict[str, Any], wanted: str, *more: str) -> None:
    """A token alone, or `wanted` (and perhaps `more`) with the amount."""
    said = {wanted, *more, "expected_due_now_minor"} & attrs.keys()
    if ("token" in attrs) == bool(said) or (said and not {wanted, "expected_due_now_minor"} <= said):
        text = _("Send the token of a preview, or what you want together with `expected_due_now_minor`; not both.")
        raise serializers.ValidationError({"token": [text]})


class ScheduledChangeInput(Strict):
    """From the next period on: other seats, fewer of an add-on or none, another plan or interval; or the subscription's end."""

    kind = serializers.ChoiceField(choices=ScheduledKind.choices, default=ScheduledKind.SEATS)
    seats = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_SEATS, help_text="For kind `seats`: seats to have from then on."
    )
    releases = serializers.ListField(
        child=references.MemberField(),
        required=False,
        max_length=MOST_NAMED,
        help_text="Members whose seats end then (ids, or `external:` and your own); needed when fewer seats than people would "
        "be left.",
    )
    addon = serializers.CharField(required=False, max_length=40, help_text="For kind `addon`: its code.")
    number = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_SEATS, help_text="For kind `addon`: how many to have then; left out: none."
    )
    plan = serializers.CharField(required=False, max_length=81, help_text="For kind `plan`: line/plan.")
    interval = serializers.ChoiceField(
        choices=Interval.choices, required=False, help_text="For kind `plan`: how often it is paid then; left out: as now."
    )
    reason_code = serializers.ChoiceField(choices=CancelReason.choices, required=False, help_text="For kind `end`.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)
    external_id = references.ExternalIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == ScheduledKind.SEATS and "seats" not in attrs:
            raise serializers.ValidationError({"seats": [_("Say how many seats there shall be from the next period on.")]})
        if attrs["kind"] == ScheduledKind.ADDON and ("addon" not in attrs or "seats" in attrs or "releases" in attrs):
            raise serializers.ValidationError({"addon": [_("Name the add-on by its code, and no seats.")]})
        if attrs["kind"] != ScheduledKind.ADDON and ("addon" in attrs or "number" in attrs):
            raise serializers.ValidationError({"addon": [_("Send kind addon for an add-on.")]})
        if (attrs["kind"] == ScheduledKind.PLAN) != ("plan" in attrs) or ("interval" in attrs and "plan" not in attrs):
            raise serializers.ValidationError({"plan": [_("Send it with kind plan, and with no other kind.")]})
        if attrs["kind"] == ScheduledKind.PLAN and ("seats" in attrs or "releases" in attrs):
            raise serializers.ValidationError({"seats": [_("Seats are a scheduled change of their own.")]})
        if attrs["kind"] == ScheduledKind.END and "reason_code" not in attrs:
            raise serializers.ValidationError({"reason_code": [_("Say why, by one of the listed codes.")]})
        if attrs["kind"] != ScheduledKind.END and "reason_code" in attrs:
            raise serializers.ValidationError(
                {"reason_code": [_("Send it with kind end alone; `reason` goes with every kind.")]}
            )
        if attrs["kind"] == ScheduledKind.END and ("seats" in attrs or "releases" in attrs):
            raise serializers.ValidationError({"seats": [_("Nothing is left to count when the subscription ends.")]})
        return attrs


class NameInput(Strict):
    """The vendor's own id of what Stripe has made."""

    external_id = references.ExternalIdField(allow_null=True, help_text="Your own id of it; null: none any more.")


class OwnIdInput(Strict):
    """The vendor's own id of what has none yet."""

    external_id = references.ExternalIdField()


class LineQuery(serializers.Serializer[Any]):
    line = serializers.SlugField(
        required=False, help_text="Code of a product line; needed for a change if the organization has several subscriptions."
    )


class EntitlementQuery(serializers.Serializer[Any]):
    feature = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CODE),
        required=False,
        max_length=MOST_FEATURES,
        help_text="A feature's code, as in the catalog; several: `feature=notes&feature=sso`; left out: all there are.",
    )
    member = serializers.CharField(
        required=False, max_length=254, help_text="Whom it is for: member id, `external:` and your own id, or e-mail address."
    )
