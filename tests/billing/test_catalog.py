"""Applying the catalog: Stripe and the database agree, whatever happens in between; what is on sale is in memory."""

import io
import threading
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import translation

from accounts.models import Journal
from accounts.origin import Origin
from billing import gateway
from billing.models import CatalogVersion, Move, Plan, Price, ProductLine
from billing.queries import catalog as queries
from billing.queries import catalog_words
from billing.rules.catalog_diff import Kind
from billing.services.offering import catalog, catalog_stripe
from config import clock
from tests import shelf, shop, waiting

SHIPPED = shelf.text()
STARTER_MONTH = "prices.month = { usd = 900,"
DEARER = SHIPPED.replace(STARTER_MONTH, "prices.month = { usd = 950,")
KEY = ("fieldnote", "starter", "month", "usd")


@pytest.fixture
def stripe_account(sandbox):
    """This worker's account at the sandbox, emptied."""
    gateway.forget_client()
    shop.control("DELETE", "account")
    return shop


def apply(text=SHIPPED):
    return catalog.apply(wanted=shelf.read(text), at=clock.now(), origin=Origin.system())


def begin():
    """The shipped catalog on sale: applied by the first test of a process, there for the others."""
    shop.put_on_sale()


def at_stripe(key=KEY):
    return next(iter(gateway.prices({"lookup_keys": [catalog_stripe.lookup_key(key)], "expand": ["data.tiers"]})), None)


def on_sale_row(key=KEY):
    line, plan, interval, currency = key
    return Price.objects.get(plan__line__code=line, plan__code=plan, interval=interval, currency=currency, retired_at=None)


# --- Applying ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_first_apply_puts_the_file_on_sale(stripe_account):
    applied = apply()
    assert (applied.number, applied.is_new) == (1, True)
    assert ProductLine.objects.count() == 2
    assert Plan.objects.count() == 5
    assert Price.objects.filter(retired_at=None).count() == 40
    assert Move.objects.filter(from_plan__code="starter", to_plan__code="team").count() == 1
    for row in Price.objects.select_related("plan__line"):
        there = at_stripe((row.plan.line.code, row.plan.code, row.interval, row.currency))
        assert there.id == row.stripe_price_id
        assert there.product == row.plan.stripe_product_id
        assert there.tax_behavior == "exclusive"
    tiers = at_stripe(("fieldnote", "team", "year", "jpy")).tiers
    assert [(tier.up_to, tier.unit_amount) for tier in tiers] == [(9, 26000), (24, 23000), (49, 20000), (None, 17000)]
    entry = Journal.objects.get(kind="billing.catalog.applied")
    assert entry.data["number"] == 1


@pytest.mark.django_db
def test_applying_again_changes_nothing(stripe_account):
    begin()
    before = list(Price.objects.order_by("id").values())
    again = apply()
    assert (again.number, again.is_new, again.changes) == (1, False, ())
    assert list(Price.objects.order_by("id").values()) == before
    assert CatalogVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_changed_price_is_a_new_price_and_the_old_one_stays(stripe_account):
    begin()
    old = on_sale_row()
    applied = apply(DEARER)
    new = on_sale_row()
    old.refresh_from_db()
    assert applied.number == 2
    assert [change.kind for change in applied.changes] == [Kind.PRICE_CHANGED]
    assert old.retired_at is not None
    assert old.tiers == [{"up_to": None, "unit_minor": 900}]
    assert new.tiers == [{"up_to": None, "unit_minor": 950}]
    assert new.stripe_price_id != old.stripe_price_id
    assert at_stripe().id == new.stripe_price_id
    untouched = Price.objects.filter(version__number=1, retired_at=None).count()
    assert untouched == 39


@pytest.mark.django_db
def test_going_back_to_an_older_price_makes_a_third_one(stripe_account):
    begin()
    apply(DEARER)
    apply()
    rows = Price.objects.filter(plan__code="starter", interval="month", currency="usd").order_by("id")
    assert [row.tiers[0]["unit_minor"] for row in rows] == [900, 950, 900]
    assert len({row.stripe_price_id for row in rows}) == 3
    assert at_stripe().id == rows[2].stripe_price_id
    assert rows[2].retired_at is None


@pytest.mark.django_db
def test_what_staff_alone_sees_changes_in_place(stripe_account):
    begin()
    before = on_sale_row()
    applied = apply(SHIPPED.replace("margin_bps = 8200", "margin_bps = 8100"))
    assert applied.number == 2
    assert on_sale_row().stripe_price_id == before.stripe_price_id
    assert on_sale_row().margin_bps == 8100


