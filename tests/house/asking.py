"""A world for asking who may reach what: acme with one of everything, everybody who asks, and what an answer means."""

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from unittest import mock

from django.conf import settings
from django.contrib import admin
from django.db import connection, transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import reverse

from accounts import staff_groups
from accounts.models import BillingContact, JoinRequest, Membership, OutgoingMail, SeatRequest
from accounts.origin import Origin
from accounts.services import joining, links, outbox, seat_requests, webhook_endpoints
from billing.models import (
    Cart,
    CheckoutAttempt,
    CreditNote,
    Invoice,
    Price,
    Quote,
    ScheduledChange,
    SeatChange,
    Subscription,
    TaxId,
    Terms,
)
from billing.services.quoting import drafts
from config import clock
from tests import factories, shelf
from tests.cast import assemble

ROLES = (
    "anonymous",
    "newcomer",  # signed in, in no organization
    "stranger",  # owner of another organization; asks for what is acme's
    "member",
    "billing_admin",
    "owner",
    "staff",  # each staff group and an administrator, none of them in an organization
    "organization_key",
    "stranger_key",  # another organization's
    "vendor_key",
)

# Arguments that name no row of the world.
OF_NOTHING = {
    "brand_css": ["0123456789ab"],
    "mailbox_mail": ["x"],
    "mailbox_html": ["x"],
    "account_reset_password_from_key": ["1", "x-y"],
    "mfa_edit_webauthn": [1],
    "mfa_remove_webauthn": [1],
    "recovery_objection": ["never-given-out"],
    **{f"storefront:talk_{name}": ["aaaaaaaaaaaaaaaa"] for name in ("raised", "progress", "talking", "call")},
    **{f"storefront:{name}": ["never-given-out"] for name in ("call", "call_cancellation", "call_file")},
    **{
        f"offramps:{name}": ["never-given-out"]
        for name in (
            "call_accept",
            "call_decline",
            "call_talking",
            "board_reassign",
            "board_pool",
            "case",
            "case_close",
            "case_note",
            "case_taking",
            "case_step",
            *("case_return", "deal_build", "deal", "deal_act", "deal_decide"),
        )
    },
}
CLIENT = Client(raise_request_exception=False)


@dataclass
class World:
    """Acme with one of everything, for each URL name its arguments, and whoever asks."""

    cast: object
    args: dict
    everybody: dict
    on_sale: object


def build():
    cast = assemble()
    on_sale = shelf.put_on_sale()
    invitation = factories.InvitationFactory(organization=cast.acme)
    key = factories.ApiKeyFactory(organization=cast.acme, last_used_at=clock.now())
    member = Membership.objects.get(user=cast.member)
    price = Price.objects.select_related("plan__line").first()
    rows = _billing_rows(cast.acme, price)
    asked = _asked_rows(cast)
    seat_change, scheduled = rows["seat_change"], rows["scheduled"]
    args = {
        "storefront:api_key_rotation": [key.pk],
        "storefront:api_key_revocation": [key.pk],
        "storefront:invitation_sends": [invitation.pk],
        "storefront:invitation_revocation": [invitation.pk],
        "storefront:member_role": [member.pk],
        "storefront:member_removal": [member.pk],
        "storefront:invitation": [invitation.token],
        **_asked_args(asked),
        "storefront:legal": ["terms"],
        "storefront:entry": ["a" * 43],
        "storefront:checkout_attempt": [rows["attempt"].public_id],
        "storefront:tax_id_removal": [rows["tax_id"].pk],
        "storefront:seat_change": [seat_change.public_id],
        "storefront:seat_change_payment": [seat_change.public_id],
        "storefront:expansion_undo": [seat_change.public_id],
        "storefront:scheduled_change": [scheduled.public_id],
        **_invoice_args(rows["invoice"]),
        **_quote_args(rows["attempt"].cart, cast),
        **(_webhook_args(cast) | _agreement_args(cast)),
        "v1:consume": ["reports"],
        "v1:release": ["reports"],
        "ofrep:flag": ["notes"],
        "v1:organization": [cast.acme.public_id],
        "v1:closure": [cast.acme.public_id],
        "v1:one_subscription": ["sub_1"],
        "v1:tax_id": [rows["tax_id"].pk],
        "v1:member": [member.pk],
        "v1:seat": [member.pk],
        "v1:invitation": [invitation.pk],
        "v1:invitation_sends": [invitation.pk],
        "v1:cart": [rows["attempt"].cart.public_id],
        "v1:checkout": [rows["attempt"].public_id],
        "v1:api_key": [key.pk],
        "v1:api_key_rotations": [key.pk],
        "v1:seat_change": [seat_change.public_id],
        "v1:scheduled_change": [scheduled.public_id],
        **OF_NOTHING,
    }
    return World(cast, args, everybody(cast), on_sale)


