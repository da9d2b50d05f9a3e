"""Which mails somebody does not want, and which addresses can't be written to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization
from accounts.models.user import User


class MailStop(models.Model):
    """One topic (accounts.rules.mail_topics) stopped, for a person or a plain address, in one organization or outside of any.

    `user` or `address` is set, never both: a person's choice follows them to a new address.
    """

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="mail_stops")
    address = models.EmailField(blank=True)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="+")
    topic = models.CharField(max_length=20)
    stopped_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stopped mail")
        verbose_name_plural = _("stopped mails")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "address", "organization", "topic"], nulls_distinct=False, name="mail_stop_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(user=None) ^ models.Q(address=""), name="mail_stop_of_a_person_or_an_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.address}: {self.topic}"


class SuppressionReason(models.TextChoices):
    BOUNCE = "bounce", _("It bounced")
    COMPLAINT = "complaint", _("Reported as spam")
    REFUSED = "refused", _("The mail server refused it")


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def live(self) -> "SuppressionQuerySet":
        return self.filter(lifted_at=None)


class Suppression(models.Model):
    """An address that is not written to any more: why, since when, who said so, and how it ended."""

    address = models.EmailField(help_text=_("In lower case."))
    reason = models.CharField(max_length=10, choices=SuppressionReason)
    detail = models.CharField(max_length=300, blank=True, help_text=_("The mail server's or provider's own words."))
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_why = models.CharField(max_length=120, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(fields=["address"], condition=models.Q(lifted_at=None), name="suppression_live_unique"),
        ]

    def __str__(self) -> str:
        return self.address