@pytest.mark.django_db
def test_a_plan_that_leaves_the_file_is_withdrawn_and_comes_back_as_itself(stripe_account):
    begin()
    start, end = SHIPPED.index("[lines.inspect]"), len(SHIPPED)
    applied = apply(SHIPPED[:start] + SHIPPED[end:])
    assert Kind.LINE_WITHDRAWN in {change.kind for change in applied.changes}
    assert queries.on_sale().line("inspect") is None
    assert Plan.objects.filter(line__code="inspect", withdrawn_at=None).count() == 0
    assert Price.objects.filter(plan__line__code="inspect", retired_at=None).count() == 0
    apply()
    assert queries.on_sale().line("inspect") is not None
    assert Plan.objects.filter(line__code="inspect").count() == 2
    assert Price.objects.filter(plan__line__code="inspect").count() == 16


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("call", range(1, 8))
def test_a_crash_between_any_two_calls_costs_a_rerun(stripe_account, monkeypatch, call):
    begin()
    made = {"count": 0}
    dearer = SHIPPED.replace("usd = 900,", "usd = 950,").replace("eur = 850,", "eur = 890,").replace('"Starter"', '"Start"')

    def dying(real):
        def wrapper(*args, **kwargs):
            result = real(*args, **kwargs)
            made["count"] += 1
            if made["count"] == call:
                raise gateway.Unreachable("the connection dropped after the effect")
            return result

        return wrapper

    with monkeypatch.context() as patched:
        for name in ("create_price", "update_product", "product", "prices"):
            patched.setattr(gateway, name, dying(getattr(gateway, name)))
        with pytest.raises(gateway.Unreachable):
            apply(dearer)
    assert queries.on_sale().number == 1
    assert on_sale_row().tiers == [{"up_to": None, "unit_minor": 900}]
    apply(dearer)
    assert at_stripe().id == on_sale_row().stripe_price_id
    assert on_sale_row().tiers == [{"up_to": None, "unit_minor": 950}]
    starter = gateway.prices({"product": "fieldnote_starter", "limit": 100})
    assert len(starter) == 10  # eight, and one new for each of the two changed


@pytest.mark.django_db
def test_a_crash_followed_by_going_back_leaves_the_lookup_key_where_the_sale_is(stripe_account, monkeypatch):
    begin()
    monkeypatch.setattr(catalog, "_write", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError):
        apply(DEARER)
    monkeypatch.undo()
    assert at_stripe().id != on_sale_row().stripe_price_id
    again = apply()
    assert not again.is_new
    assert at_stripe().id == on_sale_row().stripe_price_id


@pytest.mark.django_db
def test_an_emptied_stripe_account_is_filled_again(stripe_account):
    begin()
    old = on_sale_row()
    stripe_account.control("DELETE", "account")
    applied = apply()
    assert {change.kind for change in applied.changes} == {Kind.STRIPE_REPAIRED, Kind.PROMOTION_REPAIRED, Kind.PILOT_REPAIRED}
    assert len(applied.changes) == 71
    old.refresh_from_db()
    assert old.retired_at is not None
    assert at_stripe().id == on_sale_row().stripe_price_id


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_version(stripe_account):
    results, errors = [], []

    def run():
        try:
            results.append(apply())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert sorted(result.is_new for result in results) == [False, True]
    assert CatalogVersion.objects.count() == 1
    assert Price.objects.count() == 40


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_whoever_waits_too_long_is_told(stripe_account, monkeypatch):
    monkeypatch.setattr(catalog, "WAIT_SECONDS", 0.2)
    held, done = threading.Event(), threading.Event()

    def hold():
        with catalog._only_one():
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with pytest.raises(catalog.Busy, match="run the command again"):
        apply()
    done.set()
    thread.join(10)


# --- In memory --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_on_sale_costs_no_query(on_sale, django_assert_num_queries):
    with django_assert_num_queries(0):
        team = queries.on_sale().plan("fieldnote/team")
        assert team.price("month", "usd").total(25) == 35000
        assert queries.on_sale().plan("fieldnote/nothing") is None
        assert queries.on_sale().plan("nothing") is None
    queries.forget()
    with django_assert_num_queries(8):
        assert queries.on_sale() == on_sale


@pytest.mark.django_db
def test_an_empty_store_sells_nothing():
    assert queries.on_sale().lines == ()
    assert queries.on_sale().number == 0


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_another_process_sees_a_new_catalog_within_a_second():
    shelf.put_on_sale()
    other = queries.Shelf()  # as in a process of its own: its memory, its thread, its connection
    assert other.read().number == 1
    thread = other.watch()
    took = []
    try:
        for text in (DEARER, SHIPPED, DEARER):  # the machine may be busy with something else for a moment, not three times
            number = other.read().number
            shelf.put_on_sale(text)
            started = time.monotonic()
            waiting.until(lambda known=number: other.read().number != known)
            took.append(time.monotonic() - started)
        assert other.read().plan("fieldnote/starter").price("month", "usd").total(1) == 950
        assert min(took) < 1
    finally:
        other.drop()
        thread.join(5)


