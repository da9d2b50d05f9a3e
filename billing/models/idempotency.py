"""Answers kept for programs that ask twice."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Organization


class IdempotentRequest(models.Model):
    """One write of the API under the caller's `Idempotency-Key`: taken first, answered later, kept for 24 hours.

    `status` is empty while the request is being worked on, until `locked_until` at most: then whoever asked may ask again.
    """

    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text=_("SHA-256 of method, path, organization and body."))
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)
    locked_until = models.DateTimeField(help_text=_("Wall time."))
    created_at = models.DateTimeField(help_text=_("Wall time."))

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotent_request_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_age")]

    def __str__(self) -> str:
        return f"{self.key} ({self.status or 'under way'})"
