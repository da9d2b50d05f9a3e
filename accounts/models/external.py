"""The vendor's own ids of our objects."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExternallyNamed(models.Model):
    """A row that the vendor's product may name by an id of its own. Add `unique(...)` to the model's constraints."""

    external_id = models.CharField(  # noqa: DJ001 - no id is NULL, as ids are unique
        max_length=120, null=True, blank=True, editable=False, help_text=_("The vendor's own id of it, set through the API.")
    )

    class Meta:
        abstract = True


def unique(scope: str, name: str) -> models.UniqueConstraint:
    """One row an id within `scope`, the name of a foreign key. Rows without an id are not in the index."""
    return models.UniqueConstraint(
        fields=[scope, "external_id"],
        condition=models.Q(external_id__isnull=False),
        name=f"{name}_external_id_unique",
    )
