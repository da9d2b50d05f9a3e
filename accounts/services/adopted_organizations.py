"""Organizations of customers who were won elsewhere, many at once: without members, until the owner is invited."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError

from accounts.models import Organization, OrganizationProfile
from accounts.origin import Origin
from accounts.services import journal, organizations
from accounts.services.organizations import Details


def make(
    wanted: Mapping[str, Details], *, currencies: Mapping[str, str], origin: Origin, at: datetime
) -> dict[str, Organization]:
    """An organization for each external id, in the caller's transaction. Four statements, however many there are.

    `currencies` are those that they pay in, by external id. Raises ValidationError for details that do not fit (`check` says so
    before).
    """
    rows = {
        external_id: Organization(
            **organizations.clean(details), external_id=external_id, currency=currencies[external_id], created_at=at
        )
        for external_id, details in wanted.items()
    }
    made = dict(zip(rows, Organization.objects.bulk_create(rows.values()), strict=True))
    profiles = [OrganizationProfile(organization=one, **organizations.concluded(one, at)) for one in made.values()]
    OrganizationProfile.objects.bulk_create(profiles)
    told = [(profile.organization, {"segment": profile.segment, "reason": profile.segment_reason}) for profile in profiles]
    journal.append_all(kind="accounts.organization.created", told=told, at=at, origin=origin)
    return made


def check(details: Details) -> dict[str, str]:
    """What is wrong with the details: field to text; empty: nothing."""
    try:
        organizations.clean(details)
    except ValidationError as error:
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return {}
