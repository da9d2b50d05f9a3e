"""Lists as files: filtered as they are, by whom they may be taken, harmless in spreadsheets, capped, and written down."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Journal, Membership, OutgoingMail, Policy
from accounts.queries import policies
from accounts.services import outbox
from config import clock, csv_rows
from tests import factories
from tests.house import asking

LISTS = {
    "accounts_organization": "organization_id",
    "accounts_membership": "member",
    "billing_subscription": "mrr_minor",
    "billing_invoice": "total",
    "billing_seatledgerentry": "mrr_delta",
    "billing_seatchange": "due_now_minor",
}


def read(response):
    body = b"".join(response) if response.streaming else response.content
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def url(name):
    return reverse(f"admin:{name}_export")


# --- Cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "  =1", "\n=1", "\uff1d1", "\u22122"])
def test_no_text_is_a_formula(text):
    assert csv_rows.cell(text) == f"'{text}"


def test_numbers_days_and_instants_are_written_for_machines():
    at = datetime(2027, 3, 1, 14, 5, 7, tzinfo=timezone(timedelta(hours=1)))
    values = [None, True, -3, Decimal("-12.50"), at, at.date(), "Acme", csv_rows.decimal(-1_250, 2), csv_rows.decimal(500, 0)]
    said = ["", "true", "-3", "-12.50", "2027-03-01T13:05:07+00:00", "2027-03-01", "Acme", "-12.50", "500"]
    assert [csv_rows.cell(value) for value in values] == said
    assert at.astimezone(UTC).hour == 13


# --- Lists ------------------------------------------------------------------------------------------------------------


def test_every_list_is_taken_as_it_is_filtered(cast, client, django_assert_max_num_queries):
    factories.OrganizationFactory(name="=cmd()", domain="evil.example")
    client.force_login(cast.staff_member("finance"))
    for name, column in LISTS.items():
        assert url(name) in client.get(reverse(f"admin:{name}_changelist")).content.decode(), name
        page = client.get(url(name), {"q": "acme"})
        assert (page.status_code, "Download" in page.content.decode()) == (200, True), name
        with django_assert_max_num_queries(16):
            rows = read(client.post(f"{url(name)}?q=acme"))
        assert column in rows[0], name
    found = read(client.post(f"{url('accounts_organization')}?q=acme"))
    assert [row[found[0].index("name")] for row in found[1:]] == ["Acme"]
    every = read(client.post(url("accounts_organization")))
    assert {row[2] for row in every[1:]} == {"Acme", "Globex", "'=cmd()"}
    told = Journal.objects.filter(kind="accounts.export.made").order_by("-id").first()
    assert (told.actor, told.data) == (
        cast.staff_member("finance"),
        {"list": "accounts.organization", "filter": "", "rows": 3, "of": 3},
    )


def test_members_show_no_more_than_the_list(cast, client):
    client.force_login(cast.staff_member("revenue_operations"))
    rows = read(client.post(url("accounts_membership")))
    assert len(rows) == 1 + Membership.objects.count()
    assert rows[0] == ["organization_id", "organization", "member", "role", "joined_at", "left_at"]


def test_who_may_take_lists_along(cast, client):
    for group in ("support", "rep", "manager", "csm", "marketing"):
        client.force_login(cast.staff_member(group))
        assert client.get(url("accounts_organization")).status_code == 403, group
        assert client.post(url("accounts_organization")).status_code == 403, group
        assert (
            url("accounts_organization") not in client.get(reverse("admin:accounts_organization_changelist")).content.decode()
        )
    assert not Journal.objects.filter(kind="accounts.export.made").exists()


def test_a_long_list_is_cut_and_says_so(cast, client):
    Policy.objects.create(
        name="accounts.export_rows", value=100, reason="x", effective_at=clock.now() - timedelta(days=1), created_at=clock.now()
    )
    policies.forget()
    factories.OrganizationFactory.create_batch(101)
    client.force_login(cast.staff_member("finance"))
    assert "a file holds 100" in client.get(url("accounts_organization")).content.decode()
    assert len(read(client.post(url("accounts_organization")))) == 101


# --- The customer's own -----------------------------------------------------------------------------------------------


def test_customers_take_their_invoices_along_in_their_own_way(db, client):
    world = asking.build()
    invoice = world.cast.acme.invoices.get()
    type(invoice).objects.update(
        total_minor=123_450, tax_minor=19_710, number="A-1", issued_at=datetime(2027, 3, 1, 12, tzinfo=UTC), currency="eur"
    )
    client.force_login(world.cast.owner)
    rows = read(client.get(reverse("storefront:invoices_file")))
    assert (rows[0][0], rows[1][0], rows[1][1], rows[1][5]) == ("Date", "01/03/2027", "A-1", "1234.50")
    with translation.override("de"):
        german = client.get(reverse("storefront:invoices_file"), headers={"Accept-Language": "de"}).content.decode("utf-8-sig")
    assert german.splitlines()[1].startswith("1.3.2027;A-1;Bezahlt;1037,40;197,10;1234,50")


def test_mails_that_are_tried_again_are_written_down(cast, client):
    outbox.write(kind="accounts/welcome", subject_row="x:1", to=cast.member, organization=cast.acme, context={}, at=clock.now())
    OutgoingMail.objects.update(state="failed")
    client.force_login(cast.admin)
    pk = OutgoingMail.objects.get().pk
    client.post(reverse("admin:accounts_outgoingmail_changelist"), {"action": "retry", "_selected_action": [pk]})
    told = Journal.objects.get(kind="accounts.mail.retried")
    assert (told.actor, told.data) == (cast.admin, {"mails": [pk]})
