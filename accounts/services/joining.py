"""Asking to join a company that is here already: by a proven address of its domain, decided by somebody of it.

No seat is part of it, so upper floors may call these verbs directly. Nothing here says who is in the organization.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Joining, JoinRequest, Membership, Organization, RequestState, Role, User
from accounts.origin import Origin
from accounts.queries import joining as read
from accounts.queries import members, policies
from accounts.services import asking, links, memberships, outbox


class NotOffered(Exception):
    """The person may not ask this organization, or it does not exist: one answer for both."""


class NotProven(Exception):
    """Nobody who owns the organization has proven an address of its domain."""


def ask(*, user: User, public_id: str, reason: str, origin: Origin, at: datetime) -> JoinRequest:
    """Ask the organization; its owners get a mail. A second click finds the first one's request.

    Raises NotOffered and asking.NotNow.
    """
    with transaction.atomic():
        asking.lock_asker(user)
        offer = _offer(user, public_id, at)
        if offer.request:
            return offer.request
        asking.check_may_ask(user=user, before=JoinRequest.objects.filter(user=user, organization=offer.organization), at=at)
        if read.waiting(offer.organization, at).count() >= policies.value("accounts.join_requests_open", at=at):
            raise asking.NotNow(_("Many have asked already. Try again in a few days, or talk to your colleagues."))
        stale = JoinRequest.objects.filter(user=user, organization=offer.organization, state=RequestState.OPEN)
        stale.update(state=RequestState.EXPIRED, ended_at=at)
        row = JoinRequest.objects.create(
            organization=offer.organization,
            user=user,
            email=offer.address,
            reason=asking.word(reason),
            asked_at=at,
            expires_at=asking.expiry(at),
        )
        asking.tell("accounts.join.asked", row.organization, origin, at, {"request": row.pk})
        _mail_owners("accounts/join_asked", row, at)
    return row


def join_at_once(*, user: User, public_id: str, origin: Origin, at: datetime) -> Membership:
    """Join an organization that lets its domain's people in; its owners hear of it. Raises NotOffered."""
    with transaction.atomic():
        asking.lock_asker(user)
        offer = _offer(user, public_id, at)
        if not offer.joins_at_once:
            raise NotOffered
        JoinRequest.objects.filter(user=user, organization=offer.organization, state=RequestState.OPEN).update(
            state=RequestState.WITHDRAWN, ended_at=at
        )
        row = memberships.join(organization=offer.organization, user=user, role=Role.MEMBER, origin=origin, at=at)
        asking.tell("accounts.join.by_domain", offer.organization, origin, at, {"membership": row.pk})
        for owner in members.owners(offer.organization):
            outbox.write(
                kind="accounts/member_joined",
                subject_row=f"membership:{row.pk}",
                to=owner.user,
                organization=offer.organization,
                context={"organization_name": offer.organization.name, "who": str(user), "address": offer.address},
                secret={"url": settings.STORE_URL + reverse("storefront:team")},
                at=at,
            )
    return row


def by_token(text: str) -> JoinRequest | None:
    """The request that a mail's link is about, whatever its state."""
    ids = links.read(links.JOIN, text)
    rows = JoinRequest.objects.select_related("organization", "user", "decided_by")
    return rows.filter(pk=ids[0]).first() if ids else None


def token(row: JoinRequest) -> str:
    return links.token(links.JOIN, row.pk)


def approve(*, request: JoinRequest, origin: Origin, at: datetime) -> Membership:
    """Let the person in, as a member. Raises asking.Answered, also when the account or the organization has gone meanwhile."""
    with transaction.atomic():
        if not request.user.is_active or request.organization.closed_at:
            raise asking.Answered
        asking.end(request, RequestState.APPROVED, origin=origin, at=at)
        asking.tell("accounts.join.approved", request.organization, origin, at, {"request": request.pk})
        return memberships.join(organization=request.organization, user=request.user, role=Role.MEMBER, origin=origin, at=at)


def decline(*, request: JoinRequest, answer: str, origin: Origin, at: datetime) -> None:
    """Say no, with a word that goes into the mail; who said it does not. Raises asking.Answered."""
    with transaction.atomic():
        asking.end(request, RequestState.DECLINED, origin=origin, at=at, answer=answer)
        asking.tell("accounts.join.declined", request.organization, origin, at, {"request": request.pk})
        outbox.write(
            kind="accounts/join_declined",
            subject_row=f"join:{request.pk}",
            to=request.user,
            organization=None,
            context={"domain": request.organization.domain, "answer": request.answer},
            at=at,
        )


def withdraw(*, user: User, request_id: int, origin: Origin, at: datetime) -> None:
    """Take one's own request back. Raises JoinRequest.DoesNotExist for another's, asking.Answered for one that has ended."""
    row = JoinRequest.objects.select_related("organization").get(pk=request_id, user=user)
    with transaction.atomic():
        asking.end(row, RequestState.WITHDRAWN, origin=origin, at=at)
        asking.tell("accounts.join.withdrawn", row.organization, origin, at, {"request": row.pk})


def choose(*, organization: Organization, joining: Joining, origin: Origin, at: datetime) -> bool:
    """Set what colleagues may do without an invitation; False if it is so already.

    Raises NotProven for AUTO without an owner's proven address of the domain.
    """
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if joining == Joining.AUTO and not read.is_proven(row):
            raise NotProven
        if row.joining == joining:
            return False
        before, row.joining = row.joining, joining
        row.save(update_fields=["joining"])
        asking.tell("accounts.joining.chosen", row, origin, at, {"from": before, "to": joining.value})
    organization.joining = joining
    return True


def _offer(user: User, public_id: str, at: datetime) -> read.Offer:
    found = next((offer for offer in read.offers(user, at) if offer.organization.public_id == public_id), None)
    if found is None:
        raise NotOffered
    return found


def _mail_owners(kind: str, row: JoinRequest, at: datetime) -> None:
    url = settings.STORE_URL + reverse("storefront:join_request", args=[token(row)])
    for owner in members.owners(row.organization):
        outbox.write(
            kind=kind,
            subject_row=f"join:{row.pk}",
            to=owner.user,
            organization=row.organization,
            context={
                "organization_name": row.organization.name,
                "who": str(row.user),
                "address": row.email,
                "reason": row.reason,
                "expires_at": row.expires_at,
            },
            secret={"url": url},
            at=at,
        )
