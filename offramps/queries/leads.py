"""Reading leads: which one is open, and what routing asks of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q, Value

from accounts.models import EmployeeBracket, Organization
from accounts.queries import policies
from accounts.rules import segment
from offramps.models import AccountOwnership, HandRaise, Lead, OwnerKind, Skill
from offramps.queries import roster
from offramps.rules import routing
from offramps.rules.routing import Asked

NEARNESS = {"lead": 0, OwnerKind.STRATEGIC: 1, OwnerKind.REP: 2, OwnerKind.CSM: 3}
# What a topic needs of a rep beyond selling.
SKILLS = {"legal": Skill.LEGAL, "security": Skill.SECURITY, "procurement": Skill.PROCUREMENT, "discount": Skill.PRICING}


def open_of(organization: Organization | None, email: str, topic: str) -> Lead | None:
    """The open lead of the topic: the organization's, or of somebody without one by mail address. One query."""
    whose = Q(organization=organization) if organization else Q(organization=None, contact_email__iexact=email)
    return Lead.objects.open().filter(whose, topic=topic).select_related("organization").first()


def segment_of(organization: Organization | None, answers: Mapping[str, Any], at: datetime) -> str:
    """The organization's segment as its profile has it; of somebody without one, from how many people they said work there."""
    if organization is not None:
        return organization.profile.segment
    people = str(answers.get("people", ""))
    return segment.decide(
        people_at_least=EmployeeBracket(people).at_least if people in EmployeeBracket.values else 1,
        domain="",
        mid_market_from=policies.value("accounts.mid_market_from", at),
        enterprise_from=policies.value("accounts.enterprise_from", at),
        enterprise_domains=(),
    ).segment


def asked(lead: Lead, *, passed: frozenset[int], at: datetime) -> Asked:
    """What routing knows of the lead: who has the customer, and who had its offer. One query."""
    return replace(_wants(lead), owners=owners(lead, at), passed=passed)


def page_of(lead: Lead) -> str:
    """The public id of the latest hand-raise: whose page says how it stands. One query."""
    return str(HandRaise.objects.filter(trigger__lead=lead).order_by("-pk").values_list("public_id", flat=True)[0])


def home(lead: Lead, at: datetime) -> int | None:
    """The pool that answers for it; None while there are none. No query but the roster's, once in a while."""
    known = roster.roster(at)
    found = routing.home(_wants(lead), known.pools.values(), known.reps)
    return found.id if found else None


def owners(lead: Lead, at: datetime) -> tuple[int, ...]:
    """The reps who have the customer, the nearest first: this lead's, another open lead's, the account's. One query or none."""
    own = [lead.rep_id] if lead.rep_id else []
    if lead.organization_id is None:
        return tuple(own)
    others = Lead.objects.open().filter(organization=lead.organization_id, rep__isnull=False)
    if lead.pk:
        others = others.exclude(pk=lead.pk)
    owned = AccountOwnership.objects.in_force(at).filter(organization=lead.organization_id, rep__isnull=False)
    found = others.values_list(Value("lead"), "rep_id").union(owned.values_list("kind", "rep_id"))
    ordered = sorted(found, key=lambda row: (NEARNESS[row[0]], row[1]))
    return tuple(dict.fromkeys([*own, *(rep for _kind, rep in ordered)]))


def _wants(lead: Lead) -> Asked:
    """What the lead itself says: neither whose customer it is, nor who had its offer."""
    return Asked(
        segment=lead.segment,
        region=lead.region,
        language=lead.language,
        line=lead.line,
        skill=SKILLS.get(lead.topic, ""),
        pool=lead.chosen_pool_id,
    )
