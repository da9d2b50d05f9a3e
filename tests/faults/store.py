"""The store of these tests: customers with ten seats each who want more, the processes that serve them, and what must be true
in the end. Rows are read here; what is done to them, the processes do."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from unittest import mock

import requests
from django.conf import settings
from django.db.models import F, Q
from django.test import Client
from django.utils.crypto import get_random_string

from accounts.models import Journal, MailState, Organization, OutgoingMail, Role, User
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import (
    EventCursor,
    InboxEvent,
    Invoice,
    SeatChange,
    SeatLedgerEntry,
    StripeCommand,
    StripeObject,
    Subscription,
)
from billing.rules.stripe_events import Kind
from billing.services import commands
from billing.services.changes import seats
from billing.services.mirroring import poller
from billing.services.selling import checkout
from config import clock, pulse
from config.local import ports
from tests import factories, shop

BOUGHT, MORE = 10, 3
PAST, LATER = timedelta(seconds=1), timedelta(hours=1)


@dataclass
class Case:
    """One customer, stopped at one moment of going from `before` seats to three more."""

    organization: Organization
    owner: User
    row: Subscription
    before: int = BOUGHT
    moment: object = None
    token: str = ""
    session: requests.Session | None = None

    @property
    def wanted(self):
        return self.before + MORE

    @property
    def path(self):
        """Where Stripe is asked for this customer's seats."""
        return f"/v1/subscriptions/{self.row.stripe_id}"

    def command(self):
        return StripeCommand.objects.get(organization=self.organization, state="open")

    def promise(self):
        """Breath 1 alone: what a web process has committed when it is about to call Stripe. The pulse is not long in coming."""
        row, at = seats.current(self.organization), clock.now()
        token = seats.offer(row, seats=self.wanted, at=at).token
        with mock.patch.object(commands, "execute"):
            seats.confirm(row, token=token, origin=Origin(actor=self.owner, source=Source.PAGE), at=at)

    def look(self, url):
        """Open the seats page in a browser of one's own and read the price's token from it."""
        self.session = self.session or signed_in(self.owner)
        page = self.session.get(f"{url}/seats/", params={"seats": self.wanted}, timeout=20)
        self.token = html.unescape(re.search(r'name="token" value="([^"]+)"', page.text)[1])

    def press(self, url):
        """Press the button; the status of the answer, or None when the server was gone."""
        form = {"token": self.token, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        try:
            return self.session.post(f"{url}/seats/changes/", data=form, allow_redirects=False, timeout=20).status_code
        except requests.ConnectionError:
            return None


def signed_in(user):
    client, session = Client(), requests.Session()
    client.force_login(user)
    session.cookies.set("sessionid", client.cookies["sessionid"].value, domain=ports.HOST)
    session.cookies.set("csrftoken", get_random_string(32), domain=ports.HOST)
    return session


def new_customer(number):
    organization = factories.OrganizationFactory(name=f"Customer {number}")
    owner = factories.UserFactory(email=f"owner@{number}.customer.example")
    factories.MembershipFactory(organization=organization, user=owner, role=Role.OWNER)
    return organization, owner


def customers(count):
    """`count` customers of a shop that has just opened, each with its seats, paid; their mails are still to be sent."""
    people = [new_customer(number) for number in range(count)]
    opened = shop.Shop(None, *people[0]).open()
    cases = []
    for organization, owner in people:
        attempt = opened.start(organization, owner, seats=BOUGHT)
        opened.pay(attempt.url)
        cases.append(Case(organization, owner, checkout.look_up(attempt).subscription))
    poller.look()
    pulse.drain_all(only={name: lane for name, lane in pulse.lanes().items() if name != "mail"})
    return cases


# --- Time and quiet ---------------------------------------------------------------------------------------------------


def nothing_is_due():
    """Until time passes: processes may start and be idle."""
    later = clock.wall() + LATER
    StripeCommand.objects.filter(state="open").update(due_at=later)
    OutgoingMail.objects.filter(state=MailState.DUE).update(due_at=later)
    EventCursor.objects.update(due_at=later)


def time_passes(cases=None):
    """Leases and waits run out while nobody is alive; of commands, only these customers'."""
    past = clock.wall() - PAST
    commanded = StripeCommand.objects.filter(state="open")
    if cases is not None:
        commanded = commanded.filter(organization__in=[case.organization for case in cases])
    commanded.update(due_at=past, lease_until=None)
    StripeObject.objects.filter(dirty__gt=F("cleaned")).update(due_at=past, lease_until=None)
    OutgoingMail.objects.filter(state=MailState.DUE).update(due_at=past, lease_until=None)
    EventCursor.objects.update(due_at=past, lease_until=None)


def assert_held_by_the_dead(cases, *, but_not):
    """Whoever took a command up still has its lease: until that runs out nobody works on it at the same time."""
    for case in cases:
        held = StripeCommand.objects.filter(organization=case.organization, state="open").first()
        if case.moment not in but_not:
            assert held.lease_until > clock.wall(), case.moment
    assert commands.drain(clock.wall()).handled == 0


def is_quiet(*, mails=True):
    """Every command has ended, every event is handled, every mail is sent."""
    return not (
        StripeCommand.objects.filter(state="open").exists()
        or StripeObject.objects.filter(dirty__gt=F("cleaned")).exists()
        or InboxEvent.objects.filter(handled_at=None).exists()
        or (mails and OutgoingMail.objects.filter(state=MailState.DUE).exists())
    )


def ask_again():
    """Have every subscription read again, as if Stripe had spoken of each once more, and Stripe's list of events too."""
    StripeObject.objects.filter(kind=Kind.SUBSCRIPTION).update(dirty=F("dirty") + 1, due_at=clock.wall() - PAST)
    EventCursor.objects.update(due_at=clock.wall() - PAST, lease_until=None)


def has_looked():
    """Whether the poller has been at Stripe's list since it was last made to."""
    return not EventCursor.objects.filter(Q(due_at__lte=clock.wall()) | ~Q(lease_until=None)).exists()


# --- What must be true ------------------------------------------------------------------------------------------------


def at_stripe(path, **params):
    """A list of Stripe's, read past the store."""
    answer = requests.get(
        f"{settings.STRIPE_API_BASE}/v1/{path}",
        params={"limit": 100, **params},
        headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"},
        timeout=20,
    )
    answer.raise_for_status()
    return answer.json()["data"]


def assert_charged_once(case, times=1):
    """Stripe, ledger, rows and invoices agree, and each of `times` increases was charged once, at the price agreed."""
    row = Subscription.objects.get(pk=case.row.pk)
    there = gateway.subscription(row.stripe_id)
    wanted = BOUGHT + times * MORE
    assert (row.quantity, there["items"].data[0].quantity) == (wanted, wanted), case.moment
    assert [entry.delta for entry in row.ledger.order_by("id")] == [BOUGHT] + times * [MORE]
    changes = SeatChange.objects.filter(subscription=row).order_by("id")
    assert [change.state for change in changes] == times * ["done"]
    increases = StripeCommand.objects.filter(organization=case.organization, kind="seats.increase")
    assert [command.state for command in increases] == times * ["done"]
    assert not Journal.objects.filter(organization=case.organization, kind="billing.charge.differed").exists()
    _assert_paid(case, row, changes)
    mails = OutgoingMail.objects.filter(organization=case.organization, kind="billing/seats_added").order_by("id")
    assert [mail.subject_row for mail in mails] == [f"seat_change:{change.pk}" for change in changes]


def _assert_paid(case, row, changes):
    """However often Stripe was asked, it was under one key an increase; its invoices are ours, one payment for each."""
    asked = [call for call in shop.control("GET", "calls")["data"] if (call["method"], call["path"]) == ("POST", case.path)]
    assert {call["idempotency_key"] for call in asked} == {change.command.idempotency_key for change in changes}
    theirs = at_stripe("invoices", subscription=row.stripe_id)
    ours = Invoice.objects.filter(subscription=row)
    assert {(one["id"], one["status"], one["total"], one["amount_paid"]) for one in theirs} == set(
        ours.values_list("stripe_id", "status", "total_minor", "amount_paid_minor")
    )
    updates = {one["id"]: one["amount_paid"] for one in theirs if one["billing_reason"] == "subscription_update"}
    assert updates == {change.stripe_invoice_id: change.due_now_minor for change in changes}
    taken = [one["amount_received"] for one in at_stripe("payment_intents", customer=row.organization.customer.stripe_id)]
    assert sorted(taken) == sorted(one["amount_paid"] for one in theirs)


def everything():
    """What a rerun must not change: rows of ours and objects of Stripe's."""
    ours = {
        model.__name__: list(model.objects.order_by("pk").values_list(*fields))
        for model, fields in {
            Subscription: ("pk", "quantity", "status", "latest_invoice_id", "period_ends_at"),
            SeatLedgerEntry: ("pk", "delta"),
            SeatChange: ("pk", "state", "stripe_invoice_id"),
            StripeCommand: ("pk", "state", "attempts"),
            Invoice: ("stripe_id", "status", "total_minor", "amount_paid_minor"),
            Journal: ("pk", "kind"),
            OutgoingMail: ("pk", "kind", "recipient"),
        }.items()
    }
    kinds = ("invoices", "payment_intents", "subscriptions", "refunds")
    return ours, {kind: sorted(one["id"] for one in at_stripe(kind)) for kind in kinds}
