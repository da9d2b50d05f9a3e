"""A run of the comparison: its place, its hour, its costs, and the command that runs one by hand."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from billing import gateway, tasks
from billing.models import Difference, Invoice, Reconciliation
from billing.queries import differences
from billing.services.reconciliation import reconciling, reconciling_reading, reconciling_rows
from config import clock
from tests.billing.planting import Company


def run(organization=None):
    return reconciling.go_on(reconciling.begin(organization))


def named():
    return set(Difference.objects.open().values_list("kind", "subject"))


@pytest.fixture
def company(shop):
    return Company(shop, 6)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(reconciling_reading, "PAGE", 2)


def test_a_run_goes_on_where_it_was_interrupted(company, monkeypatch, small_pages):
    company.quantity(0)
    company.quantity(5)
    run_ = reconciling.begin()
    page, calls = gateway.subscriptions, []

    def breaking(params):
        calls.append(params.get("starting_after", ""))
        if len(calls) == 3:
            raise gateway.Unreachable("no answer")
        return page(params)

    monkeypatch.setattr(gateway, "subscriptions", breaking)
    with pytest.raises(gateway.Unreachable):
        reconciling.go_on(run_)
    run_.refresh_from_db()
    assert (run_.stage, run_.lease_until, run_.error) == ("subscriptions", None, "no answer")
    assert run_.cursor == calls[2]
    assert reconciling.begin().pk == run_.pk
    done = reconciling.go_on(run_)
    assert (done.finished_at is not None, done.error, done.found) == (True, "", 2)
    assert len(calls) == len(set(calls[:5])) + 3  # the broken page once more, and the two with something new a second time
    assert not done.pages.exists()
    assert not done.seen.exists()


def test_two_processes_do_not_run_it_twice(company):
    run_ = reconciling.begin()
    Reconciliation.objects.update(lease_until=clock.wall() + timedelta(minutes=1))
    assert reconciling.go_on(run_).finished_at is None
    Reconciliation.objects.update(lease_until=clock.wall() - timedelta(seconds=1))
    assert reconciling.go_on(run_).finished_at is not None


def test_whoever_lost_the_lease_stops(company, monkeypatch):
    run_ = reconciling.begin()
    page = reconciling_reading.subscriptions

    def overtaken(*args):
        Reconciliation.objects.update(fence=99)
        return page(*args)

    monkeypatch.setattr(reconciling_reading, "subscriptions", overtaken)
    assert reconciling.go_on(run_).finished_at is None
    assert Reconciliation.objects.get().stage == "subscriptions"


def test_the_night_begins_at_its_hour_and_once(company, monkeypatch):
    at = clock.wall().replace(hour=2, minute=5)
    monkeypatch.setattr(clock, "wall", lambda: at)
    assert reconciling.night(at.replace(hour=1)) is None
    done = reconciling.night(at)
    assert done.finished_at is not None
    assert reconciling.night(at) is None
    assert reconciling.night(at + timedelta(hours=20)) is None
    monkeypatch.setattr(clock, "wall", lambda: at + timedelta(days=1))
    assert reconciling.night(at + timedelta(days=1)).pk != done.pk


def test_a_share_of_the_night_ends_in_time_and_the_next_goes_on(company, monkeypatch):
    monkeypatch.setattr(reconciling, "SHARE", timedelta(days=-1))  # over before it begins, whatever the hour is
    at = clock.wall().replace(hour=3)
    first = reconciling.night(at)
    assert first.stage == "subscriptions"
    monkeypatch.undo()
    assert reconciling.go_on(first).finished_at is not None


def test_the_task_does_a_share(company):
    assert tasks.reconcile() in ("", "done")


def test_the_key_of_another_account_reports_nothing(shop):
    company = Company(shop, 30)
    for n in range(25):
        company.missing(n)
    with pytest.raises(reconciling.WrongAccount, match="5 of 30"):
        run()
    assert not Difference.objects.exists()
    ended = Reconciliation.objects.get()
    assert "5 of 30" in ended.error
    assert (ended.finished_at is not None, ended.lease_until) == (True, None)
    assert differences.last_run_finished_at() is None
    assert not ended.seen.exists()


def test_a_night_without_an_answer_keeps_its_place_and_raises_nothing(company, monkeypatch):
    def silent(_params):
        raise gateway.Unreachable("no answer")

    at = clock.wall().replace(hour=4)
    monkeypatch.setattr(clock, "wall", lambda: at)
    with monkeypatch.context() as patched:
        patched.setattr(gateway, "invoices", silent)
        held = reconciling.night(at)
    assert (held.stage, held.error, held.lease_until) == ("invoices", "no answer", None)
    assert reconciling.night(at).pk == held.pk
    assert differences.last_run_finished_at() is not None


def test_a_page_costs_the_same_with_more_on_it(shop, django_assert_max_num_queries):
    small = Company(shop, 3)
    page = reconciling_reading.subscriptions(reconciling_reading.Scope(until=small.now, since=small.now), "")
    with django_assert_max_num_queries(14):
        reconciling.reconciling_looks.subscriptions(page.rows, asked_at=clock.now())
    small.stranger("duplicate", "x", "cus_firm1")
    small.stranger("duplicate", "y", "cus_firm2")
    page = reconciling_reading.subscriptions(reconciling_reading.Scope(until=small.now, since=small.now), "")
    with django_assert_max_num_queries(20):
        reconciling.reconciling_looks.subscriptions(page.rows, asked_at=clock.now())


def test_invoices_older_than_the_window_are_read_while_open_and_remembered_while_different(company):
    company.amount(1)
    run()
    old = company.now - timedelta(days=60)
    Invoice.objects.update(issued_at=old)
    for n in range(6):
        company.change("invoice", f"in_firm{n}", created=company.epoch(old))
    company.amount(2)
    company.change("invoice", "in_firm3", status="open", attempt_count=2)
    done = run()
    assert named() == {("amount", "in_firm1")}
    assert (done.repaired, Invoice.objects.get(stripe_id="in_firm3").status) == (1, "open")
    company.change("invoice", "in_firm1", amount_paid=19_000)
    assert run().gone == 1


# --- By hand ------------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_found(company, capsys):
    company.quantity(1)
    call_command("reconcile")
    said = capsys.readouterr().out
    assert "1 differences found" in said
    assert "sub_firm1" in said
    assert "{'quantity': 10}" in said


def test_one_organization_alone(company, shop, cast, capsys):
    company.quantity(1)
    company.quantity(2)
    call_command("reconcile", organization="firm1.example")
    assert named() == {("quantity", "sub_firm1")}
    assert "3 objects compared" in capsys.readouterr().out
    call_command("reconcile")
    assert len(named()) == 2
    company.change_item("sub_firm1", quantity=10)
    company.change_item("sub_firm2", quantity=10)
    run(company.organizations[1])
    assert named() == {("quantity", "sub_firm2")}
    with pytest.raises(CommandError, match="no customer at Stripe"):
        call_command("reconcile", organization=cast.globex.domain)
    with pytest.raises(CommandError, match="No organization"):
        call_command("reconcile", organization="nobody.example")


def test_opening_twice_is_refused_by_the_database(company):
    plant = company.quantity(1)
    run()
    row = Difference.objects.get()
    assert row.kind == plant.kind
    found = reconciling_rows.see_again([], clock.now())
    assert found == []
    with pytest.raises(Exception, match="difference_open_unique"):
        Difference.objects.create(kind="quantity", subject="sub_firm1", found_at=row.found_at, last_seen_at=row.found_at)
