"""What people ask of those who decide: to join a company that is here already, and for a seat."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import external
from accounts.models.membership import Membership
from accounts.models.organization import Organization
from accounts.models.user import User

LONGEST_WORD = 300


class RequestState(models.TextChoices):
    OPEN = "open", _("Waiting")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Run out")


class Asked(external.ExternallyNamed):
    """What both have in common: a state that changes once, why it was asked, what was answered, and until when it is open."""

    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.OPEN)
    reason = models.CharField(max_length=LONGEST_WORD, blank=True, help_text=_("In the words of whoever asks."))
    answer = models.CharField(max_length=LONGEST_WORD, blank=True, help_text=_("In the words of whoever declined."))
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True


class JoinRequest(Asked):
    """Somebody with an address of the company's domain asks to be let in. One open per person and organization."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(User, models.CASCADE, related_name="join_requests")
    email = models.EmailField(help_text=_("The verified address that shows where the person works."))

    class Meta:
        verbose_name = _("request to join")
        verbose_name_plural = _("requests to join")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], condition=models.Q(state="open"), name="join_request_open_unique"
            ),
            external.unique("organization", "join_request"),
        ]

    def __str__(self) -> str:
        return f"{self.user} to {self.organization}"


class SeatRequest(Asked):
    """A member asks for a seat. One open per membership."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="seat_requests")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="seat_requests")

    class Meta:
        verbose_name = _("request for a seat")
        verbose_name_plural = _("requests for a seat")
        constraints = [
            models.UniqueConstraint(fields=["membership"], condition=models.Q(state="open"), name="seat_request_open_unique"),
            external.unique("organization", "seat_request"),
        ]

    def __str__(self) -> str:
        return str(self.membership)
