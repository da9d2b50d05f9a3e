"""What has been concluded about an organization, for the floors that go by it."""

from accounts.models import Organization, OrganizationProfile


def segment(organization_id: int) -> str:
    """Its segment, by which policies differ; "" where nobody has concluded one. One query."""
    found = OrganizationProfile.objects.filter(organization=organization_id).values_list("segment", flat=True)
    return found.first() or ""


def segment_of(organization: Organization) -> str:
    """The same of an organization at hand. One query, or none where its profile is at hand too."""
    try:
        return organization.profile.segment
    except OrganizationProfile.DoesNotExist:
        return ""