def _asked_args(asked):
    return {
        "storefront:join_withdrawal": [asked["join"].pk],
        "storefront:join_request": [joining.token(asked["join"])],
        "storefront:seat_request": [seat_requests.token(asked["seat"])],
        "storefront:mail_stop": [links.token(links.MAIL_STOP, asked["mail"].pk)],
        "storefront:address_check": ["never-given-out"],
        "storefront:contact_sends": [asked["contact"].pk],
        "storefront:contact_removal": [asked["contact"].pk],
        "storefront:billing_contact": [links.token(links.CONTACT, asked["contact"].pk)],
        "storefront:contact_invoice": ["never-given-out"],
        "storefront:missing_payment": ["never-given-out"],
        "storefront:open_invoice": ["never-given-out"],
        "v1:join_request": [asked["join"].pk],
        "v1:join_decisions": [asked["join"].pk],
        "v1:seat_request": [asked["seat"].pk],
        "v1:seat_decisions": [asked["seat"].pk],
        "v1:billing_contact": [asked["contact"].pk],
        "v1:contact_sends": [asked["contact"].pk],
    }


def _asked_rows(cast):
    now, soon = clock.now(), clock.now() + timedelta(days=14)
    stranger = factories.UserFactory(email="somebody@acme.example")
    join = JoinRequest.objects.create(
        organization=cast.acme, user=stranger, email=stranger.email, asked_at=now, expires_at=soon
    )
    member = Membership.objects.get(user=cast.member)
    seat = SeatRequest.objects.create(organization=cast.acme, membership=member, asked_at=now, expires_at=soon)
    contact = BillingContact.objects.create(
        organization=cast.acme, email="invoices@acme.example", added_at=now, sent_at=now, expires_at=soon
    )
    outbox.write(kind="accounts/welcome", subject_row="x:1", to=cast.member, organization=cast.acme, context={}, at=now)
    return {"join": join, "seat": seat, "contact": contact, "mail": OutgoingMail.objects.get()}


def _billing_rows(organization, price):
    now, soon = clock.now(), clock.now() + timedelta(days=30)
    plan = price.plan
    subscription = Subscription.objects.create(
        organization=organization,
        line=plan.line,
        plan=plan,
        price=price,
        stripe_id="sub_1",
        stripe_item_id="si_1",
        status="active",
        quantity=10,
        currency=price.currency,
        period_starts_at=now,
        period_ends_at=soon,
        started_at=now,
    )
    cart = Cart.objects.create(
        organization=organization, plan=plan, seats=5, interval="month", currency=price.currency, created_at=now, updated_at=now
    )
    attempt = CheckoutAttempt.objects.create(
        organization=organization,
        line=plan.line,
        cart=cart,
        price=price,
        seats=5,
        state="expired",
        created_at=now,
        expires_at=now,
    )
    change = SeatChange.objects.create(
        subscription=subscription,
        nonce="n",
        quantity_before=10,
        quantity_after=11,
        preview={},
        due_now_minor=1,
        currency=price.currency,
        state="declined",
        source="page",
        created_at=now,
    )
    scheduled = ScheduledChange.objects.create(
        subscription=subscription, delta=-1, effective_at=soon, source="page", created_at=now
    )
    amounts = ("subtotal_minor", "total_minor", "amount_due_minor", "amount_paid_minor", "amount_remaining_minor")
    invoice = Invoice.objects.create(
        organization=organization,
        stripe_id="in_1",
        status="paid",
        currency=price.currency,
        issued_at=now,
        mirrored_at=now,
        **dict.fromkeys(amounts, 1),
    )
    tax_id = TaxId.objects.create(organization=organization, type="eu_vat", value="DE136695976", country="DE", added_at=now)
    return {"attempt": attempt, "seat_change": change, "scheduled": scheduled, "invoice": invoice, "tax_id": tax_id}