@pytest.mark.django_db
def test_a_process_that_applies_and_then_sells_watches_too(settings, monkeypatch):
    settings.TEST = False
    watched = []
    other = queries.Shelf()
    monkeypatch.setattr(other, "watch", lambda: watched.append(True))
    shelf.put_on_sale()
    other.load()
    assert other.read().number == 1
    assert other.read().number == 1
    assert watched == [True]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_the_store_sells_from_memory_while_the_database_is_away(monkeypatch):
    shelf.put_on_sale()
    other = queries.Shelf()
    other.read()

    asked = []

    def away(*_args, **_kwargs):
        asked.append(True)
        raise connection.Database.OperationalError("the server is restarting")

    monkeypatch.setattr(queries.CatalogVersion.objects, "order_by", away)
    thread = other.watch(0.01)
    waiting.until(lambda: len(asked) > 2)
    assert thread.is_alive()
    assert other.read().plan("fieldnote/starter") is not None
    other.drop()
    thread.join(5)


def test_a_text_in_a_language_it_lacks():
    assert queries.text({"en": "Notes", "de": "Notizen"}, "de") == "Notizen"
    assert queries.text({"en": "Notes"}, "de-at") == "Notes"
    assert queries.text({"fr": "Fiches"}, "de") == "Fiches"
    assert queries.text({}, "de") == ""


# --- The command and the admin ----------------------------------------------------------------------------------------


def run(*arguments):
    out = io.StringIO()
    call_command("catalog", *arguments, stdout=out)
    return out.getvalue()


def test_check_needs_no_database(tmp_path):
    assert run("check") == "catalog.toml is good: 2 lines, 5 plans, 4 add-ons, 68 prices, 2 promotions, 1 pilot.\n"
    bad = tmp_path / "bad.toml"
    bad.write_text(SHIPPED.replace('stage = "growth"', 'stage = "grow"'), encoding="utf-8")
    with pytest.raises(CommandError, match=r"bad\.toml, line \d+: lines\.inspect\.stage: .*\n1 problem; nothing was applied"):
        run("check", "--file", str(bad))
    with pytest.raises(CommandError, match="--file"):
        run("check", "--file", str(tmp_path / "none.toml"))


@pytest.mark.django_db
def test_plan_says_in_words_what_would_change(on_sale, tmp_path):
    edited = tmp_path / "catalog.toml"
    edited.write_text(SHIPPED, encoding="utf-8")
    assert run("plan", "--file", str(edited)) == "Nothing would change.\n"
    text = DEARER.replace("max = 25 }", "max = 30 }").replace("projects = 10,", "projects = 12,", 1)
    edited.write_text(text.replace('moves = ["complete"]', "moves = []"), encoding="utf-8")
    said = run("plan", "--file", str(edited))
    assert "fieldnote/starter: $9 becomes $9.50 a seat and month in USD, for new customers\n" in said
    assert "fieldnote/starter: seats_max goes from 25 to 30\n" in said
    assert "fieldnote/starter: projects goes from 10 to 12\n" in said
    assert "inspect/essential: customers can no longer move to complete by themselves\n" in said
    assert said.endswith("4 changes. `catalog apply` makes them.\n")
    assert CatalogVersion.objects.count() == 1


@pytest.mark.django_db
def test_apply_on_the_command_line(stripe_account, tmp_path):
    assert run("apply").endswith("Catalog version 1 is on sale.\n")
    assert run("apply") == "Catalog version 1 is on sale already; nothing changed.\n"
    bad = tmp_path / "bad.toml"
    bad.write_text(SHIPPED.replace("usd = 900,", "usd = -1,"), encoding="utf-8")
    with pytest.raises(CommandError, match="nothing was applied"):
        run("apply", "--file", str(bad))
    assert CatalogVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_price_in_words():
    tiers = [{"up_to": 9, "unit_minor": 1800}, {"up_to": 24, "unit_minor": 1650}, {"up_to": None, "unit_minor": 1400}]
    said = {"tiers": tiers, "currency": "eur"}
    assert catalog_words.price(said) == "€18 up to 9 seats, €16.50 up to 24 seats, then €14"
    with translation.override("de"):
        assert "18\xa0€" in catalog_words.price(said)


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["productline", "plan", "price", "catalogversion"])
def test_the_admin_shows_the_catalog_and_cannot_edit_it(on_sale, cast, client, model):
    client.force_login(cast.admin)
    listing = client.get(reverse(f"admin:billing_{model}_changelist"))
    assert listing.status_code == 200
    row = {"productline": ProductLine, "plan": Plan, "price": Price, "catalogversion": CatalogVersion}[model].objects.first()
    page = client.get(reverse(f"admin:billing_{model}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.post(reverse(f"admin:billing_{model}_change", args=[row.pk]), {"code": "x"}).status_code == 403
    assert client.get(reverse(f"admin:billing_{model}_add")).status_code == 403
    assert client.post(reverse(f"admin:billing_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
