"""Differences in the admin: seen, decided by the two buttons with a reason, given to somebody; by whom alone."""

import pytest
from django.urls import reverse

from billing.models import Difference, Reconciliation
from billing.services.reconciliation import reconciling
from tests.billing.planting import Company
from tests.shop import text

LIST = "admin:billing_difference_changelist"


@pytest.fixture
def company(shop):
    company = Company(shop, 6)
    company.quantity(1)
    company.phases(2)
    company.amount(3)
    company.ending(4)
    company.stranger("duplicate", "second", "cus_firm5")
    reconciling.go_on(reconciling.begin())
    assert Difference.objects.open().count() == 5
    return company


@pytest.fixture
def operator(cast, client):
    person = cast.staff_member("revenue_operations")
    client.force_login(person)
    return person


def press(client, action, *rows, **more):
    url = reverse(LIST)
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True)


def test_the_list_says_both_sides_in_words_and_costs_the_same_with_more(
    company, operator, client, django_assert_max_num_queries, kept
):
    client.get(reverse(LIST))
    with django_assert_max_num_queries(16) as few:
        page = text(client.get(reverse(LIST), {"state__exact": "open"}))
    for words in ("Seats differ", "firm 1", "12", "$150.00", "$190.00", "7 seats from", "Revenue operations"):
        assert words in page, words
    for n in (0, 5):
        company.quantity(n)
    reconciling.go_on(reconciling.begin())
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse(LIST), {"state__exact": "open"})


def test_the_first_page_counts_what_is_open(company, operator, client):
    page = text(client.get(reverse("admin:index")))
    assert "Differences to Stripe" in page
    assert "billing/difference/?state__exact=open" in page


def test_a_row_has_the_buttons_that_can_be_pressed(company, operator, client):
    pages = {
        row.kind: text(client.get(reverse("admin:billing_difference_change", args=[row.pk])))
        for row in Difference.objects.all()
    }
    assert 'value="accept"' in pages["quantity"]
    assert 'value="resend"' in pages["quantity"]
    assert 'value="resend"' not in pages["amount"]
    assert 'value="accept"' not in pages["duplicate"]


def test_accepting_and_sending_again_with_a_reason(company, operator, client):
    row = Difference.objects.get(kind="quantity")
    assert "Say why" in text(press(client, "accept", row, reason=""))
    assert Difference.objects.get(pk=row.pk).state == "open"
    assert "1 difference done" in text(press(client, "accept", row, reason="By phone"))
    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_by) == ("accepted", "By phone", operator)
    page = text(client.get(reverse("admin:billing_difference_change", args=[row.pk])))
    assert "By phone" in page
    assert 'name="reason"' not in page
    press(client, "resend", Difference.objects.get(kind="duplicate"), reason="Sold twice")
    assert Difference.objects.get(kind="duplicate").state == "resent"


def test_what_cannot_be_decided_does_not_stop_the_others(company, operator, client):
    page = text(press(client, "accept", *Difference.objects.all(), reason="Cleaning up"))
    assert "cannot be taken over" in page
    assert "4 differences done" in page
    assert Difference.objects.open().get().kind == "duplicate"


def test_given_to_somebody_who_may_decide(company, operator, client, cast):
    row = Difference.objects.get(kind="quantity")
    press(client, "assign", row, owner=operator.pk)
    assert Difference.objects.get(pk=row.pk).owner == operator
    press(client, "assign", row, owner=cast.staff_member("support").pk)  # may look, not decide
    assert Difference.objects.get(pk=row.pk).owner == operator
    press(client, "assign", row, owner="")
    assert Difference.objects.get(pk=row.pk).owner is None


@pytest.mark.parametrize(("group", "status"), [("support", 200), ("finance", 200), ("rep", 403), ("marketing", 403)])
def test_only_who_may_decide_decides(company, cast, client, group, status):
    client.force_login(cast.staff_member(group))
    assert client.get(reverse(LIST)).status_code == status
    row = Difference.objects.get(kind="amount")
    page = client.get(reverse("admin:billing_difference_change", args=[row.pk]))
    assert page.status_code == status
    press(client, "accept", row, reason="Me too")
    assert (Difference.objects.get(pk=row.pk).state == "accepted") is (group == "finance")


def test_the_runs_are_listed(company, operator, client):
    run = Reconciliation.objects.get()
    assert client.get(reverse("admin:billing_reconciliation_changelist")).status_code == 200
    page = text(client.get(reverse("admin:billing_reconciliation_change", args=[run.pk])))
    assert "Done" in page
