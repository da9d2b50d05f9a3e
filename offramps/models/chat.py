"""Offers as messages in a chat: where they go, and each that is sent."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from offramps.models.countdown import Offer
from offramps.models.roster import Pool, Rep


class ChatHook(models.Model):
    """An incoming webhook (Slack's format) that hears of the offers to a rep, or of a pool. The address is the key to it, so it
    is sealed; `host` is what of it is shown. `failure` says how the latest try ended, empty after a success.
    """

    rep = models.OneToOneField(Rep, models.CASCADE, null=True, related_name="chat")
    pool = models.OneToOneField(Pool, models.CASCADE, null=True, related_name="chat")
    sealed = models.TextField(editable=False)
    host = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    failure = models.CharField(max_length=60, blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints = [
            models.CheckConstraint(
                condition=Q(rep__isnull=False, pool=None) | Q(rep=None, pool__isnull=False), name="chat_of_a_rep_or_a_pool"
            ),
        ]

    def __str__(self) -> str:
        return self.host


class ChatMessageState(models.TextChoices):
    DUE = "due", _("Due")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class ChatMessage(models.Model):
    """One offer, said in one chat. Written with the offer, sent by a lane under a lease and a fence; `due_at` is wall time."""

    hook = models.ForeignKey(ChatHook, models.CASCADE, related_name="messages")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+")
    text = models.TextField()
    state = models.CharField(max_length=6, choices=ChatMessageState, default=ChatMessageState.DUE)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("chat message")
        verbose_name_plural = _("chat messages")
        constraints = [models.UniqueConstraint(fields=["hook", "offer"], name="chat_message_once")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="chat_message_due")
        ]

    def __str__(self) -> str:
        return f"{self.hook}: {self.offer_id}"
