"""A seat held open for somebody who has not come yet."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import external
from accounts.models.membership import Role
from accounts.models.organization import Organization
from accounts.models.user import User


class InvitationState(models.TextChoices):
    OPEN = "open", _("Invited")
    ACCEPTED = "accepted", _("Joined")
    REVOKED = "revoked", _("Withdrawn")


class Invitation(external.ExternallyNamed):
    """An invitation by mail: single use, expiring, resendable, revocable. Only the token's hash is kept."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(max_length=15, choices=Role, default=Role.MEMBER)
    with_seat = models.BooleanField(_("with a seat"), default=True)
    state = models.CharField(max_length=10, choices=InvitationState, default=InvitationState.OPEN)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)
    sent_count = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("email"), condition=models.Q(state="open"), name="invitation_open_unique"
            ),
            external.unique("organization", "invitation"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"
