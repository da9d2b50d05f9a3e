"""Giving an organization a new owner when the old one is gone: two people of ours, a proof, and time to object."""

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Membership
from accounts.models.organization import Organization


class RecoveryState(models.TextChoices):
    REQUESTED = "requested", _("Waits for a second person")
    NOTICE = "notice", _("Announced; members may object")
    DONE = "done", _("Ownership moved")
    OBJECTED = "objected", _("Stopped by an objection")
    REFUSED = "refused", _("Refused by the second person")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("The new owner had left, or the organization was closed")


OPEN_RECOVERIES: Final = (RecoveryState.REQUESTED, RecoveryState.NOTICE)


class OwnerRecovery(models.Model):
    """One case. At most one is open for an organization; whoever approves is not who asked."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="recoveries")
    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="+", verbose_name=_("new owner"), help_text=_("A member today.")
    )
    proof = models.TextField(
        _("proof"), help_text=_("What shows that the owner is gone and that this person may speak for the company.")
    )
    state = models.CharField(max_length=10, choices=RecoveryState, default=RecoveryState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(help_text=_("Store time, as the others."))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the ownership moves if nobody objects."))
    objected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=500, blank=True, help_text=_("Why it was refused, withdrawn or objected to."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("owner recovery")
        verbose_name_plural = _("owner recoveries")
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(state__in=OPEN_RECOVERIES), name="owner_recovery_open_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("requested_by")) | models.Q(state=RecoveryState.WITHDRAWN),
                name="owner_recovery_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("notice", "done")) | models.Q(decided_by__isnull=False, due_at__isnull=False),
                name="owner_recovery_approved_before_notice",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="notice"), name="owner_recovery_due")]

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_state_display()})"


class ClosedManager(models.Manager["ClosedOrganization"]):
    def get_queryset(self) -> models.QuerySet["ClosedOrganization"]:
        return super().get_queryset().exclude(closed_at=None)


class ClosedOrganization(Organization):
    """An organization that its owner has closed, as staff see it who may open it again."""

    objects: ClassVar[ClosedManager] = ClosedManager()

    class Meta:
        proxy = True
        verbose_name = _("closed organization")
        verbose_name_plural = _("closed organizations")
