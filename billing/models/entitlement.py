"""What changes with entitlements: a version an organization, and how much of a metered feature was used."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class EntitlementVersion(models.Model):
    """Goes up with every change of what an organization is granted: subscription, add-ons, seats, members.

    Triggers write it when the transaction of the change commits (migration of this model), so that no writer can forget it.
    What catalogs change is counted by CatalogVersion: the version that programs see is the sum of both numbers. `announced` is
    the number that webhooks have told of.
    """

    organization = models.OneToOneField(Organization, models.CASCADE, primary_key=True, related_name="entitlement_version")
    number = models.PositiveBigIntegerField()
    announced = models.PositiveBigIntegerField(db_default=0)

    class Meta:
        verbose_name = _("entitlement version")
        verbose_name_plural = _("entitlement versions")
        indexes = [
            models.Index(
                fields=["organization"],
                condition=models.Q(number__gt=models.F("announced")),
                name="entitlement_version_news",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.number}"


class FeatureUsage(models.Model):
    """How much of a metered feature was used in one window, [starts_at, ends_at): a counter that one statement raises.

    `changed` is by how much its newest change changed it, `revision` how many there were.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="usages")
    feature = models.CharField(max_length=60)
    starts_at = models.DateTimeField(_("since"))
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: it is counted until it is given back.")
    )
    used = models.PositiveBigIntegerField()
    changed = models.BigIntegerField()
    revision = models.PositiveBigIntegerField(default=1)
    first_used_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        verbose_name = _("feature usage")
        verbose_name_plural = _("feature usage")
        ordering: ClassVar[list[str]] = ["-starts_at", "organization_id", "feature"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "feature", "starts_at"], name="feature_usage_unique"),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")), name="feature_usage_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.feature} {self.used}"
