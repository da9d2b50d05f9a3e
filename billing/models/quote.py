"""Standard quotes: a cart or a change as a numbered document, held until a day, and what was decided on it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, external
from accounts.models.organization import new_public_id
from billing.models.catalog import Price, ProductLine
from billing.models.checkout import Cart
from billing.models.seats import SeatChange
from billing.models.subscription import Subscription


class QuoteState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", pgettext_lazy("quote", "Accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")
    OVERTAKEN = "overtaken", pgettext_lazy("quote", "Overtaken")


class QuoteKind(models.TextChoices):
    PURCHASE = "purchase", _("Purchase")
    CHANGE = "change", _("Change")


class QuoteWay(models.TextChoices):
    CARD = "card", _("By card")
    INVOICE = "invoice", _("By invoice")


class QuoteCount(models.Model):
    """How many quotes a year has: the next number is taken in the transaction that issues the quote, so none is left out."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("count of quotes")
        verbose_name_plural = _("counts of quotes")

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Quote(external.ExternallyNamed):
    """What is offered, to whom, at which price and until when. `document` is what stands on it: see quoting.terms.

    A purchase has a `cart` of its own, which nobody can change; a change has the subscription, what is `wanted` of it (as a
    token's content says it) and the `base` it was priced on. `price` is the plan's then, kept even if it is sold no more.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    number = models.CharField(max_length=20, null=True, blank=True, unique=True, help_text=_("Empty: not issued."))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="quotes")
    kind = models.CharField(max_length=8, choices=QuoteKind)
    state = models.CharField(max_length=9, choices=QuoteState, default=QuoteState.DRAFT)
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    cart = models.OneToOneField(Cart, models.PROTECT, null=True, blank=True, related_name="quote")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="quotes")
    wanted = models.JSONField(default=dict, blank=True)
    base = models.CharField(max_length=300, blank=True, help_text=_("What the subscription had when it was priced."))
    document = models.JSONField(default=dict)
    currency = models.CharField(max_length=3)
    due_minor = models.BigIntegerField(_("due on acceptance"), help_text=_("Of a change: on the day it was issued."))
    period_minor = models.BigIntegerField(_("each period"), help_text=_("With tax, as far as it is known."))
    addressed_to = models.CharField(max_length=120, blank=True)
    approver_email = models.EmailField(blank=True)
    purchase_order = models.CharField(max_length=140, blank=True)
    note = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20)
    rep = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made by"),
        help_text=_("Of a deal: who of us answers for it."),
    )
    begins_at = models.DateTimeField(_("accepted from"), null=True, blank=True, help_text=_("Empty: at once."))
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    valid_on = models.DateField(_("valid through"), null=True, blank=True)
    lapses_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: reminded, or not to be."))
    look_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Something was booked since: does it still rest on what there is?")
    )
    overtaken = models.JSONField(
        default=dict, blank=True, help_text=_("By what: {why, plan, seats, interval}, as there was then.")
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    follows = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="followed_by")
    decision = models.ForeignKey("billing.QuoteDecision", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            external.unique("organization", "quote"),
            models.CheckConstraint(
                condition=Q(kind="purchase", cart__isnull=False) | Q(kind="change", subscription__isnull=False),
                name="quote_of_something",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("open", "accepted", "lapsed"))
                | Q(number__isnull=False, issued_at__isnull=False, lapses_at__isnull=False),
                name="quote_issued_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="quote_of_organization"),
            models.Index(fields=["look_at"], condition=Q(state="open", look_at__isnull=False), name="quote_to_look_at"),
            models.Index(fields=["lapses_at"], condition=Q(state="open"), name="quote_lapses"),
            models.Index(fields=["remind_at"], condition=Q(state="open", remind_at__isnull=False), name="quote_reminds"),
        ]

    def __str__(self) -> str:
        return self.number or "-"


class QuoteDecision(models.Model):
    """An approver's yes: who, how it is paid and for how much. It takes effect once that is paid or invoiced.

    Of several, by two approvers or after a card was declined, `Quote.decision` is the one that did.
    """

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="decisions")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    title = models.CharField(_("position"), max_length=120, blank=True)
    authority = models.CharField(_("by which authority"), max_length=200, blank=True, help_text=_("As it was said."))
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    sha256 = models.CharField(
        _("fingerprint"), max_length=64, blank=True, help_text=_("Of exactly what was accepted, as it stood on the page.")
    )
    way = models.CharField(max_length=7, choices=QuoteWay)
    purchase_order = models.CharField(max_length=140, blank=True)
    due_minor = models.BigIntegerField()
    documents = models.JSONField(default=list, help_text=_("The legal texts that were accepted: kind and hash of each."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    change = models.ForeignKey(SeatChange, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision on a quote")
        verbose_name_plural = _("decisions on quotes")

    def __str__(self) -> str:
        return f"{self.quote}: {self.name}"
