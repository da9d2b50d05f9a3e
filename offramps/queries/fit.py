"""Qualification: what is known of who asks, held against the numbers in force. No query."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import EmployeeBracket, Organization
from accounts.queries import policies
from config import words
from offramps.models import Fit, Lead
from offramps.queries import customers, leads
from offramps.rules import qualifying
from offramps.rules.qualifying import Numbers, Profile, Verdict

PARTS: Final[Mapping[str, Any]] = {
    "employees": _("Employees"),
    "industry": _("Industry"),
    "region": _("Region"),
    "use": _("Seats"),
    "topic": _("Topic"),
    "competitor": _("A competitor"),
}


def verdict(
    *, organization: Organization | None, email: str, answers: Mapping[str, Any], topic: str, seats: int, at: datetime
) -> Verdict:
    """Whether a person, the store, or nobody answers. `answers` may say how many people work there."""
    bracket = organization.employee_bracket if organization else str(answers.get("people", ""))
    own = organization.domain if organization else ""
    profile = Profile(
        topic=topic,
        employees=EmployeeBracket(bracket).at_least if bracket in EmployeeBracket.values else None,
        industry=organization.industry if organization else "",
        region=organization.region if organization else "",
        seats=seats,
        is_competitor=customers.is_competitor(own or email.rpartition("@")[2].lower(), at),
    )
    return qualifying.qualify(profile, numbers(leads.segment_of(organization, answers, at), at))


def numbers(segment: str, at: datetime) -> Numbers:
    return Numbers(
        threshold=policies.value("offramps.fit_threshold", at, segment),
        most={name: policies.value(f"offramps.fit_{name}_points", at) for name in qualifying.PARTS},
        industries=frozenset(policies.value("offramps.fit_industries", at)),
        unserved=frozenset(policies.value("offramps.unserved_regions", at)),
    )


def keep(lead: Lead, found: Verdict) -> None:
    """Put a verdict on a lead, unsaved."""
    lead.fit, lead.fit_score, lead.fit_decided_by = found.fit, found.score, found.decided_by
    lead.fit_parts = {**found.parts, "threshold": found.threshold}


def in_words(lead: Lead) -> list[tuple[str, str]]:
    """A lead's qualification, a line each; nothing of one from before there was any."""
    if lead.fit_score is None:
        return []
    decided = PARTS.get(lead.fit_decided_by)
    numbers = {"score": words.number(lead.fit_score), "threshold": words.number(lead.fit_parts.get("threshold", 0))}
    said = [
        (gettext("Fit"), f"{Fit(lead.fit).label} ({decided})" if decided else str(Fit(lead.fit).label)),
        (gettext("Points"), gettext("%(score)s, from %(threshold)s on a person") % numbers),
    ]
    return said + [
        (str(PARTS[name]), words.number(lead.fit_parts[name])) for name in qualifying.PARTS if name in lead.fit_parts
    ]
