"""From the first click to the first payment."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, external
from accounts.models.organization import new_public_id
from billing.models.catalog import Interval, Plan, Price, ProductLine
from billing.models.pilot import Pilot, PilotFee
from billing.models.promotion import Promotion
from billing.models.subscription import Subscription
from billing.models.terms import Terms


class CartState(models.TextChoices):
    OPEN = "open", _("Open")
    ORDERED = "ordered", _("Ordered")
    REPLACED = "replaced", _("Replaced by a newer one")
    QUOTED = "quoted", _("Of a quote")


class Cart(external.ExternallyNamed):
    """What somebody is about to buy, kept from the first click: by signed cookie, later by organization."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="carts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField()
    interval = models.CharField(max_length=5, choices=Interval)
    currency = models.CharField(max_length=3)
    is_trial = models.BooleanField(default=False, help_text=_("Tried first: nothing is charged until the trial ends."))
    pilot = models.ForeignKey(
        Pilot, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("Bought as this pilot, for its fee.")
    )
    addons = models.JSONField(_("add-ons"), default=dict, blank=True, help_text=_("Code to how many; null: one for each seat."))
    promotion_code = models.CharField(max_length=40, blank=True, help_text=_("As it was typed, in capitals; it may not hold."))
    back_from = models.ForeignKey(
        Subscription, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("Filled with what this one had.")
    )
    held_price = models.ForeignKey(
        Price, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("Of a quote: bought at this, sold or not.")
    )
    held_addons = models.JSONField(
        _("held add-ons"), default=list, blank=True, help_text=_("Of a quote: the prices of its add-ons, by id.")
    )
    held_agreed = models.ForeignKey(
        Terms,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Of a quote: the agreed discount it was made with."),
    )
    state = models.CharField(max_length=10, choices=CartState, default=CartState.OPEN)
    origin = models.JSONField(default=dict, help_text=_("First touch: utm_*, referrer host, page."))
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [external.unique("organization", "cart")]
        indexes = [models.Index(fields=["organization", "-updated_at"], name="cart_of_organization")]

    def __str__(self) -> str:
        return f"{self.plan.name} x {self.seats}, {self.get_interval_display()}"


class CheckoutState(models.TextChoices):
    OPENING = "opening", _("Being opened")
    OPEN = "open", _("Open")
    APPLIED = "applied", _("Bought")
    EXPIRED = "expired", _("Expired")
    RETURNED = "returned", _("Paid twice, returned")
    FAILED = "failed", _("Failed")


class CheckoutAttempt(external.ExternallyNamed):
    """One visit to Stripe's payment page. At most one open one per organization and line."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="checkouts")
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    cart = models.ForeignKey(Cart, models.PROTECT, related_name="attempts")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField()
    addons = models.JSONField(_("add-ons"), default=list, blank=True, help_text=_("List of {code, number, stripe_price_id}."))
    payment_days = models.PositiveSmallIntegerField(
        default=0, help_text=_("Bought on invoice, due after so many days; 0: by card.")
    )
    trial_days = models.PositiveSmallIntegerField(default=0, help_text=_("0: bought at once."))
    pilot_fee = models.ForeignKey(PilotFee, models.PROTECT, null=True, blank=True, related_name="+")
    promotion = models.ForeignKey(Promotion, models.PROTECT, null=True, blank=True, related_name="+")
    agreed = models.ForeignKey(
        Terms,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agreed discount"),
        help_text=_("The exception whose discount counts from the first charge on."),
    )
    state = models.CharField(max_length=10, choices=CheckoutState, default=CheckoutState.OPENING)
    stripe_session_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    url = models.TextField(blank=True)
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="checkouts")
    duplicate_stripe_subscription_id = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("checkout attempt")
        verbose_name_plural = _("checkout attempts")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "line"],
                condition=models.Q(state__in=("opening", "open")),
                name="checkout_attempt_open_unique",
            ),
            external.unique("organization", "checkout_attempt"),
        ]

    def __str__(self) -> str:
        return f"{self.price} x {self.seats} ({self.get_state_display()})"
