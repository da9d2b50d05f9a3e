"""The admin of billing: every page opens in few queries, nothing is edited, and the buttons call services."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import reverse

from accounts import staff_groups
from accounts.models import Journal
from billing import admin as billing_admin
from billing import gateway
from billing.admin import shown
from billing.models import (
    CheckoutAttempt,
    CheckoutState,
    EventCursor,
    InboxEvent,
    Invoice,
    Plan,
    SeatLedgerEntry,
    StripeCommand,
    StripeObject,
    Subscription,
)
from billing.queries import timeline
from billing.services import inbox
from billing.services.changes import scheduled, seats
from billing.services.selling import checkout
from config import clock
from tests import clean, factories

OURS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "billing"), key=lambda model: model._meta.model_name
)
# Session, user, permissions (for staff), count, rows, and one for each filter with choices from a table, date hierarchy.
MOST_QUERIES = 16


def address(model, page, *args):
    return reverse(f"admin:billing_{model._meta.model_name}_{page}", args=[quote(each) for each in args])


@pytest.fixture
def lived(shop):
    """A subscription with a past and a future."""
    return shop.kept("lived", lambda: _live(shop))


def _live(shop):
    row = shop.buy(seats=10)
    shop.advance_to(row.period_starts_at + timedelta(days=12))
    row = seats.current(shop.organization)
    token = seats.offer(row, seats=13, at=clock.now()).token
    seats.confirm(row, token=token, origin=shop.origin, at=clock.now())
    row.refresh_from_db()
    scheduled.change_seats(row, seats_after=11, releases=[], origin=shop.origin, at=clock.now(), reason="Winter")
    shop.settle()
    return row


def test_the_package_registers_what_it_should():
    names = {model._meta.model_name for model in OURS}
    assert {"subscription", "stripecommand", "stripeobject", "inboxevent", "seatledgerentry", "invoice", "customer"} <= names
    assert {"cart", "checkoutattempt", "seatchange", "scheduledchange", "plan", "price", "catalogversion"} <= names
    assert billing_admin.__all__


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.model_name)
def test_every_page_opens_in_few_queries_and_runs_clean(model, lived, cast, client, django_assert_max_num_queries):
    """Nobody adds, changes or deletes: tests/house/test_admin_access.py."""
    client.force_login(cast.admin)
    url, row = address(model, "changelist"), model.objects.first()
    answers = [client.get(url, {"q": "acme"} if admin.site._registry[model].search_fields else {})]
    with django_assert_max_num_queries(MOST_QUERIES):
        answers.append(client.get(url))
    if row is not None:
        answers += [client.get(address(model, page, row.pk)) for page in ("change", "history")]
    for answer in answers:
        assert answer.status_code == 200
        clean.check(answer)


@pytest.mark.parametrize("model", [SeatLedgerEntry, Invoice, InboxEvent, StripeObject], ids=lambda m: m._meta.model_name)
def test_a_list_costs_the_same_with_more_rows(model, lived, shop, client, django_assert_max_num_queries):
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    url = address(model, "changelist")
    client.get(url)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(url)
    for count in (14, 15, 16):
        row = seats.current(shop.organization)
        token = seats.offer(row, seats=count, at=clock.now()).token
        seats.confirm(row, token=token, origin=shop.origin, at=clock.now())
    shop.settle()
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(url)


def test_a_list_of_subscriptions_reads_all_their_add_ons_at_once(lived, cast, client, django_assert_max_num_queries):
    client.force_login(cast.admin)
    url = address(Subscription, "changelist")
    client.get(url)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(url)
    for number in range(3):
        lived.pk, lived.stripe_id, lived.organization = None, f"sub_more{number}", factories.OrganizationFactory()
        lived.save(force_insert=True)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert client.get(url).context["cl"].result_count == 4


def test_the_subscription_tells_its_story_in_order(lived, cast, client, django_assert_num_queries):
    with django_assert_num_queries(5):
        moments = timeline.of(lived)
    assert moments[0].is_coming
    assert moments[0].source == "scheduled"
    past = [moment for moment in moments if not moment.is_coming]
    assert [moment.at for moment in past] == sorted((moment.at for moment in past), reverse=True)
    assert {"ledger", "change", "invoice", "journal"} <= {moment.source for moment in past}
    client.force_login(cast.admin)
    page = client.get(address(Subscription, "change", lived.pk)).content.decode()
    for words in ("+3 = 13 seats", "10 → 13 seats", "Winter", "(coming)", "Subscription started"):
        assert words in page, words


def test_ids_lead_to_stripes_dashboard(settings):
    settings.STRIPE_SANDBOX = False
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    assert "https://dashboard.stripe.com/test/subscriptions/sub_1" in shown.at_stripe("sub_1")
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert "https://dashboard.stripe.com/invoices/in_1" in shown.at_stripe("in_1")
    assert "https://dashboard.stripe.com/checkout/sessions/cs_live_a1" in shown.at_stripe("cs_live_a1")
    settings.STRIPE_SANDBOX = True
    assert shown.at_stripe("in_1").count(f"{settings.STRIPE_API_BASE}/i/in_1") == 1
    assert shown.at_stripe("sub_1") == "sub_1"
    assert shown.at_stripe("") == "-"


# --- Who ----------------------------------------------------------------------------------------------------------------

SEEN = {
    "support": {"subscription": 200, "stripecommand": 200, "invoice": 200},
    "rep": {"subscription": 200, "stripecommand": 403, "invoice": 200},
    "manager": {"subscription": 200, "stripecommand": 200, "invoice": 200},
    "csm": {"subscription": 200, "stripecommand": 403, "invoice": 200},
    "finance": {"subscription": 200, "stripecommand": 200, "invoice": 200},
    "revenue_operations": {"subscription": 200, "stripecommand": 200, "invoice": 200},
    "marketing": {"subscription": 403, "stripecommand": 403, "invoice": 403},
}


def test_each_group_sees_what_concerns_it(cast, client):
    staff = {group: cast.staff_member(group) for group in SEEN}
    assert set(SEEN) == set(staff_groups.GROUPS)
    for group, pages in SEEN.items():
        client.force_login(staff[group])
        for name, status in pages.items():
            assert client.get(reverse(f"admin:billing_{name}_changelist")).status_code == status, (group, name)


def test_customers_are_sent_away(cast, client):
    client.force_login(cast.owner)
    for model in OURS:
        assert client.get(address(model, "changelist")).status_code in (302, 403)


# --- Buttons ------------------------------------------------------------------------------------------------------------


def press(client, model, action, *rows):
    return client.post(
        address(model, "changelist"), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )


def test_read_again_puts_a_failed_object_back_in_line(lived, cast, client):
    inbox.touch(inbox.Kind.SUBSCRIPTION, lived.stripe_id)
    later = clock.wall() + timedelta(hours=1)
    StripeObject.objects.filter(pk=lived.stripe_id).update(due_at=later, attempts=9, error="boom")
    kept = StripeObject.objects.get(pk=lived.stripe_id)
    client.force_login(cast.staff_member("support"))
    assert "1 object is being read again" in press(client, StripeObject, "read_again", kept).content.decode()
    kept.refresh_from_db()
    assert kept.due_at <= clock.wall()
    assert inbox.drain(clock.wall()).handled == 1
    client.force_login(cast.staff_member("manager"))
    assert press(client, StripeObject, "read_again", kept).status_code == 403


def test_try_again_sends_an_open_command_at_once_and_leaves_ended_ones(lived, shop, cast, client, monkeypatch):
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    shop.control("POST", "faults", match="POST /v1/subscriptions/*", kind="drop", times=3)
    row = seats.current(shop.organization)
    token = seats.offer(row, seats=14, at=clock.now()).token
    change = seats.confirm(row, token=token, origin=shop.origin, at=clock.now())
    assert change.state == "sending"
    StripeCommand.objects.filter(pk=change.command_id).update(due_at=clock.wall() + timedelta(hours=1))
    done = StripeCommand.objects.filter(state="done").first()
    client.force_login(cast.staff_member("finance"))
    page = press(client, StripeCommand, "try_again", change.command, done).content.decode()
    assert "1 are being tried again; 1 had ended" in page
    shop.settle()
    change.refresh_from_db()
    assert change.state == "done"
    told = Journal.objects.get(kind="billing.command.tried_again")
    assert (told.actor, told.source, told.data["command"]) == (cast.staff_member("finance"), "admin", change.command_id)


def test_a_refund_that_failed_can_be_begun_anew_and_is_made_once(shop, cast, client, monkeypatch):
    first = shop.start(seats=10)
    CheckoutAttempt.objects.filter(pk=first.pk).update(state=CheckoutState.EXPIRED)
    second = shop.start(seats=20)
    shop.pay(first)
    shop.pay(second)
    checkout.look_up(second)

    def replayed(*_args, **_kwargs):
        raise gateway.ReplayedFailure("a saved 500")

    with monkeypatch.context() as patched:
        patched.setattr(gateway, "refund", replayed)
        shop.settle()
    command = StripeCommand.objects.get(kind="checkout.return")
    assert command.state == "failed"
    client.force_login(cast.admin)
    press(client, StripeCommand, "try_again", command)
    shop.settle()
    command.refresh_from_db()
    paid = gateway.session(first.stripe_session_id).amount_total
    assert (command.state, command.result["refunded_minor"]) == ("done", paid)
    press(client, StripeCommand, "try_again", command)
    shop.settle()
    command.refresh_from_db()
    assert command.state == "done"


def test_the_filters_of_trouble(lived, cast, client):
    client.force_login(cast.admin)
    StripeObject.objects.filter(pk=lived.stripe_id).update(error="boom")
    page = client.get(address(StripeObject, "changelist"), {"trouble": "yes"})
    assert [row.pk for row in page.context["cl"].result_list] == [lived.stripe_id]
    page = client.get(address(StripeObject, "changelist"), {"dirty": "yes"})
    assert page.context["cl"].result_count == 0
    StripeCommand.objects.filter(kind="seats.increase").update(state="failed")
    page = client.get(address(StripeCommand, "changelist"), {"trouble": "yes"})
    assert [row.kind for row in page.context["cl"].result_list] == ["seats.increase"]


def test_the_cursor_of_the_poller_is_there_to_see(lived, cast, client):
    client.force_login(cast.admin)
    assert EventCursor.objects.exists()
    assert client.get(address(EventCursor, "changelist")).status_code == 200


def test_a_failure_of_the_inbox_is_seen_and_tried_again_from_the_event(lived, cast, client):
    event = InboxEvent.objects.filter(object_key=lived.stripe_id).last()
    inbox.touch(inbox.Kind.SUBSCRIPTION, lived.stripe_id)
    later = clock.wall() + timedelta(hours=1)
    StripeObject.objects.filter(pk=lived.stripe_id).update(due_at=later, attempts=9, error="Stripe said no")
    InboxEvent.objects.filter(pk=event.pk).update(handled_at=None)
    client.force_login(cast.staff_member("finance"))
    page = client.get(address(InboxEvent, "changelist"), {"trouble": "yes"})
    assert [row.pk for row in page.context["cl"].result_list] == [event.pk]
    assert "Failed, is tried again" in page.content.decode()
    shown = client.get(address(InboxEvent, "change", event.pk)).content.decode()
    assert "Stripe said no" in shown
    assert "Read again now" in shown
    press(client, InboxEvent, "read_again", event)
    assert inbox.drain(clock.wall()).handled == 1
    event.refresh_from_db()
    assert event.handled_at
    assert StripeObject.objects.get(pk=lived.stripe_id).error == ""


def test_what_is_up_to_date_is_read_once_more_when_asked(lived, cast, client):
    client.force_login(cast.admin)
    kept = StripeObject.objects.get(pk=lived.stripe_id)
    assert kept.dirty == kept.cleaned
    press(client, StripeObject, "read_again", kept)
    assert inbox.drain(clock.wall()).handled == 1


def test_plans_are_shown_and_not_edited(lived, cast, client):
    client.force_login(cast.admin)
    plan = lived.plan
    before = Plan.objects.values().get(pk=plan.pk)
    page = client.get(address(Plan, "change", plan.pk)).content.decode()
    for words in (plan.name, "On sale", "Seats in self-service"):
        assert words in page, words
    assert 'name="seats_max"' not in page
    assert client.post(address(Plan, "change", plan.pk), {"seats_max": 9999}).status_code == 403
    press(client, Plan, "delete_selected", plan)
    assert Plan.objects.values().get(pk=plan.pk) == before


def test_an_organization_shows_its_subscriptions_and_invoices(lived, cast, client, django_assert_max_num_queries):
    client.force_login(cast.admin)
    url = reverse("admin:accounts_organization_change", args=[lived.organization_id])
    client.get(url)
    with django_assert_max_num_queries(MOST_QUERIES + 9):
        page = client.get(url).content.decode()
    assert address(Subscription, "change", lived.pk) in page
    assert Invoice.objects.filter(subscription=lived).first().number in page
    client.force_login(cast.staff_member("marketing"))
    assert address(Subscription, "change", lived.pk) not in client.get(url).content.decode()
