"""A customer company and its profile."""

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EmployeeBracket(models.TextChoices):
    """How many people work there. The lower bound of each bracket decides the segment."""

    B1 = "1-9", _("1 to 9")
    B10 = "10-49", _("10 to 49")
    B50 = "50-99", _("50 to 99")
    B100 = "100-499", _("100 to 499")
    B500 = "500-999", _("500 to 999")
    B1000 = "1000-4999", _("1,000 to 4,999")
    B5000 = "5000+", _("5,000 or more")

    @property
    def at_least(self) -> int:
        return int(self.value.rstrip("+").split("-")[0])


class Region(models.TextChoices):
    NORTH_AMERICA = "na", _("North America")
    LATIN_AMERICA = "latam", _("Latin America")
    EUROPE = "europe", _("Europe")
    MIDDLE_EAST_AFRICA = "mea", _("Middle East and Africa")
    ASIA_PACIFIC = "apac", _("Asia and the Pacific")


class Industry(models.TextChoices):
    CONSTRUCTION = "construction", _("Construction")
    ENERGY = "energy", _("Energy and utilities")
    EDUCATION = "education", _("Education")
    FINANCE = "finance", _("Finance and insurance")
    HEALTH = "health", _("Health")
    HOSPITALITY = "hospitality", _("Hospitality")
    LOGISTICS = "logistics", _("Transport and logistics")
    MANUFACTURING = "manufacturing", _("Manufacturing")
    PROFESSIONAL = "professional", _("Professional services")
    PUBLIC = "public", _("Public sector")
    REAL_ESTATE = "real_estate", _("Real estate and facilities")
    RETAIL = "retail", _("Retail")
    TECHNOLOGY = "technology", _("Software and technology")
    OTHER = "other", _("Something else")


class Segment(models.TextChoices):
    SMB = "smb", _("Small business")
    MID_MARKET = "mid_market", _("Mid-market")
    ENTERPRISE = "enterprise", _("Enterprise")


class Tier(models.IntegerChoices):
    """Used for both tiers of a profile: coverage (how much revenue today) and growth (how much there could be)."""

    ONE = 1, _("Tier 1")
    TWO = 2, _("Tier 2")
    THREE = 3, _("Tier 3")


class Joining(models.TextChoices):
    """What somebody with an address of the company's domain may do, without an invitation."""

    ASK = "ask", _("They may ask, and somebody decides")
    AUTO = "auto", _("They join by themselves")
    OFF = "off", _("Only by invitation")


def new_public_id() -> str:
    """An opaque id for URLs and Stripe's metadata: 16 characters, 80 random bits, no look-alikes."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _unused in range(16))


class Organization(models.Model):
    """The customer: what buys, owns seats and is billed."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    external_id = models.CharField(max_length=120, null=True, blank=True, unique=True, help_text=_("The vendor's own id."))
    name = models.CharField(_("company name"), max_length=120)
    domain = models.CharField(_("domain"), max_length=253, blank=True, help_text=_("For example acme.example."))
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166-1 alpha-2."))
    employee_bracket = models.CharField(_("people"), max_length=12, choices=EmployeeBracket)
    region = models.CharField(_("region"), max_length=10, choices=Region)
    industry = models.CharField(_("industry"), max_length=20, choices=Industry, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    locale = models.CharField(_("language"), max_length=10, default="en")
    currency = models.CharField(
        max_length=3, blank=True, help_text=_("Empty until the first Checkout, then locked while anything in it is open.")
    )
    joining = models.CharField(_("colleagues"), max_length=4, choices=Joining, default=Joining.ASK)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    profile: "OrganizationProfile"

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering: ClassVar[list[str]] = ["name", "id"]
        indexes = [models.Index(fields=["domain"], name="organization_domain")]
        permissions = [("export_rows", "Can take lists of the admin along as files")]

    def __str__(self) -> str:
        return self.name


class OrganizationProfile(models.Model):
    """What upper floors have concluded about the organization: each value with its reason, who set it, and until when."""

    organization = models.OneToOneField(Organization, models.CASCADE, related_name="profile", primary_key=True)
    segment = models.CharField(max_length=12, choices=Segment)
    segment_reason = models.CharField(max_length=200)
    segment_set_by = models.CharField(max_length=120, default="rule")
    segment_until = models.DateField(null=True, blank=True)
    coverage_tier = models.PositiveSmallIntegerField(choices=Tier, null=True, blank=True)
    coverage_tier_reason = models.CharField(max_length=200, blank=True)
    coverage_tier_set_by = models.CharField(max_length=120, blank=True)
    coverage_tier_until = models.DateField(null=True, blank=True)
    growth_tier = models.PositiveSmallIntegerField(choices=Tier, null=True, blank=True)
    growth_tier_reason = models.CharField(max_length=200, blank=True)
    growth_tier_set_by = models.CharField(max_length=120, blank=True)
    growth_tier_until = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_segment_display()})"
