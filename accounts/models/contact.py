"""Addresses beside the owner's that get what is about money."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import external
from accounts.models.organization import Organization
from accounts.models.user import User


class BillingContactQuerySet(models.QuerySet["BillingContact"]):
    def live(self) -> "BillingContactQuerySet":
        return self.filter(removed_at=None)

    def verified(self) -> "BillingContactQuerySet":
        """Those that mails go to."""
        return self.live().exclude(verified_at=None)


class BillingContact(external.ExternallyNamed):
    """A person or a plain address (invoices@acme.example) that gets receipts and payment mails, once its reader has agreed."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="billing_contacts")
    email = models.EmailField(_("e-mail address"))
    locale = models.CharField(_("language"), max_length=10, default="en")
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text=_("When it was last asked to agree."))
    sent_count = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField(help_text=_("Until when the link of that mail works."))
    verified_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    refused = models.BooleanField(default=False, help_text=_("Removed by its reader, who does not want these mails."))

    objects = BillingContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("billing contact")
        verbose_name_plural = _("billing contacts")
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("email"), condition=models.Q(removed_at=None), name="billing_contact_live_unique"
            ),
            external.unique("organization", "billing_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.email} for {self.organization}"
