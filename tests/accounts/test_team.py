"""The team page and what is done there: roles, removal, leaving, ownership."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Journal, Membership, OutgoingMail, Role
from accounts.origin import Origin
from accounts.services import memberships
from config import clock
from tests import factories

TEAM = "storefront:team"


def live(user):
    return Membership.objects.live().filter(user=user).first()


@pytest.mark.parametrize("size", [3, 300])
@pytest.mark.usefixtures("kept")
def test_the_page_costs_the_same_for_few_and_many(cast, client, settings, django_assert_num_queries, size):
    settings.STRIPE_SANDBOX = False  # the sandbox's time is asked for twice a second, whatever the page
    factories.MembershipFactory.create_batch(size, organization=cast.acme)
    client.force_login(cast.owner)
    client.get(reverse(TEAM))
    with django_assert_num_queries(8):
        page = client.get(reverse(TEAM))
    assert len(page.context["members"]) == min(size + 3, 50)


def test_people_are_found_by_name_and_address(cast, client):
    client.force_login(cast.owner)
    found = client.get(reverse(TEAM), {"q": "mia"}).context["members"]
    assert [row.membership.user for row in found] == [cast.member]
    assert "Nobody found" in client.get(reverse(TEAM), {"q": "zzz"}).content.decode()


def test_a_member_is_told_who_can(cast, client):
    client.force_login(cast.member)
    response = client.get(reverse(TEAM))
    assert response.status_code == 403
    assert "Olive Owner" in response.content.decode()
    assert "Bill Admin" in response.content.decode()


def test_a_role_is_changed_and_told(cast, client):
    client.force_login(cast.owner)
    client.post(reverse("storefront:member_role", args=[live(cast.member).pk]), {"role": "billing_admin"})
    assert live(cast.member).role == Role.BILLING_ADMIN
    assert OutgoingMail.objects.get().kind == "accounts/role_changed"
    assert Journal.objects.get(kind="accounts.role.changed").data["to"] == "billing_admin"


def test_the_last_owner_cannot_step_down(cast, client):
    client.force_login(cast.owner)
    client.post(reverse("storefront:member_role", args=[live(cast.owner).pk]), {"role": "member"})
    assert live(cast.owner).role == Role.OWNER


def test_removing_says_what_it_means_and_then_does_it(cast, client):
    address = reverse("storefront:member_removal", args=[live(cast.member).pk])
    client.force_login(cast.billing_admin)
    assert "Mia Member loses access to Acme" in client.get(address).content.decode()
    assert live(cast.member)
    assert client.post(address).status_code == 302
    assert live(cast.member) is None
    assert OutgoingMail.objects.get().kind == "accounts/removed"
    assert client.post(address).status_code == 404


def test_a_billing_admin_cannot_remove_an_owner(cast, client):
    client.force_login(cast.billing_admin)
    assert client.post(reverse("storefront:member_removal", args=[live(cast.owner).pk])).status_code == 403
    assert live(cast.owner)


def test_somebody_leaves(cast, client):
    client.force_login(cast.member)
    client.post(reverse("storefront:team_leaving"))
    assert live(cast.member) is None
    assert not OutgoingMail.objects.exists()
    assert Journal.objects.get(kind="accounts.member.left")


def test_the_last_owner_cannot_leave_but_is_shown_the_way(cast, client):
    client.force_login(cast.owner)
    response = client.post(reverse("storefront:team_leaving"))
    assert response.status_code == 409
    assert reverse("storefront:ownership") in response.content.decode()
    assert live(cast.owner)


def test_ownership_is_handed_over_at_once(cast, client):
    client.force_login(cast.owner)
    response = client.post(reverse("storefront:ownership"), {"member": live(cast.member).pk})
    assert response.status_code == 302
    assert (live(cast.member).role, live(cast.owner).role) == (Role.OWNER, Role.BILLING_ADMIN)
    assert set(OutgoingMail.objects.values_list("recipient", flat=True)) == {cast.owner.email, cast.member.email}


def test_ownership_is_not_handed_to_a_stranger(cast, client):
    client.force_login(cast.owner)
    response = client.post(reverse("storefront:ownership"), {"member": live(cast.stranger).pk})
    assert response.status_code == 422
    assert live(cast.owner).role == Role.OWNER


def test_alone_one_is_told_to_invite_first(client, db):
    alone = factories.MembershipFactory(role=Role.OWNER)
    client.force_login(alone.user)
    assert "You are alone here" in client.get(reverse("storefront:ownership")).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.serial
def test_two_owners_who_leave_at_once_leave_one_behind():
    organization = factories.OrganizationFactory()
    owners = factories.MembershipFactory.create_batch(2, organization=organization, role=Role.OWNER)
    outcomes = []

    def leave(membership):
        try:
            memberships.remove(membership=membership, origin=Origin(actor=membership.user), at=clock.wall())
            outcomes.append("left")
        except memberships.LastOwner:
            outcomes.append("stays")
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(membership,)) for membership in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["left", "stays"]
