"""The numbers of the business, as dated rows that a person put in force with a reason."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Segment


class Policy(models.Model):
    """One value of one registered policy (accounts/rules/policy.py names them, with type, unit, bounds and default).

    Append-only: a later `effective_at` supersedes. A row with a segment overrides the general one for that segment.
    """

    name = models.CharField(max_length=80)
    segment = models.CharField(max_length=12, choices=Segment, blank=True, help_text=_("Empty: for everybody."))
    value = models.JSONField()
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(fields=["name", "segment", "effective_at"], name="policy_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
