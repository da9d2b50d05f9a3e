"""A way into the store, signed on, that the vendor's product gives one of its users."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization


class Entry(models.Model):
    """A link that is good once and for minutes. Only the token's hash is kept; times are wall time, as of all signatures."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="entries", verbose_name=_("person"))
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="entries", verbose_name=_("organization"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    path = models.CharField(_("page"), max_length=300, help_text=_("Of the store, where the person arrives."))
    return_url = models.URLField(_("way back"), max_length=500, blank=True)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry from the product")
        verbose_name_plural = _("entries from the product")

    def __str__(self) -> str:
        return f"{self.user} to {self.organization}"
