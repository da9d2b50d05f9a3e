"""Whatever is done in whatever order: Stripe, ledger and rows stay equal, and what was shown is what was charged.

The steps are in tests/billing/telling.py, what holds after each in tests/billing/holding.py. A failure is the shortest story
that fails, told by day. STOREFRONT_PROPERTY_EXAMPLES asks for more examples than the suite's few (a nightly run: 500).
"""

import contextlib
import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.queries import policies
from billing import gateway
from billing.services.offering import catalog
from config import clock
from tests import shelf
from tests.billing import agreeing, test_graduated
from tests.billing.telling import Story

EXAMPLES = int(os.environ.get("STOREFRONT_PROPERTY_EXAMPLES", "6"))

QUOTED = [("seats", 2), ("seats", 9), ("plan", "business"), ("addon", "blueprints"), ("interval", "year")]
WHEN = (st.sampled_from([0, 3]), st.sampled_from([9, 40]))  # begins in, and lasts, so many days
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("more"), st.integers(1, 6)),
        st.tuples(st.just("less"), st.integers(1, 6)),
        st.tuples(st.just("later"), st.integers(-4, 4)),
        st.tuples(st.just("take_back"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([60, 3_600, 86_400, 9 * 86_400, 17 * 86_400, 33 * 86_400])),
        st.tuples(st.just("fail"), st.sampled_from(["declined", "requires_action", "insufficient_funds"])),
        st.tuples(st.just("pay"), st.none()),
        st.tuples(st.just("drop"), st.none()),
        st.tuples(st.just("seat"), st.integers(1, 3)),
        st.tuples(st.just("end"), st.none()),
        st.tuples(st.just("promote"), st.sampled_from(["welcome20", "tenth", "free", "once7"])),
        st.tuples(st.just("credit"), st.sampled_from([7, 1_500, 90_000])),
        st.tuples(st.just("move"), st.sampled_from(["US", "DE", "FR"])),
        st.tuples(st.just("tax_id"), st.sampled_from(["FR40303265045", "FR83404833048"])),
        st.tuples(st.just("have"), st.sampled_from([("blueprints", None), ("support", 1), ("projects", 2), ("season", 1)])),
        st.tuples(st.just("give_back"), st.sampled_from([("blueprints", 0), ("projects", 1), ("season", 0)])),
        st.tuples(st.just("plan"), st.sampled_from(["starter", "team", "business"])),
        st.tuples(st.just("interval"), st.sampled_from(["month", "year"])),
        st.tuples(st.just("end_now"), st.none()),
        st.tuples(st.just("pause"), st.integers(1, 2)),
        st.tuples(st.just("go_on"), st.none()),
        st.tuples(st.just("come_back"), st.none()),
        st.tuples(st.just("collect"), st.sampled_from(["send_invoice", "send_invoice", "charge_automatically"])),
        st.tuples(st.just("due"), st.sampled_from([-10, 10, 8 * 1_440])),
        st.tuples(st.just("transfer"), st.sampled_from([40, 100, 130])),
        st.tuples(st.just("limit"), st.sampled_from([0, 40_000])),
        st.tuples(st.just("bank"), st.sampled_from(["pays", "lacks", "closed", "takes_back"])),
        st.tuples(st.just("card"), st.sampled_from(["pays", "fails_later"])),
        st.tuples(st.just("quote"), st.sampled_from(QUOTED)),
        st.tuples(st.just("accept"), st.integers(0, 2)),
        st.tuples(st.just("again"), st.just(0)),
        st.tuples(st.just("withdraw"), st.just(0)),
        st.tuples(st.just("agree"), st.tuples(st.sampled_from(sorted(agreeing.SAID)), *WHEN)),
        st.tuples(st.just("end_early"), st.integers(0, 1)),
        st.tuples(st.just("reprice"), st.tuples(st.sampled_from([10, 30]), st.booleans())),
        st.tuples(st.just("answer"), st.none()),
        st.tuples(st.just("renew"), st.none()),
        st.tuples(st.just("lose"), st.sampled_from(["drop_after_effect", "429", "500_after_effect"])),
    ),
    min_size=1,
    max_size=9,
)


TAXED = {'mode = "none"': 'mode = "rates"', "[tax.rates]\n": '[tax.rates]\nUS = { name = "Sales tax", percent = "8.875" }\n'}
PROMOTIONS = """
[promotions.tenth]
name = "A tenth"
percent_bps = 1000
duration = "forever"

[promotions.free]
name = "Free"
percent_bps = 10000
duration = "repeating"
months = 1

[promotions.once7]
name = "Seven"
amount = { usd = 700 }
duration = "once"
"""


@pytest.mark.long
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    report_multiple_bugs=False,
    phases=[phase for phase in Phase if phase != Phase.explain],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    steps=STEPS,
    interval=st.sampled_from(["month", "month", "year"]),
    plan=st.sampled_from(["fieldnote/team", "crew/crew"]),
    seats=st.integers(3, 24),
    code=st.sampled_from(["", "", "welcome20", "free", "once7"]),
    hours=st.sampled_from([0, 24, 24]),
    way=st.sampled_from(["card", "card", "invoice", "bank", "quote", "quote_invoice"]),
    currency=st.sampled_from(["usd", "usd", "eur"]),
)
def test_stripe_ledger_and_rows_stay_equal(quick_shop, staff, steps, gathering, *, hours, **began):
    gathering(hours)
    with _told_alone(quick_shop):
        story = Story(quick_shop, staff, **began)
        story.check()
        for name, value in steps:
            story.tell(name, value)
            story.check()
        quick_shop.control("DELETE", "faults")
        story.wait(86_400)
        story.check()


@contextlib.contextmanager
def _told_alone(shop):
    """All that a story writes is gone after it: the next one, or a shorter one of the same, begins as it did."""
    whole = transaction.atomic()
    whole._from_testcase = True  # as Django's own TestCase has it: what the services call durable may be within it
    try:
        with whole:
            try:
                yield
            finally:
                transaction.set_rollback(True)
    finally:
        shop.reopen()
        policies.forget()


@pytest.fixture
def staff(cast):
    """Who proposes exceptions, and who may approve them all."""
    return cast.staff_member("rep"), cast.staff_member("revenue_operations")


@pytest.fixture
def quick_shop(shop, monkeypatch):
    """Retries without pauses."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    text = shelf.text() + PROMOTIONS + test_graduated.CREW
    for untaxed, taxed in TAXED.items():
        text = text.replace(untaxed, taxed)
    monkeypatch.setattr(shop, "sold", text, raising=False)
    wanted = shelf.read(text)
    catalog.apply(wanted=wanted, at=clock.now(), origin=shop.origin)
    made = shop.control("GET", "account")["state"]
    monkeypatch.setattr(shop, "reopen", lambda: (shop.move_store(0), shop.control("PUT", "account", state=made)))
    return shop
