"""The admin of accounts: every page opens, what is read-only stays so, and what changes goes through a service."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import ApiKey, Journal, Membership, OutgoingMail, OwnerRecovery, Policy, User
from accounts.queries import policies
from config import clock
from tests import factories

OURS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "accounts"), key=lambda model: model._meta.model_name
)


def address(model, page, *args):
    return reverse(f"admin:accounts_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows(cast, client):
    """A row of each model that has none yet."""
    factories.InvitationFactory(organization=cast.acme)
    client.force_login(cast.admin)
    return cast


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.model_name)
def test_every_page_opens_for_an_administrator(model, rows, client):
    assert client.get(address(model, "changelist")).status_code == 200
    assert client.get(address(model, "changelist"), {"q": "acme"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert client.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize(
    "model", [m for m in OURS if m not in (Policy, ApiKey, OwnerRecovery)], ids=lambda model: model._meta.model_name
)
def test_nothing_is_added_by_hand(model, rows, client):
    assert client.get(address(model, "add")).status_code == 403


def test_a_policy_is_set_through_the_register(cast, client):
    client.force_login(cast.staff_member("revenue_operations"))
    page = client.get(address(Policy, "changelist")).content.decode()
    assert "accounts.enterprise_from" in page
    assert (
        "at least"
        not in client.get(address(Policy, "add"), {"name": "accounts.enterprise_from"}).content.decode().split("<form")[0]
    )
    data = {"name": "accounts.enterprise_from", "value": "800", "reason": "fewer, larger accounts", "segment": ""}
    assert client.post(address(Policy, "add"), data).status_code == 302
    policies.forget()
    assert policies.value("accounts.enterprise_from", at=clock.now()) == 800
    row = Policy.objects.get()
    assert (row.reason, row.set_by) == ("fewer, larger accounts", cast.staff_member("revenue_operations"))
    assert Journal.objects.get(kind="accounts.policy.set").data["from"] == 1000


@pytest.mark.parametrize(
    ("value", "words"),
    [(text, "accounts.enterprise_from takes this: 3 to 1,000,000 people.") for text in ("2", "many", "99999999")],
)
def test_a_value_out_of_bounds_is_refused_with_its_bounds(cast, client, value, words):
    client.force_login(cast.admin)
    data = {"name": "accounts.enterprise_from", "value": value, "reason": "because", "segment": ""}
    response = client.post(address(Policy, "add"), data)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Policy.objects.exists()


def test_only_revenue_operations_and_administrators_set_policies(cast, client):
    for group in ("support", "rep", "manager", "csm", "finance", "marketing"):
        client.force_login(cast.staff_member(group))
        assert client.get(address(Policy, "changelist")).status_code == 200, group
        assert client.get(address(Policy, "add")).status_code == 403, group


def test_a_vendor_key_is_made_and_shown_once_and_revoked(cast, client):
    client.force_login(cast.admin)
    response = client.post(address(ApiKey, "add"), {"name": "Product", "scopes": ["catalog:read"]}, follow=True)
    key = ApiKey.objects.get()
    assert f"sfk_{key.prefix}_" in response.content.decode()
    assert f"sfk_{key.prefix}_" not in client.get(address(ApiKey, "changelist")).content.decode().replace(
        f"sfk_{key.prefix}_…", ""
    )
    client.post(address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at


def test_an_administrator_makes_somebody_staff(cast, client):
    client.force_login(cast.admin)
    group = cast.staff_member("support").groups.get()
    data = {"is_active": "on", "is_staff": "on", "groups": [group.pk]}
    data |= {f"memberships-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    response = client.post(address(User, "change", cast.newcomer.pk), data)
    assert response.status_code == 302, response.content.decode()[:2000]
    cast.newcomer.refresh_from_db()
    assert cast.newcomer.is_staff
    assert list(cast.newcomer.groups.all()) == [group]
    assert Journal.objects.get(kind="accounts.access.set").data["groups"] == ["support"]


def test_the_last_administrator_cannot_lock_everybody_out(cast, client):
    client.force_login(cast.admin)
    response = client.post(address(User, "change", cast.admin.pk), {"is_active": "on", "is_staff": "on"})
    assert response.status_code == 200
    assert "last administrator" in response.content.decode()
    cast.admin.refresh_from_db()
    assert cast.admin.is_superuser


def test_a_mail_given_up_is_put_back_in_line(cast, client):
    now = clock.wall()
    mail = OutgoingMail.objects.create(
        kind="accounts/welcome",
        subject_row="x:1",
        recipient="a@acme.example",
        state="failed",
        attempts=10,
        due_at=now,
        created_at=now,
    )
    client.force_login(cast.staff_member("support"))
    client.post(address(OutgoingMail, "changelist"), {"action": "retry", "_selected_action": [mail.pk]})
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("due", 0)


def test_staff_without_a_group_sees_nothing(cast, client):
    client.force_login(factories.UserFactory(is_staff=True))
    for model in OURS:
        assert client.get(address(model, "changelist")).status_code == 403


def test_customers_do_not_get_in(cast, client):
    client.force_login(cast.owner)
    assert client.get(address(Membership, "changelist")).status_code in (302, 403)


def test_the_admin_has_a_policy_of_its_own_and_the_store_has_none_of_it(cast, client):
    client.force_login(cast.admin)
    inside = client.get(reverse("admin:index"))["Content-Security-Policy"]
    outside = client.get(reverse("storefront:organization_new"))["Content-Security-Policy"]
    assert "'unsafe-eval'" in inside
    assert "script-src 'self' 'unsafe-inline'" not in inside
    assert "unsafe" not in outside
