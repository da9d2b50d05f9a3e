"""A rule holds: the lead of its topic is opened or joined, with what was seen, and whoever has the customer hears of it.

No clock runs: nobody clicked. The purchase goes on as it was; nothing of it is touched.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.origin import Origin
from accounts.services import journal, outbox
from offramps.models import Lead, LeadTrigger, Presence, Rep, TriggerRuleVersion
from offramps.queries import fit, lead_words, rule_words
from offramps.queries import leads as queries
from offramps.queries.occasions import Seen
from offramps.rules import qualifying
from offramps.services import leads

SYSTEM = Origin.system()
MOST_TOLD = 20


def raise_lead(version: TriggerRuleVersion, seen: Seen, *, saw: list[dict[str, Any]], at: datetime) -> LeadTrigger | None:
    """The trigger that was added to the lead of the rule's topic. None: there is nobody to answer, or they are not served.

    Call inside a transaction. Raises IntegrityError where the rule has counted this already, or somebody else opens the lead
    this instant.
    """
    wanted = _wanted(version, seen, at)
    if wanted is None or wanted.fit in qualifying.NOT_SERVED:
        return None
    lead, is_new, fact = leads.opened_or_joined(wanted, at=at, origin=SYSTEM, is_said=False)
    journal.write([fact])
    if is_new and lead.fit in leads.FOR_A_PERSON:
        _give_to_owner(lead, at)
    trigger = LeadTrigger.objects.create(
        lead=lead, version=version, rule_id=version.rule_id, subject=seen.subject, saw=saw, at=at
    )
    _tell(trigger, is_new=is_new, at=at)
    return trigger


def _wanted(version: TriggerRuleVersion, seen: Seen, at: datetime) -> Lead | None:
    organization, cart = seen.customer.organization, seen.cart
    person = (cart.user if cart else None) or seen.customer.person
    if person is None or not person.is_active:
        person = seen.customer.person
    if person is None:
        return None
    wanted = Lead(
        organization=organization,
        user=person,
        topic=version.rule.topic,
        contact_name=person.get_full_name(),
        contact_email=person.email,
        time_zone=organization.time_zone if organization else "UTC",
        segment=queries.segment_of(organization, {}, at),
        region=organization.region if organization else "",
        language=(person.locale or (organization.locale if organization else "")).partition("-")[0] or "en",
        line=str(seen.basket.get("plan", "")).partition("/")[0],
        cart=cart,
        basket=dict(seen.basket),
        opened_at=at,
    )
    seats = int(seen.facts.get("cart_seats") or seen.facts.get("seats_asked") or 0)
    found = fit.verdict(organization=organization, email=person.email, answers={}, topic=wanted.topic, seats=seats, at=at)
    fit.keep(wanted, found)
    return wanted


def _give_to_owner(lead: Lead, at: datetime) -> None:
    """Who has the customer has this too; of a customer of nobody it waits in the pool's queue."""
    owners = queries.owners(lead, at)
    if owners:
        lead.rep = Rep.objects.select_related("user").get(pk=owners[0])
        lead.save(update_fields=["rep"])


def _tell(trigger: LeadTrigger, *, is_new: bool, at: datetime) -> None:
    """Mail to the rep; of a new lead that nobody has, to those of its pool who are here. Who comes later sees it waiting."""
    for rep in _listeners(trigger.lead, is_new=is_new):
        with translation.override(rep.user.locale or settings.LANGUAGE_CODE):
            why = rule_words.saw(trigger)
        outbox.write(
            kind="offramps/lead_detected",
            subject_row=f"trigger:{trigger.pk}",
            to=rep.user,
            organization=None,
            context={
                **lead_words.for_rep(trigger.lead, rep),
                "why": why,
                "is_new": is_new,
                "basket": trigger.lead.basket,
                "case_url": settings.STORE_URL + reverse("offramps:case", args=[trigger.lead.public_id]),
            },
            at=at,
        )


def _listeners(lead: Lead, *, is_new: bool) -> list[Rep]:
    working = Rep.objects.filter(left_on=None).select_related("user")
    if lead.rep_id is not None:
        return list(working.filter(pk=lead.rep_id))
    if not is_new or lead.pool_id is None:
        return []
    return list(working.filter(pools__pool=lead.pool_id, presence=Presence.ONLINE).order_by("pk")[:MOST_TOLD])
