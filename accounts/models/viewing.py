"""A look at the store through a customer's eyes, by one of the vendor's people."""

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Membership
from accounts.models.organization import Organization

MOST_REASON: Final = 500


class ViewingEnd(models.TextChoices):
    BUTTON = "button", _("Ended by the button")
    SIGN_OUT = "sign_out", _("Signed out")
    TIME = "time", _("Ran out")
    REPLACED = "replaced", _("Looked at somebody else")


class Viewing(models.Model):
    """One look: who looked, as whom, why, from when to when. Times are wall time, as of all sessions."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="viewings", verbose_name=_("organization"))
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="+", verbose_name=_("seen as"))
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who looked"))
    reason = models.CharField(_("reason"), max_length=MOST_REASON)
    ticket = models.CharField(_("ticket"), max_length=60, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    until_at = models.DateTimeField(_("until"), help_text=_("When it ends by itself."))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.CharField(_("how it ended"), max_length=10, choices=ViewingEnd, blank=True)

    class Meta:
        verbose_name = _("view as the customer")
        verbose_name_plural = _("views as the customer")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_by="")),
                name="viewing_end_is_explained",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="viewing_has_a_reason"),
        ]
        indexes = [models.Index(fields=["until_at"], condition=models.Q(ended_at=None), name="viewing_open")]

    def __str__(self) -> str:
        return f"{self.staff}: {self.organization}"
