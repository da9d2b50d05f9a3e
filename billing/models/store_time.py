"""The sandbox's time machine: how far the whole store runs ahead of the wall."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StoreTime(models.Model):
    """A single row. Moved only together with the sandbox's clock; refused under a live key."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset_seconds = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True, blank=True, help_text=_("Wall time."))

    class Meta:
        verbose_name = _("store time")
        verbose_name_plural = _("store time")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="store_time_single"),
            models.CheckConstraint(condition=models.Q(offset_seconds__gte=0), name="store_time_forward"),
        ]

    def __str__(self) -> str:
        return f"+{self.offset_seconds} s"
