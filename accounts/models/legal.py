"""Dated terms, and who accepted which version of them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization


class LegalDocument(models.Model):
    """One dated version of the terms, the privacy notice or the DPA. `sha256` is of the text in all languages."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("Terms of service")
        PRIVACY = "privacy", _("Privacy notice")
        DPA = "dpa", _("Data processing agreement")

    kind = models.CharField(max_length=10, choices=Kind)
    effective_on = models.DateField()
    sha256 = models.CharField(max_length=64)
    text = models.JSONField(help_text=_("Language code to Markdown text."))

    class Meta:
        verbose_name = _("legal document")
        verbose_name_plural = _("legal documents")
        constraints = [models.UniqueConstraint(fields=["kind", "sha256"], name="legal_document_version_unique")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.effective_on}"


class Acceptance(models.Model):
    """Somebody accepted a document for an organization."""

    document = models.ForeignKey(LegalDocument, models.PROTECT, related_name="acceptances")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="acceptances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        constraints = [models.UniqueConstraint(fields=["document", "organization", "user"], name="acceptance_unique")]

    def __str__(self) -> str:
        return f"{self.document} by {self.user}"
