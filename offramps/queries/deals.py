"""Deals: what is sold to whom, who may allow how much more, and which of them somebody may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Organization, User
from accounts.queries import policies, profiles
from billing.models import Plan
from billing.queries import terms_bands
from offramps.models import Deal, DealVersion, Lead, Rep, VersionState
from offramps.rules import deals as rules
from offramps.rules.deals import Asked, Band, Sold, Verdict

# Who may be asked; a rep within their own band is asked nobody.
DECIDING = frozenset(rules.LADDER) - {rules.REP}


def bands(at: datetime) -> dict[str, Band]:
    """The most that each group may allow; of discounts and time to pay by the bands of exceptions. No query."""
    shared = terms_bands.bands(at)
    wording = policies.value("offramps.deal_wording_groups", at)
    found = {}
    for group in rules.LADDER:
        known = shared.get(group)
        found[group] = Band(
            discount_bps=known.discount_bps if known else policies.value("offramps.deal_rep_discount_bps", at),
            net_days=known.net_days if known else policies.value("offramps.deal_rep_net_days", at),
            term_months=policies.value(f"offramps.deal_{group}_months", at),
            ceiling_times=policies.value(f"offramps.deal_{group}_ceiling_times", at),
            is_wording_allowed=group in wording,
        )
    return found


def sold(plan: Plan, organization: Organization, at: datetime) -> Sold:
    """What the catalog sells of a plan to the organization's segment. One query at most."""
    return Sold(
        seats_max=plan.seats_max,
        term_months=policies.value("offramps.deal_standard_months", at),
        net_days=policies.value("billing.payment_days", at, profiles.segment_of(organization)),
        ceiling_times=policies.value("offramps.deal_ceiling_times", at),
    )


def judge(asked: Asked, plan: Plan, organization: Organization, at: datetime) -> Verdict:
    return rules.judge(asked, sold(plan, organization, at), bands(at))


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Somebody who may decide about deals of these groups; administrators about all."""

    user: User
    groups: frozenset[str]

    def may_decide(self, version: DealVersion) -> bool:
        """Whether this one is theirs: within their groups' bands, waiting, and not made by themselves."""
        if version.state != VersionState.PROPOSED or self.user.pk in (version.made_by_id, version.deal.owner_id):
            return False
        return self.user.is_superuser or bool(self.groups.intersection(allowing(version)))


def decider(user: User) -> Decider:
    """One query."""
    return Decider(user=user, groups=frozenset(user.groups.filter(name__in=DECIDING).values_list("name", flat=True)))


def allowing(version: DealVersion) -> tuple[str, ...]:
    """The groups that may allow the whole of a version, the narrowest first."""
    return verdict_of(version).groups


def verdict_of(version: DealVersion) -> Verdict:
    """As it was judged when the version was made."""
    findings = (
        rules.Finding(part=rules.Part(one["part"]), value=one["value"], groups=tuple(one["groups"])) for one in version.findings
    )
    return Verdict(findings=tuple(findings))


def asked_to_decide(version: DealVersion) -> list[User]:
    """Who is written to: the narrowest group that may, and has somebody besides whoever made it; else administrators."""
    staff = User.objects.filter(is_staff=True, is_active=True).exclude(pk__in=(version.made_by_id, version.deal.owner_id))
    for group in allowing(version):
        if found := list(staff.filter(groups__name=group).order_by("pk")):
            return found
    return list(staff.filter(is_superuser=True).order_by("pk"))


def waiting() -> QuerySet[DealVersion]:
    """What waits for a decision, the oldest first."""
    rows = DealVersion.objects.filter(state=VersionState.PROPOSED).order_by("proposed_at", "pk")
    return rows.select_related("deal__organization", "deal__lead", "made_by", "plan__line")


def find(rep: Rep | None, user: User, public_id: str, *, sees_all: bool) -> Deal | None:
    """A deal that somebody may open: managers and those who decide each, a rep those of the cases that are theirs to see."""
    rows = Deal.objects.filter(public_id=public_id)
    if not sees_all:
        if rep is None:
            return None
        seen = Q(lead__rep=rep) | Q(lead__pool__members__rep=rep) | Q(lead__countdowns__offers__rep=rep)
        rows = rows.filter(seen | Q(owner=user)).distinct()
    return rows.select_related("organization__profile", "lead__rep", "owner").first()


def versions(deal: Deal) -> list[DealVersion]:
    """The newest first. One query."""
    return list(deal.versions.select_related("plan__line", "made_by", "decided_by", "quote").order_by("-number"))


def of_lead(lead: Lead) -> list[DealVersion]:
    """The newest version of each deal of a case. One query."""
    rows = (
        DealVersion.objects.filter(deal__lead=lead).select_related("deal", "plan").order_by("deal", "-number").distinct("deal")
    )
    return list(rows)


def of_quotes(ids: Iterable[int]) -> QuerySet[DealVersion]:
    """Those that are with customers as these quotes, with what telling of them needs."""
    needed = ("quote", "deal__organization", "deal__lead", "deal__owner")
    return DealVersion.objects.filter(quote__in=ids).select_related(*needed)
