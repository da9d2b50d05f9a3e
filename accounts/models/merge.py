"""Two organizations that are one customer: which went into which, by whom and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization
from accounts.models.user import User


class OrganizationMerge(models.Model):
    """`source` is closed for good, and what was its own is `target`'s as far as `moved` counts it. It cannot be undone."""

    source = models.OneToOneField(Organization, models.PROTECT, related_name="merged_into", verbose_name=_("merged"))
    target = models.ForeignKey(Organization, models.PROTECT, related_name="merges", verbose_name=_("goes on as"))
    reason = models.CharField(max_length=300)
    moved = models.JSONField(_("what moved"), default=dict)
    merged_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    merged_at = models.DateTimeField(_("merged at"))

    class Meta:
        verbose_name = _("merge of organizations")
        verbose_name_plural = _("merges of organizations")
        constraints = [models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="merge_of_two")]

    def __str__(self) -> str:
        return f"{self.source} > {self.target}"