def _invoice_args(invoice):
    about = {"number": "CN-1", "status": "issued", "total_minor": 1, "issued_at": clock.now(), "mirrored_at": clock.now()}
    note = CreditNote.objects.create(invoice=invoice, stripe_id="cn_1", **about)
    pages = ("invoice_hosted", "invoice_pdf", "credit_notes", "invoice_correction")
    args = {f"storefront:{name}": [invoice.stripe_id] for name in pages}
    args |= {f"v1:{name}": [invoice.stripe_id] for name in ("invoice", "invoice_hosted", "invoice_pdf")}
    args["v1:credit_note"] = [note.stripe_id]
    args["v1:invoice_corrections"] = [invoice.stripe_id]
    return args | {"storefront:credit_note_pdf": [invoice.stripe_id, note.stripe_id]}


def _quote_args(cart, cast):
    """A quote of the cart, issued."""
    now = clock.now()
    made = drafts.of_cart(cart, cast.acme, origin=Origin(actor=cast.owner, source="page"), at=now)
    soon = now + timedelta(days=30)
    Quote.objects.filter(pk=made.pk).update(
        state="open", number="Q-2026-00001", issued_at=now, valid_on=soon.date(), lapses_at=soon
    )
    args = {f"storefront:{name}": [made.public_id] for name in ("quote", "quote_pdf")}
    args |= {f"storefront:{name}": ["never-given-out"] for name in ("quote_approval", "quote_approval_pdf")}
    return args | {f"v1:{name}": [made.public_id] for name in ("quote", "quote_pdf")}


def _agreement_args(cast):
    """Days to pay that a second person has agreed to."""
    today = clock.now().date()
    row = Terms.objects.create(
        organization=cast.acme,
        kind="payment_terms",
        value={"net_days": 45},
        owner=cast.staff_member("rep"),
        proposed_by=cast.staff_member("rep"),
        approver=cast.staff_member("manager"),
        state="approved",
        nonce="agreed",
        starts_on=today,
        ends_on=today + timedelta(days=90),
        starts_at=clock.now(),
        ends_at=clock.now() + timedelta(days=90),
        proposed_at=clock.now(),
        decided_at=clock.now(),
    )
    return {"v1:agreement": [row.public_id]}


def _webhook_args(cast):
    """An endpoint that has been sent a test."""
    endpoint = factories.webhook_endpoint(cast.acme)
    sent = webhook_endpoints.ping(endpoint=endpoint, at=clock.now())
    pages = ("webhook", "webhook_rotation", "webhook_standing", "webhook_pings", "webhook_replays", "webhook_deletion")
    args = {f"storefront:{name}": [endpoint.public_id] for name in pages}
    calls = ("webhook_endpoint", "webhook_rotations", "webhook_pings", "webhook_replays", "webhook_deliveries")
    args |= {f"v1:{name}": [endpoint.public_id] for name in calls}
    one = [endpoint.public_id, sent.public_id]
    return args | {"storefront:webhook_delivery": one, "v1:webhook_delivery": one, "v1:webhook_sends": one}


