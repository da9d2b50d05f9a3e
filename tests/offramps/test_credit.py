"""The credit ledger: the same order by web and by rep, what goes back, who sees it."""

from datetime import timedelta

import pytest
from django.db import InternalError, transaction
from django.db.utils import IntegrityError
from django.urls import reverse

from accounts.models import Journal
from accounts.origin import Origin
from billing.models import Invoice, LedgerKind, Price, SeatLedgerEntry
from billing.services.books import ledger
from offramps.models import AccountOwnership, CreditEntry, OwnerKind
from offramps.services import crediting
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_sale")]


@pytest.fixture
def account(floor, cast):
    """A customer's yearly subscription, and Ann, whose account it is."""
    price = Price.objects.get(plan__code="business", currency="eur", interval="year", retired_at=None)
    row = factories.SubscriptionFactory(organization=cast.acme, price=price)
    ann = floor.rep("Ann")
    begun = row.started_at - timedelta(days=1)
    AccountOwnership.objects.create(
        organization=row.organization, kind=OwnerKind.REP, rep=ann, reason="won", starts_at=begun, set_by=cast.admin
    )
    return row


def happens(row, kind, mrr_minor, *, after_days=0, source="page", invoice=""):
    """An entry of the seat ledger with its fact, read by the lane's handler."""
    entry = SeatLedgerEntry.objects.create(
        subscription=row,
        kind=kind,
        delta=1 if mrr_minor > 0 else -1,
        quantity_after=10,
        mrr_delta_minor=mrr_minor,
        currency="eur",
        source=source,
        stripe_invoice_id=invoice,
        occurred_at=row.started_at + timedelta(days=after_days),
    )
    fact = Journal(
        kind=f"billing.seats.{kind}", organization=row.organization, data={"entry": entry.pk}, occurred_at=entry.occurred_at
    )
    crediting.book([fact])
    crediting.book([fact])  # a reader may hand it over again
    return entry


def booked(row):
    found = CreditEntry.objects.filter(ledger_entry__subscription=row).order_by("pk")
    return [(one.cause, one.mrr_minor, one.amount_minor) for one in found]


def test_the_same_order_by_web_and_by_rep_is_the_same_credit_and_what_goes_back_is_reversed(account):
    happens(account, LedgerKind.STARTED, 10_000, source="page")
    happens(account, LedgerKind.ADDED, 10_000, source="admin")
    assert booked(account) == [("order", 10_000, 6_000)] * 2
    order = CreditEntry.objects.first()
    line = account.line
    assert (order.rep.user.name, order.family, order.is_growth, order.rate_bps) == ("Ann", line.family, line.is_growth, 500)
    assert order.margin_bps == account.price.margin_bps
    assert order.ends_at == order.starts_at.replace(year=order.starts_at.year + 1)
    happens(account, LedgerKind.REMOVED, -10_000)
    happens(account, LedgerKind.PAUSED, -10_000, after_days=30)
    happens(account, LedgerKind.RESUMED, 10_000, after_days=60)
    assert booked(account)[2:] == [("decrease", 10_000, -6_000)]
    happens(account, LedgerKind.ENDED, 0, after_days=(order.ends_at - order.starts_at).days)
    assert booked(account)[3:] == [("decrease", 10_000, 0)]


def test_nobody_s_account_books_nothing_and_a_pool_s_counts_for_the_pool(account, floor):
    AccountOwnership.objects.all().delete()
    happens(account, LedgerKind.STARTED, 10_000)
    assert booked(account) == []
    AccountOwnership.objects.create(
        organization=account.organization,
        kind=OwnerKind.POOL,
        pool=floor.pool("Europe"),
        reason="x",
        starts_at=account.started_at,
    )
    happens(account, LedgerKind.ADDED, 1_000)
    assert CreditEntry.objects.get().pool == floor.pool("Europe")


def test_what_is_refunded_goes_back_once(account):
    amounts = ("subtotal_minor", "total_minor", "amount_due_minor", "amount_paid_minor", "amount_remaining_minor")
    dates = dict.fromkeys(("issued_at", "mirrored_at"), account.started_at)
    given = {"stripe_id": "in_1", "status": "paid", "currency": "eur", "subscription": account}
    invoice = Invoice.objects.create(organization=account.organization, **given, **dates, **dict.fromkeys(amounts, 12_000))
    happens(account, LedgerKind.STARTED, 10_000, invoice=invoice.stripe_id)

    def refund(number, total_minor):
        note = invoice.credit_notes.create(
            number=number,
            stripe_id=f"cn_{number}",
            status="issued",
            total_minor=total_minor,
            issued_at=account.started_at + timedelta(days=1),
            mirrored_at=account.started_at,
        )
        data = {"invoice": invoice.pk, "number": number}
        fact = Journal(kind="billing.credit_note.issued", organization=account.organization, data=data, source="admin")
        crediting.book([fact])
        crediting.book([fact])
        return note

    refund("A", 3_000)
    assert booked(account)[1:] == [("refund", 0, -1_500)]
    happens(account, LedgerKind.ENDED, -10_000)
    assert booked(account)[2:] == [("decrease", 10_000, -4_500)]
    refund("B", 9_000)
    assert booked(account)[3:] == [("refund", 0, 0)]
    assert sum(amount for _cause, _mrr, amount in booked(account)) == 0


def test_the_database_refuses_to_change_or_remove_an_entry(account):
    happens(account, LedgerKind.STARTED, 10_000)
    for refused in (lambda: CreditEntry.objects.update(amount_minor=1), CreditEntry.objects.all().delete):
        with pytest.raises((InternalError, IntegrityError), match="append-only"), transaction.atomic():
            refused()


def test_billing_s_books_name_the_entry_that_a_fact_is_of(account):
    ledger.book(account, kind=LedgerKind.ADDED, delta=3, origin=Origin.system(), at=account.started_at)
    crediting.book(list(Journal.objects.filter(kind__startswith="billing.seats.")))
    added = SeatLedgerEntry.objects.get().mrr_delta_minor
    assert booked(account) == [("order", added, round(added * 12 * 0.05))]


def test_a_rep_sees_their_own_and_a_manager_all(account, floor, cast, client, django_assert_max_num_queries):
    happens(account, LedgerKind.STARTED, 10_000)
    other = floor.rep("Ben")
    url, file = reverse("offramps:credit"), reverse("offramps:credit_file")
    quarter = {"quarter": f"{account.started_at.year}-Q{(account.started_at.month - 1) // 3 + 1}"}
    client.force_login(other.user)
    assert account.organization.name not in client.get(url, quarter | {"rep": floor.reps["Ann"].public_id}).content.decode()
    client.force_login(floor.reps["Ann"].user)
    client.get(url, quarter)
    with django_assert_max_num_queries(9):
        page = client.get(url, quarter).content.decode()
    assert account.organization.name in page
    assert "€60.00" in page
    rows = client.get(file, quarter).content.decode().splitlines()
    assert len(rows) == 2
    assert ",100.00,5.00," in rows[1]
    assert client.get(url, {"quarter": "1999-Q1"}).status_code == 404
    client.force_login(cast.staff_member("manager"))
    assert "Ann" in client.get(url, quarter).content.decode()
    assert account.organization.name not in client.get(url, quarter | {"rep": other.public_id}).content.decode()
