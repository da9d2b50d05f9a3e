"""Somebody asked for a person."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.models.organization import new_public_id
from billing.models import Cart


class HandRaiseReason(models.TextChoices):
    LEGAL = "legal", _("Legal: contract, DPA, terms")
    SECURITY = "security", _("Security review")
    PROCUREMENT = "procurement", _("Purchase order or procurement")
    DISCOUNT = "discount", _("Discount or volume")
    TERMS = "terms", _("Payment terms or support")
    SEATS = "seats", _("More seats than I can buy here")
    OTHER = "other", _("Something else")


class HandRaiseState(models.TextChoices):
    OPEN = "open", _("Waiting")
    CLOSED = "closed", _("Answered")


class HandRaise(models.Model):
    """A click on "talk to a person", with the cart and the page it came from. Routing and the clock come to this row."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="hand_raises")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, blank=True, related_name="hand_raises")
    reason = models.CharField(max_length=12, choices=HandRaiseReason)
    answers = models.JSONField(default=dict, help_text=_("What the reason asked: {seats, message, needed_by, ...}"))
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, default="mail", help_text=_("phone, video or mail"))
    page = models.CharField(max_length=200, blank=True, help_text=_("Where it was raised."))
    basket = models.JSONField(
        default=dict, help_text=_("The priced cart at the click: plan, seats, interval, currency, total.")
    )
    state = models.CharField(max_length=10, choices=HandRaiseState, default=HandRaiseState.OPEN)
    click = models.CharField(
        max_length=40,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text=_("Id of the one click: a second is no second row."),
    )
    raised_at = models.DateTimeField()
    answer_on = models.DateField(help_text=_("By the end of this day an answer by mail is promised."))
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hand-raise")
        verbose_name_plural = _("hand-raises")
        indexes = [models.Index(Lower("contact_email"), "raised_at", name="hand_raise_of_address")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} from {self.organization or self.contact_email}"
