"""Reading leads: which one is open, and what routing asks of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.models import EmployeeBracket, Organization
from accounts.queries import policies, rows
from accounts.rules import segment
from offramps.models import HandRaise, Lead, OwnerKind, Skill
from offramps.queries import roster
from offramps.rules import routing
from offramps.rules.routing import Asked

NEARNESS = {"lead": 0, OwnerKind.STRATEGIC: 1, OwnerKind.REP: 2, OwnerKind.CSM: 3}
# What a topic needs of a rep beyond selling.
SKILLS = {"legal": Skill.LEGAL, "security": Skill.SECURITY, "procurement": Skill.PROCUREMENT, "discount": Skill.PRICING}
OPEN_OF_ORGANIZATION = """
    SELECT id FROM offramps_lead WHERE state = 'open' AND organization_id = %(organization)s AND topic = %(topic)s
"""
OPEN_OF_ADDRESS = """
    SELECT id FROM offramps_lead
    WHERE state = 'open' AND organization_id IS NULL AND lower(contact_email) = lower(%(email)s) AND topic = %(topic)s
"""
OWNERS = """
    SELECT organization_id, id, 'lead', rep_id FROM offramps_lead
    WHERE state = 'open' AND rep_id IS NOT NULL AND organization_id = ANY(%(organizations)s)
    UNION ALL
    SELECT organization_id, 0, kind, rep_id FROM offramps_accountownership
    WHERE rep_id IS NOT NULL AND organization_id = ANY(%(organizations)s)
        AND starts_at <= %(at)s AND (ends_at IS NULL OR ends_at > %(at)s)
"""


def open_of(organization: Organization | None, email: str, topic: str) -> Lead | None:
    """The open lead of the topic: the organization's, or of somebody without one by mail address. One query, or two."""
    whose = {"organization": organization.pk if organization else None, "email": email, "topic": topic}
    found = rows.fetch(OPEN_OF_ORGANIZATION if organization else OPEN_OF_ADDRESS, whose)
    return Lead.objects.select_related("organization").get(pk=found[0][0]) if found else None


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
    return replace(wants(lead), owners=owners(lead, at), passed=passed)


def asked_of(leads: Sequence[Lead], passed: Mapping[int, frozenset[int]], at: datetime) -> list[Asked]:
    """As `asked` of each; `passed` by the lead's key. One query for all of them."""
    had = _had(leads, at)
    return [replace(wants(lead), owners=_owners(lead, had), passed=passed.get(lead.pk, frozenset())) for lead in leads]


def page_of(lead: Lead) -> str:
    """The public id of the latest hand-raise: whose page says how it stands. One query."""
    return str(HandRaise.objects.filter(trigger__lead=lead).order_by("-pk").values_list("public_id", flat=True)[0])


def home(lead: Lead, at: datetime) -> int | None:
    """The pool that answers for it; None while there are none. No query but the roster's, once in a while."""
    known = roster.roster(at)
    found = routing.home(wants(lead), known.pools.values(), known.reps)
    return found.id if found else None


def owners(lead: Lead, at: datetime) -> tuple[int, ...]:
    """The reps who have the customer, the nearest first: this lead's, another open lead's, the account's. One query or none."""
    return _owners(lead, _had([lead], at))


def _had(leads: Iterable[Lead], at: datetime) -> dict[int, list[tuple[int, str, int]]]:
    """Who has the organizations of leads: (by which other lead or 0, as what, rep). One query, or none for nobody's."""
    found: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    known = sorted({lead.organization_id for lead in leads if lead.organization_id})
    if known:
        for organization, by, kind, rep in rows.fetch(OWNERS, {"organizations": known, "at": at}):
            found[organization].append((by, kind, rep))
    return found


def _owners(lead: Lead, had: Mapping[int, list[tuple[int, str, int]]]) -> tuple[int, ...]:
    own = [lead.rep_id] if lead.rep_id else []
    others = [(NEARNESS[kind], rep) for by, kind, rep in had.get(lead.organization_id or 0, ()) if by != lead.pk]
    return tuple(dict.fromkeys([*own, *(rep for _near, rep in sorted(others))]))


def wants(lead: Lead) -> Asked:
    """What the lead itself says: neither whose customer it is, nor who had its offer."""
    return Asked(
        segment=lead.segment,
        region=lead.region,
        language=lead.language,
        line=lead.line,
        skill=SKILLS.get(lead.topic, ""),
        pool=lead.chosen_pool_id,
    )
