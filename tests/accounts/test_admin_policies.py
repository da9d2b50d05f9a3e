"""The policy register in the admin: typed, versioned, with bounds, unit, reason, who, effective date and segment override."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.admin import policies as admin_policies
from accounts.models import Policy
from accounts.queries import policies
from config import clock

REGISTER = reverse("admin:accounts_policy_changelist")
SETTING = reverse("admin:accounts_policy_add")
AT_ONCE = {"name": "accounts.invitations_at_once", "value": "150", "reason": "fewer mistakes", "segment": ""}


def at_noon(instant):
    return {"effective_at_0": f"{instant:%Y-%m-%d}", "effective_at_1": "12:00:00"}


def test_a_policy_is_versioned_with_reason_who_when_and_segment(cast, client):
    staff = cast.staff_member("revenue_operations")
    client.force_login(staff)
    now = clock.now()
    tomorrow = at_noon(now + timedelta(days=1))
    for change in ({}, {"value": "50", "segment": "smb"}, {"value": "100"} | tomorrow):
        assert client.post(SETTING, AT_ONCE | change).status_code == 302
    policies.forget()
    now = clock.now()
    assert policies.value(AT_ONCE["name"], at=now) == 150
    assert policies.value(AT_ONCE["name"], at=now, segment="smb") == 50
    assert policies.value(AT_ONCE["name"], at=now + timedelta(days=3)) == 100
    assert {(row.reason, row.set_by) for row in Policy.objects.all()} == {("fewer mistakes", staff)}
    page = client.get(REGISTER).content.decode()
    for words in ("1 to 1,000 addresses", "150 addresses", "Small business: <strong>50 addresses", "Coming", "In force"):
        assert words in page, words


def test_a_version_is_never_changed_or_deleted(cast, client):
    client.force_login(cast.admin)
    client.post(SETTING, AT_ONCE)
    row = Policy.objects.get()
    for page, data in (("change", {"value": "1"}), ("delete", {"post": "yes"})):
        assert client.post(reverse(f"admin:accounts_policy_{page}", args=[row.pk]), data).status_code == 403
    row.refresh_from_db()
    assert row.value == 150


@pytest.mark.parametrize(
    "wrong",
    [{"value": "0"}, {"value": "2000"}, {"value": "many"}, {"reason": ""}, {"segment": "nobody"}, {"name": "x.y"}],
    ids=str,
)
def test_what_does_not_fit_is_refused(cast, client, wrong):
    client.force_login(cast.admin)
    assert client.post(SETTING, AT_ONCE | wrong).status_code == 200
    assert not Policy.objects.exists()


def test_the_past_stays(cast, client):
    client.force_login(cast.admin)
    assert client.post(SETTING, AT_ONCE | at_noon(clock.now() - timedelta(days=1))).status_code == 200
    assert not Policy.objects.exists()


def test_every_unit_has_words_and_german_ones(cast, client):
    assert {definition.measure for definition in policies.definitions().values()} <= set(admin_policies.UNITS)
    client.force_login(cast.admin)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    page = client.get(REGISTER).content.decode()
    for words in ("Vorgaben", "1 bis 60 Minuten", "604.800 Sekunden (7 Tage)", "Was wann gesetzt wurde", "Umsatz"):
        assert words in page, words
