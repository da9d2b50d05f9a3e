"""Cards that expire: when to look at each, and what their holders were told."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.customer import Customer


class CardWatch(models.Model):
    """When the sweep looks at a customer's card next. A trigger sets it back whenever there is another card."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="card_watch")
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("card watch")
        verbose_name_plural = _("card watches")
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="card_watch_due")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.due_at}"


class CardNoticeKind(models.TextChoices):
    FIRST = "first", _("First notice")
    LAST = "last", _("Last notice")
    CHARGE = "charge", _("Before the charge that would fail")


class CardNotice(models.Model):
    """A notice about one card: before it expires, or before the charge at `about_at` that it would fail. Once each."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="card_notices")
    payment_method_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=6, choices=CardNoticeKind)
    about_at = models.DateTimeField(_("about"), help_text=_("The end of the card, or the charge."))
    decided_at = models.DateTimeField(_("due since"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("card notice")
        verbose_name_plural = _("card notices")
        constraints = [
            models.UniqueConstraint(fields=["customer", "payment_method_id", "kind", "about_at"], name="card_notice_unique")
        ]
        indexes = [models.Index(fields=["decided_at"], condition=Q(sent_at=None), name="card_notice_due")]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_kind_display()}"
