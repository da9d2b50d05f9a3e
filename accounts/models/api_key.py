"""Keys by which programs speak to the store."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import external
from accounts.models.organization import Organization


class ApiKeyKind(models.TextChoices):
    VENDOR = "vendor", _("Vendor-wide: the vendor's product, every organization")
    ORGANIZATION = "organization", _("One organization")


class Scope(models.TextChoices):
    CATALOG_READ = "catalog:read", _("Read the catalog")
    BILLING_READ = "billing:read", _("Read subscriptions and invoices")
    BILLING_WRITE = "billing:write", _("Change subscriptions")
    MEMBERS_READ = "members:read", _("Read members")
    MEMBERS_WRITE = "members:write", _("Change members")
    ENTITLEMENTS_READ = "entitlements:read", _("Check entitlements")
    ORGANIZATIONS_READ = "organizations:read", _("Read organizations")
    ORGANIZATIONS_WRITE = "organizations:write", _("Create and change organizations")
    CARTS_READ = "carts:read", _("Read carts and checkouts")
    CARTS_WRITE = "carts:write", _("Fill carts and start checkouts")
    KEYS_READ = "keys:read", _("Read the API keys of organizations")
    KEYS_WRITE = "keys:write", _("Create, rotate and revoke the API keys of organizations")
    SESSIONS_WRITE = "sessions:write", _("Bring people in, signed on")
    REFUNDS_WRITE = "refunds:write", _("Refund invoices, or lower open ones")
    USAGE_WRITE = "usage:write", _("Report usage of metered features")
    WEBHOOKS_READ = "webhooks:read", _("Read webhook endpoints and what was sent to them")
    WEBHOOKS_WRITE = "webhooks:write", _("Create and change webhook endpoints, and send again")


# What a key of one organization may not be given: the store would take a customer's word for who somebody is, or a key could
# make others that outlive it, or a customer give itself money back, or more of what is metered.
VENDOR_SCOPES = frozenset({Scope.SESSIONS_WRITE, Scope.KEYS_READ, Scope.KEYS_WRITE, Scope.REFUNDS_WRITE, Scope.USAGE_WRITE})


class ApiKey(external.ExternallyNamed):
    """`sfk_<prefix>_<secret>`: the prefix finds the row, the hash proves the secret, which is shown once and never kept."""

    kind = models.CharField(max_length=12, choices=ApiKeyKind)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope), default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Set by a rotation: both keys work until then."))
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replaced_by")

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="vendor", organization=None)
                | models.Q(kind="organization", organization__isnull=False),
                name="api_key_kind_fits_organization",
            ),
            external.unique("organization", "api_key"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (sfk_{self.prefix}_…)"
