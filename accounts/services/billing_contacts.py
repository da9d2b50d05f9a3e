"""Billing contacts: addresses beside the deciders' that get receipts and payment mails, once their reader has agreed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import BillingContact, Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import asking, links, outbox, suppressions

REFUSAL_COUNTS = timedelta(days=90)


def listed(organization: Organization) -> QuerySet[BillingContact]:
    """The contacts that were not removed, in the order they were added."""
    return BillingContact.objects.live().filter(organization=organization).order_by("added_at", "pk")


def verified(organization: Organization) -> QuerySet[BillingContact]:
    """Those who have agreed."""
    return BillingContact.objects.verified().filter(organization=organization).order_by("pk")


def add(
    *, organization: Organization, email: str, locale: str, origin: Origin, at: datetime, external_id: str | None = None
) -> BillingContact:
    """Ask an address to agree. Raises ValidationError with the field's name: no address, listed already, too many, said no."""
    email = email.strip().lower()
    _check_address(email)
    if locale not in dict(settings.LANGUAGES):
        raise ValidationError({"locale": _("Choose one of the list.")})
    with transaction.atomic():
        # One at a time an organization: two tabs that add the same address make one contact, and none goes past the limit.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        _check_room(organization, email, at)
        row = BillingContact.objects.create(
            organization=organization,
            email=email,
            locale=locale,
            external_id=external_id,
            added_by=origin.actor,
            added_at=at,
            sent_at=at,
            expires_at=_expiry(at),
        )
        asking.tell("accounts.billing_contact.added", organization, origin, at, {"contact": row.pk})
        _mail(row, origin, at)
    return row


def resend(*, contact: BillingContact, origin: Origin, at: datetime) -> BillingContact:
    """Ask once more, for a fresh term. Raises ValidationError: agreed already, asked too often, or a moment ago."""
    with transaction.atomic():
        row = BillingContact.objects.live().select_for_update(of=("self",)).select_related("organization").get(pk=contact.pk)
        if row.verified_at:
            raise ValidationError(_("This address has agreed already."))
        if row.sent_count >= policies.value("accounts.invitation_sends", at=at):
            raise ValidationError(_("It was asked often enough. Remove it, or talk to whoever reads that mailbox."))
        if at < row.sent_at + timedelta(seconds=policies.value("accounts.invitation_wait_seconds", at=at)):
            raise ValidationError(_("It was mailed a moment ago. Give it a minute to arrive."))
        row.sent_at, row.expires_at, row.sent_count = at, _expiry(at), row.sent_count + 1
        row.save(update_fields=["sent_at", "expires_at", "sent_count"])
        _mail(row, origin, at)
    return row


def remove(*, contact: BillingContact, origin: Origin, at: datetime) -> bool:
    """Send it nothing more; False if it was removed already."""
    return _end(contact, origin, at)


def by_token(text: str) -> BillingContact | None:
    """The contact that a mail's link is about, whatever its state."""
    ids = links.read(links.CONTACT, text)
    return BillingContact.objects.select_related("organization").filter(pk=ids[0]).first() if ids else None


def confirm(*, contact: BillingContact, at: datetime) -> bool:
    """The reader agrees; False if the link has run out or the contact was removed. Twice is the same as once."""
    with transaction.atomic():
        rows = BillingContact.objects.live().filter(pk=contact.pk)
        if rows.filter(verified_at=None, expires_at__gt=at).update(verified_at=at):
            suppressions.lift_by_proof(address=contact.email, at=at)
            asking.tell("accounts.billing_contact.verified", contact.organization, Origin.system(), at, {"contact": contact.pk})
            return True
        return rows.exclude(verified_at=None).exists()


def refuse(*, contact: BillingContact, at: datetime) -> bool:
    """The reader does not want these mails: the address is not asked again for a while."""
    return _end(contact, Origin.system(), at, refused=True)


def url(contact: BillingContact) -> str:
    """The page on which the reader agrees or stops it."""
    return f"{settings.STORE_URL}{reverse('storefront:billing_contact', args=[links.token(links.CONTACT, contact.pk)])}"


def invoice_url(contact: BillingContact, invoice: int) -> str:
    """The way to an invoice for somebody who can't sign in; it ends with the contact."""
    token = links.token(links.CONTACT_INVOICE, contact.pk, invoice)
    return f"{settings.STORE_URL}{reverse('storefront:contact_invoice', args=[token])}"


def invoice_of(text: str) -> tuple[BillingContact, int] | None:
    """The contact, if it still is one, and the invoice's id, of a token."""
    ids = links.read(links.CONTACT_INVOICE, text)
    if ids is None or len(ids) != 2:
        return None
    row = BillingContact.objects.verified().select_related("organization").filter(pk=ids[0]).first()
    return (row, ids[1]) if row else None


def _check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError({"email": _("Enter an address such as invoices@acme.example.")}) from None


def _check_room(organization: Organization, email: str, at: datetime) -> None:
    mine = BillingContact.objects.filter(organization=organization)
    if mine.live().filter(email=email).exists():
        raise ValidationError({"email": _("This address is listed already.")})
    if mine.filter(email=email, refused=True, removed_at__gt=at - REFUSAL_COUNTS).exists():
        raise ValidationError({"email": _("Whoever reads this address does not want these mails.")})
    most = policies.value("accounts.billing_contacts", at=at)
    if mine.live().count() >= most:
        raise ValidationError({"email": _("%(most)s addresses are the most. Remove one first.") % {"most": most}})
    # Added and removed again and again, contacts would be a way to mail strangers.
    if mine.filter(added_at__gt=at - timedelta(days=1)).count() >= 2 * most:
        raise ValidationError({"email": _("Enough addresses for today. Go on tomorrow.")})


def _expiry(at: datetime) -> datetime:
    return at + timedelta(seconds=policies.value("accounts.invitation_seconds", at=at))


def _end(contact: BillingContact, origin: Origin, at: datetime, *, refused: bool = False) -> bool:
    with transaction.atomic():
        if not BillingContact.objects.live().filter(pk=contact.pk).update(removed_at=at, refused=refused):
            return False
        data = {"contact": contact.pk, "refused": refused}
        asking.tell("accounts.billing_contact.removed", contact.organization, origin, at, data)
    return True


def _mail(row: BillingContact, origin: Origin, at: datetime) -> None:
    outbox.write(
        kind="accounts/contact_check",
        subject_row=f"contact:{row.pk}:{row.sent_count}",
        to=row.email,
        organization=row.organization,
        context={
            "organization_name": row.organization.name,
            "inviter": str(origin.actor or row.organization.name),
            "expires_at": row.expires_at,
        },
        secret={"url": url(row)},
        locale=row.locale,
        at=at,
    )
