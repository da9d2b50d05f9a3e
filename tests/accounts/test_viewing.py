"""Staff who look at the store as a customer: who may, how long, with which trace. The pages: tests/house/test_viewing.py."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import viewing_guard
from accounts.models import Journal, User, Viewing
from accounts.services import viewing
from accounts.viewing_guard import VIEWING
from config import clock
from tests.accounts import factors

pytestmark = pytest.mark.django_db
REASON = "The seats page shows a wrong number"


def page_of(organization):
    return reverse("admin:accounts_organization_viewing", args=[organization.pk])


def look(cast, group="support", organization=None):
    client = Client(raise_request_exception=False)
    client.force_login(cast.staff_member(group))
    answer = client.post(page_of(organization or cast.acme), {"reason": REASON, "ticket": "T-7"})
    assert answer.headers["Location"] == "/", answer.content
    return client


def test_who_may_look_and_who_may_not(cast, client):
    for group, may in {
        "support": 1,
        "csm": 1,
        "rep": 1,
        "manager": 1,
        "finance": 0,
        "marketing": 0,
        "revenue_operations": 0,
    }.items():
        client.force_login(cast.staff_member(group))
        assert client.get(page_of(cast.acme)).status_code == (200 if may else 403), group
        organization = client.get(reverse("admin:accounts_organization_change", args=[cast.acme.pk])).content.decode()
        assert (page_of(cast.acme) in organization) == bool(may), group


def test_the_look_is_told_at_both_ends_and_needs_a_reason(cast):
    client = Client()
    client.force_login(cast.staff_member("csm"))
    assert "Say in a few words" in client.post(page_of(cast.acme), {"reason": "because"}).content.decode()
    client.post(page_of(cast.acme), {"reason": REASON, "ticket": "T-7"})
    found = Viewing.objects.get()
    assert (found.staff, found.membership.user, found.organization) == (cast.staff_member("csm"), cast.owner, cast.acme)
    banner = client.get("/").content.decode()
    assert all(part in banner for part in ("Csm", "Olive Owner", "Acme", REASON, "T-7", reverse("viewing_end")))
    assert REASON in client.get(reverse("storefront:header")).content.decode(), "public pages fetch it with the header's end"
    ended = client.post(reverse("viewing_end"))
    assert ended.headers["Location"] == reverse("admin:accounts_organization_change", args=[cast.acme.pk])
    told = Journal.objects.filter(kind__startswith="accounts.viewing", organization=cast.acme).order_by("id")
    assert [(row.kind, row.actor, row.data["reason"]) for row in told] == [
        ("accounts.viewing.opened", cast.staff_member("csm"), REASON),
        ("accounts.viewing.ended", cast.staff_member("csm"), REASON),
    ]
    assert "Looked at as the customer" in client.get(ended.headers["Location"]).content.decode()
    assert client.get(reverse("storefront:seats")).headers["Location"].startswith(reverse("storefront:organization_new"))


def test_a_fragment_that_is_refused_moves_the_whole_page(cast):
    answer = look(cast).post(reverse("storefront:seat_asks"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("viewing")


def test_a_page_that_would_write_is_refused(cast, monkeypatch):
    """Whatever a view may be written to do one day: the statement itself is not carried out."""
    viewer, change = look(cast), "UPDATE accounts_user SET name = 'Changed'"
    monkeypatch.setattr("storefront.views.invoices.queries.owed", lambda _of: connection.cursor().execute(change))
    answer = viewer.get(reverse("storefront:invoices"))
    assert (answer.status_code, User.objects.filter(name="Changed").exists()) == (403, False)


def test_it_ends_by_itself_and_by_signing_out(cast):
    viewer = look(cast)
    Viewing.objects.update(until_at=clock.wall() - timedelta(seconds=1))
    assert viewer.get("/").headers["Location"] == reverse("admin:accounts_organization_change", args=[cast.acme.pk])
    assert Viewing.objects.get().ended_by == "time"
    assert VIEWING not in viewer.session
    again = look(cast)
    again.post(reverse("account_logout"))
    assert Viewing.objects.order_by("id").last().ended_by == "sign_out"
    look(cast)  # and its browser is never seen again
    Viewing.objects.filter(ended_at=None).update(until_at=clock.wall() - timedelta(seconds=1))
    assert viewing.expire(clock.now(), clock.wall()) == 1
    assert viewing.expire(clock.now(), clock.wall()) == 0
    assert Journal.objects.filter(kind="accounts.viewing.ended", actor=cast.staff_member("support")).count() == 3


def test_whoever_is_no_longer_staff_looks_no_longer(cast):
    viewer = look(cast)
    User.objects.filter(pk=cast.staff_member("support").pk).update(is_staff=False)
    assert viewer.get("/").headers["Location"] == "/"
    assert Viewing.objects.get().ended_at is not None


def test_the_second_factor_must_be_fresh(cast, client, settings, monkeypatch):
    settings.STAFF_SECOND_FACTOR = True
    factors.with_app(cast.staff_member("support"))
    client.force_login(cast.staff_member("support"))
    for age, status in ((3600, 302), (0, 200)):
        proven = [{"method": "mfa", "at": clock.wall().timestamp() - age}]
        monkeypatch.setattr("accounts.queries.second_factors.records", lambda *_asked, proven=proven: proven)
        answer = client.get(page_of(cast.acme))
        assert answer.status_code == status
        assert answer.headers.get("Location", reverse("mfa_reauthenticate")).startswith(reverse("mfa_reauthenticate"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_user SET name = ''",
        "WITH gone AS (DELETE FROM accounts_membership RETURNING id) SELECT id FROM gone",
        "WITH new AS (INSERT INTO accounts_policy DEFAULT VALUES RETURNING id) SELECT id FROM new",
        "WITH other AS (UPDATE accounts_user SET name = '' RETURNING id) SELECT id FROM other",
        "SELECT id FROM accounts_user FOR NO KEY UPDATE",
        "SELECT id FROM accounts_user FOR KEY SHARE",
        "SELECT nextval('accounts_user_id_seq')",
        "SELECT pg_advisory_xact_lock(1)",
    ],
)
def test_a_statement_that_leaves_a_mark_is_not_sent(statement):
    sent = []
    with pytest.raises(viewing_guard.WouldWrite):
        viewing_guard._only_read(lambda *call: sent.append(call), statement, (), False, {})
    assert not sent


def test_a_statement_that_reads_is_sent():
    statement = 'SELECT "updated_at", "for_update" FROM accounts_user WHERE name = %s'
    assert viewing_guard._only_read(lambda *call: call[0], statement, ("DELETE FROM x",), False, {}) == statement


def test_a_closed_organization_is_not_looked_at(cast, client):
    cast.globex.closed_at = clock.now()
    cast.globex.save()
    client.force_login(cast.staff_member("support"))
    client.post(page_of(cast.globex), {"reason": REASON})
    assert not Viewing.objects.exists()