# --- Asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asker:
    """Who asks: a session, or headers with a key, or neither."""

    session: str = ""
    headers: dict = field(default_factory=dict)

    def ask(self, method, url):
        """Each time with the cookies of the beginning: what an answer before said was undone with it."""
        CLIENT.cookies.clear()
        if self.session:
            CLIENT.cookies[settings.SESSION_COOKIE_NAME] = self.session
        return getattr(CLIENT, method.lower())(url, headers=self.headers)


def everybody(cast):
    """Whoever asks, by name: the roles, each staff group and an administrator."""
    people = ("newcomer", "stranger", "member", "billing_admin", "owner")
    staff = {group: cast.staff_member(group) for group in staff_groups.GROUPS} | {"admin": cast.admin}
    return {
        "anonymous": Asker(),
        **{name: signed_in(getattr(cast, name)) for name in people},
        **{name: signed_in(person) for name, person in staff.items()},
        "organization_key": holding(cast.organization_key),
        "stranger_key": holding(factories.ApiKeyFactory(organization=cast.globex)),
        "vendor_key": holding(cast.vendor_key, **{"Storefront-Organization": cast.acme.public_id}),
    }


def signed_in(user):
    client = Client()
    client.force_login(user)
    return Asker(session=client.cookies[settings.SESSION_COOKIE_NAME].value)


def holding(key, **headers):
    """A program with a key. That the key was used is noted from time to time: not while we look at what is written."""
    type(key).objects.filter(pk=key.pk).update(last_used_at=clock.now() + timedelta(days=1))
    return Asker(headers={"Authorization": f"Bearer {key.text}", **headers})


def askers(world, role, groups=("rep",)):
    """Who asks in a role, by name. Staff: these groups and an administrator."""
    return {name: world.everybody[name] for name in ((*groups, "admin") if role == "staff" else (role,))}


def outcome(response):
    """The letter of an answer."""
    location = response.headers.get("Location", "")
    if location.startswith((reverse("account_login"), reverse("admin:login"))):
        return "L"
    if location.startswith(reverse("storefront:organization_new")):
        return "N"
    return {401: "1", 403: "3", 404: "4"}.get(response.status_code, ".")


def written():
    """How many rows this transaction has written so far in each table but the sessions', the same contents again included."""
    count = " + ".join(f"pg_stat_get_xact_tuples_{verb}(oid)" for verb in ("inserted", "updated", "deleted"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT relname, {count} FROM pg_class"  # noqa: S608 - our own words alone
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_session'"
        )
        return dict(cursor.fetchall())


@contextlib.contextmanager
def undrawn():
    """Views answer as ever, but templates are not rendered, nor is gathered what stands around every page of the admin."""
    empty = mock.patch.object(Template, "render", return_value="")
    with empty, mock.patch.object(admin.site, "each_context", dict):
        yield


def check(asker, method, url, wanted, *, who, is_tried=True, drawn=None):
    """One request, undone afterwards: the letter is the wanted one, and a refusal has written nothing.

    `drawn`: the letters whose pages were drawn already, which is enough; this one's is added.
    """
    if wanted == "." and not is_tried:
        return
    with transaction.atomic(), undrawn() if drawn and wanted in drawn else contextlib.nullcontext():
        before = written() if wanted != "." else {}
        response = asker.ask(method, url)
        changed = [name for name, count in written().items() if before[name] != count] if wanted != "." else []
        transaction.set_rollback(True)
    if drawn is not None:
        drawn.add(wanted)
    assert outcome(response) == wanted, f"{who}: {method} {url} gave {response.status_code}"
    assert response.status_code < 500, f"{who}: {method} {url} broke with {response.status_code}"
    assert changed == [], f"{who}: {method} {url} was refused and still changed {changed}"


def names(resolver, namespace=""):
    """The names of all addresses, with their namespaces."""
    for found in resolver.url_patterns:
        if hasattr(found, "url_patterns"):
            yield from names(found, namespace + (f"{found.namespace}:" if found.namespace else ""))
        else:
            yield namespace + (found.name or "-")
