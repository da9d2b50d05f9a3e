"""Seats are added by themselves once all are in use: within a cap and a budget, once for many, and undone for all they cost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Membership, OutgoingMail
from billing.models import AutoExpansion, ChangeState, SeatAssignment, SeatChange, Subscription
from billing.services import people
from billing.services.changes import addons, seats
from billing.services.renewing import expansion_undo, expansions
from config import clock
from tests import factories
from tests.billing.calling import Program, assert_problem
from tests.shop import text

PAGE = "/seats/expansion/"


@pytest.fixture
def row(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def allow(shop, row, *, step=3, most=20, budget_minor=100_000):
    return expansions.put(row, is_on=True, step=step, most=most, budget_minor=budget_minor, origin=shop.origin, at=clock.now())


def fill(row, count=None):
    """Give seats until all (or `count` more) are in use."""
    wanted = people.free_seats(row) if count is None else count
    users = [factories.UserFactory() for _ in range(wanted)]
    members = Membership.objects.bulk_create(Membership(organization=row.organization, user=user) for user in users)
    SeatAssignment.objects.bulk_create(
        SeatAssignment(subscription=row, membership=member, assigned_at=clock.now()) for member in members
    )


def look():
    while expansions.drain(clock.wall()).handled:
        pass


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk")


def test_off_by_default_and_until_the_last_seat_is_taken(shop, row):
    fill(row)
    look()
    assert shop.fresh(row).quantity == 10
    SeatAssignment.objects.filter(subscription=row).order_by("-pk").first().delete()
    allow(shop, row)
    look()
    assert shop.fresh(row).quantity == 10


def test_added_once_all_are_in_use_with_a_notice_and_undone_for_all_it_cost(shop, row, cast, client):
    """Beside an add-on for each seat, at an instant that leaves fractions of a cent: lines are rounded, the whole is not."""
    shop.advance_to(row.period_starts_at + timedelta(days=10, hours=7, seconds=11))
    offered = addons.offer(shop.fresh(row), code="blueprints", number=None, at=clock.now())
    row = addons.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=clock.now()).subscription
    shop.settle()
    allow(shop, row)
    fill(row)
    look()
    row = shop.fresh(row)
    assert row.quantity == 13
    change = SeatChange.objects.latest("pk")
    mail = mails("seats_expanded").get(recipient=cast.owner.email)
    assert (mail.context["added"], mail.context["amount_minor"]) == (3, change.due_now_minor)
    client.force_login(shop.owner)
    page = f"/seats/expansion/{change.public_id}/undo/"
    assert page in mail.context["undo_url"]
    shown = text(client.get(page))
    assert "Take back 3 seats" in shown
    assert shop.fresh(row).quantity == 13
    back = -expansion_undo.offer(change, clock.now()).total_minor
    assert back == change.due_now_minor  # to the cent, though Stripe rounds each line by itself
    assert client.post(page, {"amount": back + 1}).status_code == 409
    answers = [client.post(page, {"amount": back}) for _ in "12"]
    assert [one.status_code for one in answers] == [303, 303]
    row = shop.fresh(row)
    shop.settle()
    row.organization.customer.refresh_from_db()
    assert (row.quantity, row.organization.customer.balance_minor) == (10, -back)
    assert list(row.ledger.order_by("pk").values_list("delta", flat=True)) == [10, 0, 3, -3]
    assert mails("expansion_undone").filter(recipient=cast.owner.email).get().context["back_minor"] == back


def test_who_has_one_of_the_seats_keeps_it_and_later_is_too_late(shop, row):
    allow(shop, row)
    fill(row)
    look()
    change = SeatChange.objects.get()
    row = shop.fresh(row)
    AutoExpansion.objects.update(is_on=False)
    fill(row, 1)
    with pytest.raises(seats.BelowSeatsInUse):
        expansion_undo.offer(change, clock.now())
    with pytest.raises(expansion_undo.TooLate):
        expansion_undo.offer(change, clock.now() + timedelta(hours=73))


@pytest.mark.parametrize(
    ("limits", "quantity", "why"),
    [({"most": 11}, 11, "cap"), ({"step": 1, "most": 10}, 10, "cap"), ({"budget_minor": 100}, 10, "budget")],
)
def test_cap_and_budget_hold_and_are_said_once(shop, row, limits, quantity, why):
    allow(shop, row, **limits)
    fill(row)
    look()
    row = shop.fresh(row)
    fill(row)
    look()
    AutoExpansion.objects.update(due_at=clock.wall())
    look()
    assert shop.fresh(row).quantity == quantity
    assert AutoExpansion.objects.get().stopped == why
    assert {mail.context["why"] for mail in mails("expansion_stopped")} == {why}
    assert mails("expansion_stopped").count() == 2  # owner and billing admin


def test_past_due_is_not_even_tried_and_a_declined_card_adds_nothing(shop, row):
    allow(shop, row)
    Subscription.objects.filter(pk=row.pk).update(status="past_due")
    fill(row)
    look()
    assert not SeatChange.objects.exists()
    shop.control("POST", "next_payment", outcome="declined")
    Subscription.objects.filter(pk=row.pk).update(status="active")  # a trigger has it looked at again
    look()
    assert (shop.fresh(row).quantity, SeatChange.objects.get().state) == (10, ChangeState.WAITING)
    assert AutoExpansion.objects.get().stopped == "waiting"
    assert mails("seats_waiting").exists()
    assert not mails("expansion_stopped").exists()


def test_the_owner_sets_it_on_the_page_and_by_the_api(shop, row, cast, client, kept):
    client.force_login(shop.owner)
    answer = client.post(PAGE, {"line": "fieldnote", "is_on": "on", "step": 2, "most": 15, "budget": "250"})
    assert answer.status_code == 303
    held = AutoExpansion.objects.get()
    assert (held.is_on, held.step, held.most, held.budget_minor) == (True, 2, 15, 25_000)
    assert client.post(PAGE, {"is_on": "on", "step": 2, "most": 9, "budget": "250"}).status_code == 422
    assert "$250" in text(client.get(PAGE))
    program = Program(cast.organization_key)
    said = program.get("subscription/seats/expansion").json()
    assert (said["is_on"], said["step"], said["maximum"], said["budget_minor"]) == (True, 2, 15, 25_000)
    changed = program.patch("subscription/seats/expansion", {"maximum": 12, "budget_minor": 500})
    assert changed.status_code == 200, changed.content
    assert (changed.status_code, changed.json()["maximum"], changed.json()["step"]) == (200, 12, 2)
    assert_problem(program.patch("subscription/seats/expansion", {"maximum": 9}), 422, "out-of-range", "#/maximum")
    client.force_login(cast.billing_admin)
    assert client.post(PAGE, {"is_on": "", "step": 2, "most": 15, "budget": "250"}).status_code == 403


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_many_who_join_at_once_make_one_expansion(shop):
    row = shop.buy(seats=3)
    allow(shop, row)
    fill(row)

    def work(_number):
        try:
            expansions._look(row.pk, clock.now())  # as if each had claimed it
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    look()
    assert shop.fresh(row).quantity == 6
    assert SeatChange.objects.filter(state=ChangeState.DONE).count() == 1
