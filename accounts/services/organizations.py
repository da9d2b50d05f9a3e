"""Organizations: made, and changed by their owners."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import (
    EmployeeBracket,
    Industry,
    Membership,
    Organization,
    OrganizationProfile,
    Region,
    Role,
    User,
)
from accounts.origin import Origin
from accounts.queries import places, policies
from accounts.rules import domains, geography, segment
from accounts.services import journal

SET_BY_RULE = "rule"


@dataclass(frozen=True, kw_only=True)
class Details:
    """What an organization says of itself. `region` and `time_zone` follow from the country when empty."""

    name: str
    country: str
    employee_bracket: str
    domain: str = ""
    region: str = ""
    industry: str = ""
    time_zone: str = ""
    locale: str = "en"


def create(
    *, owner: User, details: Details, origin: Origin, at: datetime, external_id: str | None = None
) -> tuple[Organization, Membership]:
    """Make an organization with `owner` as its first member, and conclude its segment.

    Raises ValidationError with the field's name for a value that does not fit, an external id that is taken included.
    """
    values = clean(details)
    try:
        with transaction.atomic():
            organization = Organization.objects.create(**values, external_id=external_id or None, created_at=at)
            membership = Membership.objects.create(organization=organization, user=owner, role=Role.OWNER, joined_at=at)
            profile = OrganizationProfile.objects.create(organization=organization, **concluded(organization, at))
            facts = {"segment": profile.segment, "reason": profile.segment_reason, "country": organization.country}
            _tell("accounts.organization.created", organization, origin, at, {"membership": membership.pk, **facts})
    except IntegrityError as error:
        if "external_id" in str(error):
            raise ValidationError({"external_id": _("Another organization has this external id.")}) from None
        raise
    return organization, membership


def make(*, details: Details, origin: Origin, at: datetime) -> Organization:
    """An organization without members yet: one of us makes it for a company that is about to buy, and invites its owner.

    Raises ValidationError with the field's name.
    """
    with transaction.atomic():
        organization = Organization.objects.create(**clean(details), created_at=at)
        profile = OrganizationProfile.objects.create(organization=organization, **concluded(organization, at))
        facts = {"segment": profile.segment, "reason": profile.segment_reason, "country": organization.country}
        _tell("accounts.organization.created", organization, origin, at, facts)
    return organization


def update(*, organization: Organization, details: Details, origin: Origin, at: datetime) -> list[str]:
    """Change what an organization says of itself; the segment follows unless a person set it. Returns the fields changed.

    Raises ValidationError with the field's name.
    """
    values = clean(details)
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        changed = [field for field, value in values.items() if getattr(row, field) != value]
        if not changed:
            return []
        for field in changed:
            setattr(row, field, values[field])
        row.save(update_fields=changed)
        data: dict[str, Any] = {"changed": changed}
        if {"domain", "employee_bracket"} & set(changed):
            data["segment"] = _conclude_segment(row, at)
        _tell("accounts.organization.updated", row, origin, at, data)
    for field in changed:
        setattr(organization, field, values[field])
    return changed


def clean(details: Details) -> dict[str, str]:
    """The columns of an organization. Raises ValidationError with the field's name."""
    values = {field.name: str(getattr(details, field.name)).strip() for field in fields(details)}
    if not values["name"]:
        raise ValidationError({"name": _("Enter the company's name.")})
    try:
        values["domain"] = domains.normalize(values["domain"])
    except domains.Malformed:
        raise ValidationError({"domain": _("Enter a domain such as acme.example, or leave it empty.")}) from None
    if values["country"] not in geography.REGION_OF:
        raise ValidationError({"country": _("Choose a country from the list.")})
    values["region"] = values["region"] or geography.region_of(values["country"])
    values["time_zone"] = values["time_zone"] or places.usual_time_zone(values["country"])
    _check_choices(values)
    return values


def _check_choices(values: dict[str, str]) -> None:
    allowed = {
        "employee_bracket": EmployeeBracket.values,
        "region": Region.values,
        "industry": ["", *Industry.values],
        "time_zone": [name for name, _label in places.time_zones()],
    }
    for field, choices in allowed.items():
        if values[field] not in choices:
            raise ValidationError({field: _("Choose one of the list.")})


def concluded(organization: Organization, at: datetime) -> dict[str, str]:
    """The segment by the rule, with its reason, as a profile keeps them."""
    decision = segment.decide(
        people_at_least=EmployeeBracket(organization.employee_bracket).at_least,
        domain=organization.domain,
        mid_market_from=policies.value("accounts.mid_market_from", at=at),
        enterprise_from=policies.value("accounts.enterprise_from", at=at),
        enterprise_domains=policies.value("accounts.enterprise_domains", at=at),
    )
    return {"segment": decision.segment, "segment_reason": decision.reason[:200], "segment_set_by": SET_BY_RULE}


def _conclude_segment(organization: Organization, at: datetime) -> str:
    """The rule's segment, unless a person or an upper floor has set another."""
    profiles = OrganizationProfile.objects.filter(organization=organization)
    profiles.filter(segment_set_by=SET_BY_RULE).update(**concluded(organization, at))
    return profiles.values_list("segment", flat=True).get()


def _tell(kind: str, organization: Organization, origin: Origin, at: datetime, data: dict[str, Any]) -> None:
    journal.append(
        kind=kind,
        organization=organization,
        at=at,
        origin=origin,
        data=data,
    )
