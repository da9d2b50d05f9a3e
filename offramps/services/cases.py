"""A case that one of us opens: for a customer, or for a company that is none yet."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization, Role
from accounts.origin import Origin
from accounts.services import journal, organizations
from accounts.services.organizations import Details
from offramps.models import HandRaiseReason, Lead, Rep
from offramps.queries import leads as queries

TOPIC = HandRaiseReason.OTHER


def make_customer(details: Details, *, at: datetime, origin: Origin) -> Organization:
    """A company without members: whoever a deal for it was sent to is invited to own it. Raises ValidationError."""
    if Organization.objects.filter(name__iexact=details.name.strip(), country=details.country, closed_at=None).exists():
        raise ValidationError({"name": _("There is one of this name in that country. Search for it above.")})
    return organizations.make(details=details, origin=origin, at=at)


def open_for(
    organization: Organization,
    *,
    lead: Lead | None,
    rep: Rep | None,
    contact: Mapping[str, str],
    at: datetime,
    origin: Origin,
) -> Lead:
    """The case in which a deal is made: the one that somebody without an organization began, an open one, or a new one."""
    with transaction.atomic(durable=True):
        if lead is not None and lead.organization_id is None:
            known = queries.open_of(organization, "", lead.topic)
            if known is not None:
                return known
            Lead.objects.filter(pk=lead.pk, organization=None).update(organization=organization)
            lead.refresh_from_db()
            return lead
        known = queries.open_of(organization, "", TOPIC)
        return known or _open(organization, rep, contact, at, origin)


def _open(organization: Organization, rep: Rep | None, contact: Mapping[str, str], at: datetime, origin: Origin) -> Lead:
    owner = Membership.objects.live().filter(organization=organization, role=Role.OWNER).select_related("user").first()
    email = contact.get("email") or (owner.user.email if owner else "")
    made = Lead(
        organization=organization,
        user=owner.user if owner and not contact.get("email") else None,
        topic=TOPIC,
        contact_name=contact.get("name") or (owner.user.name if owner else ""),
        contact_email=email,
        time_zone=organization.time_zone,
        segment=queries.segment_of(organization, {}, at),
        region=organization.region,
        language=organization.locale.partition("-")[0] or "en",
        rep=rep,
        opened_at=at,
    )
    made.pool_id = queries.home(made, at)
    made.save()
    data = {"lead": made.public_id, "topic": made.topic, "segment": made.segment}
    journal.append(kind="offramps.lead.opened", organization=organization, at=at, origin=origin, data=data)
    return made
