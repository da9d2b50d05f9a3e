"""Whose account a customer is: dated rows, never overwritten."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from offramps.models.roster import Pool, Rep


class OwnerKind(models.TextChoices):
    REP = "rep", _("Rep")
    CSM = "csm", _("Customer success manager")
    POOL = "pool", _("Pool")
    STRATEGIC = "strategic", _("Strategic account manager")


class OwnerStyle(models.TextChoices):
    HUNTER = "hunter", _("Wins new business")
    FARMER = "farmer", _("Grows what there is")


class OwnershipQuerySet(models.QuerySet["AccountOwnership"]):
    def in_force(self, at: datetime) -> "OwnershipQuerySet":
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


class AccountOwnership(models.Model):
    """Somebody has an account, `[starts_at, ends_at)`: a rep or a pool, and why."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="owners")
    kind = models.CharField(_("as"), max_length=9, choices=OwnerKind)
    style = models.CharField(_("style"), max_length=6, choices=OwnerStyle, default=OwnerStyle.FARMER)
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="accounts")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="accounts")
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = OwnershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("account owner")
        verbose_name_plural = _("account owners")
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind"], condition=Q(ends_at=None), name="ownership_one_of_a_kind"),
            models.CheckConstraint(
                condition=Q(kind="pool", pool__isnull=False, rep=None) | (~Q(kind="pool") & Q(rep__isnull=False, pool=None)),
                name="ownership_by_a_rep_or_a_pool",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="ownership_ends_after_start"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rep"], condition=Q(ends_at=None), name="ownership_of_rep")
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.rep or self.pool}"
