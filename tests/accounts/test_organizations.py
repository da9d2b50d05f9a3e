"""Making an organization, changing it, and acting for one of several."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Journal, Membership, Organization
from accounts.origin import Origin
from accounts.queries import places, policies
from accounts.rules import domains, geography, segment
from accounts.services import organizations
from accounts.services import policies as policy_service
from config import clock
from tests import factories

NEW = "storefront:organization_new"
GOOD = {"name": "Initech", "domain": "https://www.Initech.example/about", "country": "AT", "employee_bracket": "100-499"}


def test_the_form_starts_with_what_the_address_and_the_browser_say(cast, client):
    client.force_login(cast.newcomer)
    form = client.get(reverse(NEW), HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9").context["form"]
    assert (form["domain"].value(), form["name"].value(), form["country"].value()) == ("initech.example", "Initech", "AT")


def test_a_private_mailbox_suggests_no_company(client, db):
    client.force_login(factories.UserFactory(email="ada@gmail.com"))
    assert client.get(reverse(NEW)).context["form"]["domain"].value() == ""


def test_it_is_made_with_region_zone_segment_and_an_owner(cast, client):
    client.force_login(cast.newcomer)
    response = client.post(reverse(NEW), GOOD | {"next": "/checkout/?plan=team"})
    assert response.headers["Location"] == "/checkout/?plan=team"
    made = Organization.objects.get(name="Initech")
    assert (made.domain, made.region, made.time_zone, made.currency) == ("initech.example", "europe", "Europe/Vienna", "")
    assert made.profile.segment == "mid_market"
    assert "mid-market from 100" in made.profile.segment_reason
    assert Membership.objects.get(organization=made).role == "owner"
    assert Journal.objects.get(kind="accounts.organization.created").organization == made


@pytest.mark.parametrize("next_url", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_sends_anybody_elsewhere(cast, client, next_url):
    client.force_login(cast.newcomer)
    assert client.post(reverse(NEW), GOOD | {"next": next_url}).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("country", "XX"),
        ("country", ""),
        ("employee_bracket", ""),
        ("domain", "not a domain"),
        ("time_zone", "Mars/Base"),
    ],
)
def test_a_bad_value_is_named(cast, client, field, value):
    client.force_login(cast.newcomer)
    response = client.post(reverse(NEW), GOOD | {field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Organization.objects.filter(name="Initech").exists()


def test_an_external_id_belongs_to_one(cast):
    details = organizations.Details(name="Copy", country="DE", employee_bracket="1-9")
    with pytest.raises(ValidationError) as refused:
        organizations.create(owner=cast.newcomer, details=details, external_id="acme-1", origin=Origin(), at=clock.now())
    assert list(refused.value.message_dict) == ["external_id"]


def test_settings_change_the_segment_unless_a_person_set_it(cast, client):
    client.force_login(cast.owner)
    data = {"name": "Acme", "domain": "acme.example", "country": "DE", "region": "europe", "time_zone": "Europe/Berlin"}
    cast.acme.profile.segment_set_by = "rule"
    cast.acme.profile.save()
    client.post(reverse("storefront:organization_settings"), data | {"employee_bracket": "5000+"})
    cast.acme.profile.refresh_from_db()
    assert cast.acme.profile.segment == "enterprise"
    cast.acme.profile.segment_set_by = "Rita Rep"
    cast.acme.profile.save()
    client.post(reverse("storefront:organization_settings"), data | {"employee_bracket": "1-9"})
    cast.acme.profile.refresh_from_db()
    assert cast.acme.profile.segment == "enterprise"


def test_a_named_domain_is_enterprise_whatever_its_size(cast):
    now = clock.now()
    policy_service.put(
        name="accounts.enterprise_domains", value=["small.example"], reason="x", effective_at=now, origin=Origin(), at=now
    )
    policies.forget()
    details = organizations.Details(name="Small", country="DE", employee_bracket="1-9", domain="small.example")
    made, _owner = organizations.create(owner=cast.newcomer, details=details, origin=Origin(), at=clock.now())
    assert made.profile.segment == "enterprise"


def test_one_of_several_is_chosen_and_strangers_are_not(cast, client):
    factories.MembershipFactory(organization=cast.globex, user=cast.member)
    client.force_login(cast.member)
    client.post(reverse("storefront:organization_switch"), {"organization": cast.acme.public_id})
    assert "in Acme as Member" in client.get(reverse("storefront:team")).content.decode()
    client.post(reverse("storefront:organization_switch"), {"organization": cast.globex.public_id})
    assert "in Globex as Member" in client.get(reverse("storefront:team")).content.decode()
    other = factories.OrganizationFactory()
    assert client.post(reverse("storefront:organization_switch"), {"organization": other.public_id}).status_code == 404


def test_without_an_organization_one_is_asked_to_make_one_and_comes_back(cast, client):
    client.force_login(cast.newcomer)
    response = client.get(reverse("storefront:team"))
    assert response.headers["Location"] == f"{reverse(NEW)}?next=%2Fteam%2F"


@given(st.integers(1, 10_000), st.integers(2, 1000), st.integers(1, 9000))
def test_more_people_never_mean_a_smaller_segment(people, mid, gap):
    order = [segment.SMB, segment.MID_MARKET, segment.ENTERPRISE]

    def rank(count):
        return order.index(
            segment.decide(
                people_at_least=count, domain="", mid_market_from=mid, enterprise_from=mid + gap, enterprise_domains=()
            ).segment
        )

    assert rank(people) <= rank(people + 1)


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("acme.example", "acme.example"),
        (" HTTPS://www.Acme.Example:8443/a?b ", "acme.example"),
        ("ada@acme.example", "acme.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("", ""),
    ],
)
def test_domains_are_read_as_people_paste_them(typed, domain):
    assert domains.normalize(typed) == domain


@pytest.mark.parametrize("typed", ["acme", "a b.example", "-x.example", "a." * 200 + "example"])
def test_what_is_no_domain_is_refused(typed):
    with pytest.raises(domains.Malformed):
        domains.normalize(typed)


def test_every_country_has_a_region_a_name_and_a_zone():
    codes = [code for code, _name in places.countries()]
    assert len(codes) == len(set(codes)) > 240
    assert all(code != name for code, name in places.countries())
    zones = dict(places.time_zones())
    without = {code for code in codes if places.usual_time_zone(code) not in zones}
    assert not without
    assert geography.region_of("BR") == "latam"
