"""Which companies somebody may ask to join, by the domain of an address they have proven."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import Joining, JoinRequest, Membership, Organization, RequestState, Role, User
from accounts.rules import domains

MOST_OFFERS = 5


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A company that one may ask. Its name and its people are not part of it (docs/decisions/asking-to-join.md)."""

    organization: Organization
    address: str
    request: JoinRequest | None
    joins_at_once: bool


def offers(user: User, at: datetime) -> list[Offer]:
    """The companies with a proven domain of this person's, the oldest first. Three queries, one for a private address."""
    proven = _proven_addresses(user)
    if not proven:
        return []
    found = list(candidates(user, list(proven)).order_by("created_at", "pk")[:MOST_OFFERS])
    requests = {
        row.organization_id: row for row in JoinRequest.objects.filter(user=user, state=RequestState.OPEN, expires_at__gt=at)
    }
    return [
        Offer(
            organization=row,
            address=proven[row.domain],
            request=requests.get(row.pk),
            # Whoever was in it once, and left or was removed, does not come back without somebody's word.
            joins_at_once=row.joining == Joining.AUTO and not row.was_in,  # type: ignore[attr-defined] # annotated
        )
        for row in found
    ]


def candidates(user: User, proven: list[str]) -> QuerySet[Organization]:
    """Open organizations with one of these domains, of which an owner has proven an address, and that `user` is not in."""
    mine = Membership.objects.filter(organization=OuterRef("pk"), user=user)
    rows = Organization.objects.filter(domain__in=proven, closed_at=None).exclude(joining=Joining.OFF)
    return rows.filter(_owner_of_domain()).exclude(Exists(mine.filter(left_at=None))).annotate(was_in=Exists(mine))


def is_proven(organization: Organization) -> bool:
    """Whether the domain is the company's own: no public mail provider's, and an owner has proven an address of it."""
    domain = organization.domain
    return bool(
        domain
        and domains.of_work_address(f"x@{domain}")
        and Organization.objects.filter(_owner_of_domain(), pk=organization.pk).exists()
    )


def proven_domain(organization: Organization, user: User | None) -> str:
    """The company's own domain: the organization's if it is proven, else that of a work address this person has proven.

    Empty for a private address. Two queries at most.
    """
    if is_proven(organization):
        return organization.domain
    return next(iter(_proven_addresses(user)), "") if user is not None else ""


def waiting(organization: Organization, at: datetime) -> QuerySet[JoinRequest]:
    """The open requests, the oldest first."""
    rows = JoinRequest.objects.filter(organization=organization, state=RequestState.OPEN, expires_at__gt=at)
    return rows.select_related("user").order_by("asked_at", "pk")


def _proven_addresses(user: User) -> dict[str, str]:
    """Work domain -> the person's verified address in it."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk").values_list("email", flat=True)
    found: dict[str, str] = {}
    for address in addresses:
        try:
            domain = domains.normalize(domains.of_work_address(address))
        except domains.Malformed:
            continue
        if domain:
            found.setdefault(domain, address)
    return found


def _owner_of_domain() -> Exists:
    address = EmailAddress.objects.filter(
        user=OuterRef("user"), verified=True, email__iendswith=Concat(Value("@"), OuterRef("organization__domain"))
    )
    owners = Membership.objects.live().filter(organization=OuterRef("pk"), role=Role.OWNER, user__is_active=True)
    return Exists(owners.filter(Exists(address)))
