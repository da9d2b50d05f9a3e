"""Leads, their countdowns with each offer, and call slots: to read. They are worked at the desk."""

import functools
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from config import words
from config.admin import pages
from offramps.models import CallSlot, Countdown, Lead, LeadTrigger, Offer, Rep
from offramps.queries import fit, hand_raise_words, offer_words, rule_words

STATE_TONES = {"open": "wait", "won": "good", "lost": "bad", "handed_back": "good", "not_a_fit": ""}
COUNTDOWN_TONES = {"ringing": "wait", "accepted": "wait", "contacted": "good", "slot": "wait", "over": ""}
OFFER_TONES = {"accepted": "good", "declined": "bad", "passed": "bad", "taken": "", "withdrawn": ""}
SLOT_TONES = {"held": "wait", "kept": "good", "missed": "bad", "cancelled": "", "moved": "", "released": ""}


class TriggerRows(pages.ReadOnlyRows):
    model = LeadTrigger
    fields = ("at", "hand_raise", "noticed")
    readonly_fields = ("noticed",)
    ordering = ("-at",)
    related = ("hand_raise__organization", "lead__organization", "version__rule")

    @display(description=_("Noticed by a rule"))
    def noticed(self, row: LeadTrigger) -> str:
        return rule_words.saw(row)


class CountdownRows(pages.ReadOnlyRows):
    model = Countdown
    fields = ("clicked_at", "state", "rep", "offered_at", "accepted_at", "contacted_at", "missed_because")
    ordering = ("-clicked_at",)
    related = ("rep__user", "lead__organization")
    badges = {"state": COUNTDOWN_TONES}


class OfferRows(pages.ReadOnlyRows):
    model = Offer
    fields = ("offered_at", "rep", "how", "outcome", "outcome_at", "turn", "over")
    readonly_fields = ("how", "turn", "over")
    ordering = ("pk",)
    related = ("rep__user", "pool")
    badges = {"outcome": OFFER_TONES}

    @display(description=_("Chosen because"))
    def how(self, row: Offer) -> str:
        return offer_words.step(row.step)

    @display(description=_("Turn"))
    def turn(self, row: Offer) -> str:
        return offer_words.share(row.explained)

    @display(description=_("Passed over"))
    def over(self, row: Offer) -> str:
        return offer_words.passed_over(row.explained, self.names)

    @functools.cached_property
    def names(self) -> dict[int, str]:
        """Everybody's name, asked once: the rows of a page share these."""
        return {rep.pk: str(rep) for rep in Rep.objects.select_related("user")}


class SlotRows(pages.ReadOnlyRows):
    model = CallSlot
    fields = ("starts_at", "rep", "state", "held_at", "ended_at")
    ordering = ("-held_at",)
    related = ("rep__user", "countdown__lead__organization")
    badges = {"state": SLOT_TONES}


@admin.register(Lead)
class LeadAdmin(pages.ReadOnly):
    list_display = ("opened_at", "topic", "organization", "contact_email", "state", "pool", "rep", "priority")
    list_filter = ("state", "topic", "fit", "segment", "region", "pool", "rep")
    list_select_related = ("organization", "pool", "rep__user")
    search_fields = ("organization__name", "contact_email", "contact_name", "public_id")
    ordering = ("-opened_at", "-id")
    date_hierarchy = "opened_at"
    badges = {"state": STATE_TONES}
    inlines = (CountdownRows, TriggerRows)
    fields: Any = (
        *(("topic", "state"), ("organization", "user"), ("contact_name", "contact_email"), ("contact_phone", "by_channel")),
        *(("segment", "region"), ("language", "time_zone"), ("line", "in_cart"), ("pool", "rep"), ("priority", "at_desk")),
        *("qualified", ("opened_at", "closed_at"), "outcome_reason", "public_id"),
    )
    readonly_fields = ("by_channel", "in_cart", "at_desk", "qualified", "public_id")

    @display(description=_("Qualification"))
    def qualified(self, row: Lead) -> str:
        """ "Fit: Fits: to a person (Seats)", then the points of each part."""
        return "\n".join(f"{name}: {said}" for name, said in fit.in_words(row))

    @display(description=_("Channel"), ordering="channel")
    def by_channel(self, row: Lead) -> str:
        return hand_raise_words.channel(row.channel)

    @display(description=_("Cart at the click"))
    def in_cart(self, row: Lead) -> str:
        return hand_raise_words.basket(row.basket)

    @display(description=_("At the desk"))
    def at_desk(self, row: Lead) -> str:
        url = reverse("offramps:case", args=[row.public_id])
        return format_html('<a class="text-link" href="{}">{}</a>', url, row.public_id)


@admin.register(Countdown)
class CountdownAdmin(pages.ReadOnly):
    list_display = ("clicked_at", "lead", "state", "rep", "seconds", "missed_because")
    list_filter = ("state", "missed_because", "is_dated", "lead__pool", "rep")
    list_select_related = ("lead__organization", "rep__user")
    search_fields = ("lead__organization__name", "lead__contact_email", "public_id", "lead__public_id")
    ordering = ("-clicked_at", "-id")
    date_hierarchy = "clicked_at"
    badges = {"state": COUNTDOWN_TONES}
    inlines = (OfferRows, SlotRows)
    fields: Any = (
        *(("lead", "state"), ("rep", "missed_because"), "stages", ("clicked_at", "deadline_at"), ("routed_at", "offered_at")),
        *(("accepted_at", "contacted_at"), ("slot_held_at", "is_dated"), ("is_offered_on", "public_id")),
    )
    readonly_fields = ("public_id", "stages")

    @display(description=_("Seconds to the call"))
    def seconds(self, row: Countdown) -> str:
        return words.number(int((row.contacted_at - row.clicked_at).total_seconds())) if row.contacted_at else ""

    @display(description=_("Stages"))
    def stages(self, row: Countdown) -> str:
        """ "Routed after 0 s, Offered after 0 s, Accepted after 12 s"."""
        return ", ".join(offer_words.stages(row))


@admin.register(CallSlot)
class CallSlotAdmin(pages.ReadOnly):
    list_display = ("starts_at", "rep", "lead", "state", "held_at")
    list_filter = ("state", "rep")
    list_select_related = ("rep__user", "countdown__lead__organization")
    search_fields = ("rep__user__name", "rep__user__email", "countdown__lead__organization__name", "public_id")
    ordering = ("-starts_at", "-id")
    date_hierarchy = "starts_at"
    badges = {"state": SLOT_TONES}
    fields: Any = (("rep", "state"), ("starts_at", "ends_at"), ("held_at", "ended_at"), ("countdown", "sequence"), "public_id")
    readonly_fields = ("public_id",)

    @display(description=_("Lead"))
    def lead(self, row: CallSlot) -> str:
        return str(row.countdown.lead)


class LeadRows(pages.ReadOnlyRows):
    model = Lead
    fields = ("opened_at", "topic", "contact_email", "state", "rep")
    ordering = ("-opened_at",)
    related = ("organization", "rep__user")
    badges = {"state": STATE_TONES}


pages.hang(LeadRows, Organization)
