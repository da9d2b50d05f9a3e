"""A look at one of the pages on which something is about to be bought."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class PageKind(models.TextChoices):
    PRICING = "pricing", _("Prices")
    CHECKOUT = "checkout", _("Cart and checkout")
    SEATS = "seats", _("Seats")
    PLAN = "plan", _("Plan")
    QUOTE = "quote", _("Quotes")


class Visit(models.Model):
    """One look at a page by a browser whose owner allowed it. No address of the network, no name of the browser.

    `visitor` is the random number in that browser's cookie; `mail_domain` the domain of a signed-in person's verified address.
    `at` is store time. Dropped after telemetry.visits_kept_days.
    """

    visitor = models.CharField(_("browser"), max_length=22, help_text=_("A random number, kept in the browser."))
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="visits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    mail_domain = models.CharField(_("mail domain"), max_length=253, blank=True)
    page = models.CharField(_("page"), max_length=8, choices=PageKind)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["visitor", "page", "at"], name="visit_of_browser"),
            models.Index(fields=["at"], name="visit_by_age"),
            models.Index(fields=["user"], condition=models.Q(user__isnull=False), name="visit_of_person"),
            models.Index(
                fields=["mail_domain", "at"],
                condition=models.Q(page="pricing") & ~models.Q(mail_domain=""),
                name="visit_of_domain",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_page_display()}: {self.at:%Y-%m-%d %H:%M}"
