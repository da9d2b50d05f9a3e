"""What has been concluded about an organization, for the floors that go by it."""

from accounts.models import OrganizationProfile


def segment(organization_id: int) -> str:
    """Its segment, by which policies differ; "" where nobody has concluded one. One query."""
    found = OrganizationProfile.objects.filter(organization=organization_id).values_list("segment", flat=True)
    return found.first() or ""
