"""The exception budget: counted under one lock, refused with who can raise it, told of at 80%, given back again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import OutgoingMail, Segment
from accounts.origin import Origin, Source
from billing.models import ExceptionBudget, ExceptionEntry, ProductLine, TermsKind
from billing.queries import budgets as queries
from billing.rules import terms as rules
from billing.services.agreeing import budgets, terms
from config import clock
from tests import factories
from tests.shop import text

OPENING = {"base_deals": 100, "base_us_cents": 100_000_000}


def opened(segment=Segment.MID_MARKET, **base):
    """A segment's present quarter with a hundred customers and a million of ARR."""
    at = clock.now()
    return ExceptionBudget.objects.create(
        segment=segment, quarter=rules.quarter(at.date()), opened_at=at - timedelta(days=1), **(OPENING | base)
    )


def counting(cast, number, dollars=1_000):
    return budgets.Counting(
        subject=f"deal:{number}",
        kinds=["discount"],
        us_cents=dollars * 100,
        owner=cast.staff_member("rep"),
        reason="A reference.",
        ends_on=clock.now().date() + timedelta(days=365),
    )


def take(cast, number, dollars=1_000):
    with transaction.atomic():
        return budgets.take(cast.acme, counting(cast, number, dollars), at=clock.now())


@pytest.fixture
def middling(cast):
    cast.acme.profile.segment = Segment.MID_MARKET
    cast.acme.profile.save()
    return cast


def test_the_one_that_would_pass_the_ceiling_is_refused_and_says_who_can_raise_it(middling, client):
    cast, row = middling, opened()
    revenue = cast.staff_member("revenue_operations")
    for number in range(3):
        take(cast, number)
    assert not OutgoingMail.objects.filter(kind="billing/exceptions_near").exists()
    take(cast, 3)  # 4% of 5%
    take(cast, 3, dollars=2_000)  # the same deal, changed: counted once, as it is now
    mail = OutgoingMail.objects.get(kind="billing/exceptions_near")
    assert (mail.user, mail.context["share_bps"], mail.context["ceiling_bps"]) == (revenue, 400, 500)
    take(cast, 4)
    with pytest.raises(budgets.Full) as refused:
        take(cast, 5)
    assert refused.value.raisers == ("Revenue Operations",)
    assert (queries.used(row).deals, queries.used(row).us_cents) == (5, 600_000)
    assert OutgoingMail.objects.filter(kind="billing/exceptions_near").count() == 1  # said once a quarter
    assert budgets.free("deal:0", at=clock.now())
    assert not budgets.free("deal:0", at=clock.now())
    take(cast, 5)
    with pytest.raises(budgets.Full):
        take(cast, 0)
    budgets.free("deal:5", at=clock.now())
    with pytest.raises(budgets.Full):  # few, and too large
        take(cast, 6, dollars=45_001)
    factories.rule("billing.exception_ceiling_bps", 600, "mid_market")
    take(cast, 7)
    client.force_login(revenue)
    page = text(client.get(reverse("admin:billing_exceptionbudget_change", args=[row.pk])))
    assert "5% of at most 6%" in page
    assert "5% of 6%" in text(client.get(reverse("admin:index")))
    assert "Revenue Operations" in page


def test_exceptions_of_a_customer_count_once_a_quarter_and_are_refused_at_the_ceiling(shop, middling):
    cast = middling
    factories.rule("billing.exception_least_deals", 0)
    people = [cast.staff_member(name) for name in ("rep", "revenue_operations")]
    line, today = ProductLine.objects.get(code="fieldnote"), clock.now().date()

    def approve(kind, raw):
        wanted = terms.Wanted(
            kind=kind,
            raw=raw,
            line=line,
            owner=people[0],
            reason="A reference.",
            starts_on=today,
            ends_on=today + timedelta(days=90),
            nonce=kind,
        )
        row = terms.propose(cast.acme, wanted=wanted, origin=Origin(actor=people[0], source=Source.ADMIN), at=clock.now())
        terms.approve(row.pk, origin=Origin(actor=people[1], source=Source.ADMIN), at=clock.now())
        return row

    with pytest.raises(terms.OverBudget):
        approve(TermsKind.DISCOUNT, {"percent_bps": 1_000})  # nobody is there yet of whom it would be a share
    approve(TermsKind.CREDIT_LIMIT, {"amount_minor": 1_000, "currency": "usd"})  # the catalog sells none, so it is none
    assert not ExceptionEntry.objects.exists()
    opened(base_deals=20)
    approve(TermsKind.DISCOUNT, {"percent_bps": 1_000})
    approve(TermsKind.SEAT_CEILING, {"seats": 900})
    entry = ExceptionEntry.objects.get()
    assert (entry.kinds, entry.owner, entry.ends_on) == (["discount", "seat_ceiling"], people[0], today + timedelta(days=90))


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_never_pass_it(cast):
    opened(Segment.SMB, base_deals=150)  # 2%: three
    cast.acme.profile.segment = Segment.SMB
    cast.acme.profile.save()
    cast.staff_member("rep")
    ready, came = threading.Barrier(8), []

    def approve(number):
        ready.wait(10)
        try:
            came.append(bool(take(cast, number)))
        except budgets.Full:
            came.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (sum(came), len(came), ExceptionEntry.objects.count()) == (3, 8, 3)
