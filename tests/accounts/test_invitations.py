"""Inviting, from the paste to the joined person: a result a line, single use, expiry, limits, wrong person, seats."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, InvitationState, Journal, Membership, OutgoingMail, User
from accounts.origin import Origin
from accounts.rules import addresses
from accounts.services import invitations, outbox
from config import clock
from tests import factories

pytestmark = pytest.mark.django_db


def invite(client, text, **data):
    return client.post(reverse("storefront:team_invitations"), {"addresses": text, "role": "member"} | data)


def link(invitation):
    return reverse("storefront:invitation", args=[invitation.token])


def mailed_link():
    outbox.drain(clock.wall())
    return re.search(r"http://testserver(/invitations/\S+)", mail.outbox[-1].body).group(1)


def test_a_list_with_everything_in_it_gets_a_result_a_line(cast, client):
    factories.InvitationFactory(organization=cast.acme, email="waiting@acme.example")
    client.force_login(cast.owner)
    text = "Ada Example <ADA@acme.example>\nmember@acme.example; waiting@acme.example\nada@acme.example, nonsense@\nnot a mail"
    response = invite(client, text)
    assert response.status_code == 200
    lines = [(line.email, line.label) for line in response.context["lines"]]
    assert lines == [
        ("ada@acme.example", "Invited"),
        ("member@acme.example", "Is in the team already"),
        ("waiting@acme.example", "Has an open invitation already"),
        ("ada@acme.example", "Twice in your list"),
        ("nonsense@", "Is no e-mail address. Correct it and send it again"),
        ("not a mail", "Is no e-mail address. Correct it and send it again"),
    ]
    made = Invitation.objects.get(email="ada@acme.example")
    assert (made.invited_by, made.role) == (cast.owner, "member")
    assert OutgoingMail.objects.get().recipient == "ada@acme.example"
    assert Journal.objects.get(kind="accounts.invitations.sent").data["invitations"] == [made.pk]


def test_a_csv_file_is_read(cast, client, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text('Name,E-Mail\nÅsa,asa@acme.example\n"Example, Bob",bob@acme.example\n', encoding="utf-8-sig")
    client.force_login(cast.owner)
    with path.open("rb") as file:
        invite(client, "", file=file)
    assert set(Invitation.objects.values_list("email", flat=True)) == {"asa@acme.example", "bob@acme.example"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.example b@x.example", ["a@x.example", "b@x.example"]),
        ("'A@x.example'", ["a@x.example"]),
        ("email;role\na@x.example;member", ["a@x.example"]),
        ("\ufeffe-mail\na@x.example", ["a@x.example"]),
        ("Ada <a@x.example>, Bob <b@x.example>", ["a@x.example", "b@x.example"]),
        ("a@x.example, Bob <b@x.example>, c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
        ('"Example, Ada" <a@x.example>; b@x.example', ["a@x.example", "b@x.example"]),
        ("", []),
        ("who?", ["who?"]),
    ],
)
def test_addresses_are_found_in_what_people_paste(text, found):
    assert addresses.split(text) == found


def test_too_many_at_once_is_said_and_sends_nothing(cast, client):
    client.force_login(cast.owner)
    response = invite(client, "\n".join(f"p{n}@acme.example" for n in range(201)))
    assert response.status_code == 422
    assert "200 can be invited at once" in response.content.decode()
    assert not Invitation.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_many_cost_few_queries_more_than_one(cast, django_assert_max_num_queries):
    emails = [f"p{n}@acme.example" for n in range(50)]
    with django_assert_max_num_queries(20 + len(emails)):
        invitations.invite(
            organization=cast.acme, emails=emails, role="member", with_seat=True, origin=Origin(), at=clock.now()
        )


def test_a_billing_admin_cannot_hand_out_more_than_they_may(cast, client):
    client.force_login(cast.billing_admin)
    assert invite(client, "ada@acme.example", role="owner").status_code == 422
    assert not Invitation.objects.exists()


def test_the_invited_person_signs_up_without_confirming_again_and_joins(cast, client):
    client.force_login(cast.owner)
    invite(client, "ada@acme.example")
    client.logout()
    address = mailed_link()
    page = client.get(address)
    assert "Join Acme" in page.content.decode()
    signup = client.get(page.context["signup_url"])
    assert signup.context["form"]["email"].value() == "ada@acme.example"
    response = client.post(
        reverse("account_signup"), {"email": "ada@acme.example", "password1": "a long enough secret", "next": address}
    )
    assert response.headers["Location"] == address, "no code is asked for: the link has proven the address"
    assert client.post(address).status_code == 302
    ada = User.objects.get(email="ada@acme.example")
    assert Membership.objects.live().get(user=ada).organization == cast.acme
    assert OutgoingMail.objects.filter(kind="accounts/welcome", recipient=ada.email).exists()


def test_another_address_than_the_invited_one_still_needs_its_code(cast, client):
    invitation = factories.InvitationFactory(organization=cast.acme, email="ada@acme.example")
    client.get(link(invitation))
    response = client.post(reverse("account_signup"), {"email": "eve@evil.example", "password1": "a long enough secret"})
    assert response.headers["Location"] == reverse("account_email_verification_sent")


def test_a_link_works_once(cast, client):
    invitation = factories.InvitationFactory(organization=cast.acme, email=cast.newcomer.email)
    client.force_login(cast.newcomer)
    assert client.post(link(invitation)).status_code == 302
    assert client.post(link(invitation)).status_code == 409
    again = client.get(link(invitation))
    assert again.status_code == 410
    assert "You are in Acme already" in again.content.decode()
    assert Membership.objects.filter(user=cast.newcomer).count() == 1


def test_nobody_joins_for_somebody_else(cast, client):
    invitation = factories.InvitationFactory(organization=cast.acme, email="ada@acme.example")
    client.force_login(cast.stranger)
    page = client.get(link(invitation)).content.decode()
    assert "You are signed in as owner@globex.example" in page
    assert client.post(link(invitation)).status_code == 409
    assert not Membership.objects.filter(user=cast.stranger, organization=cast.acme).exists()
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPEN


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": timezone.now() - timedelta(hours=1)}, "has run out"),
        ({"state": "revoked"}, "was withdrawn"),
        ({"state": "accepted"}, "has been used"),
    ],
)
def test_an_invitation_that_ended_says_how(cast, client, change, words):
    invitation = factories.InvitationFactory(organization=cast.acme, email=cast.newcomer.email, **change)
    assert words in client.get(link(invitation)).content.decode()
    client.force_login(cast.newcomer)
    assert client.post(link(invitation)).status_code == 409
    assert not Membership.objects.filter(user=cast.newcomer).exists()


def test_sending_again_makes_a_fresh_link_and_ends_the_old_one(cast, client):
    invitation = factories.InvitationFactory(organization=cast.acme, sent_at=timezone.now() - timedelta(hours=1))
    client.force_login(cast.billing_admin)
    assert client.post(reverse("storefront:invitation_sends", args=[invitation.pk])).status_code == 302
    assert client.get(link(invitation)).status_code == 404
    assert client.get(mailed_link()).status_code == 200
    invitation.refresh_from_db()
    assert invitation.sent_count == 2


def test_it_is_not_mailed_too_often_nor_too_soon(cast):
    now = clock.now()
    invitation = factories.InvitationFactory(organization=cast.acme, sent_at=now)
    with pytest.raises(invitations.NotSendable, match="a moment ago"):
        invitations.resend(invitation=invitation, origin=Origin(), at=now)
    for hours in (1, 2, 3):
        invitations.resend(invitation=invitation, origin=Origin(), at=now + timedelta(hours=hours))
    with pytest.raises(invitations.NotSendable, match="4 times"):
        invitations.resend(invitation=invitation, origin=Origin(), at=now + timedelta(hours=4))


def test_a_withdrawn_invitation_is_gone_from_the_list(cast, client):
    invitation = factories.InvitationFactory(organization=cast.acme, email="ada@acme.example")
    client.force_login(cast.owner)
    client.post(reverse("storefront:invitation_revocation", args=[invitation.pk]))
    assert "ada@acme.example" not in client.get(reverse("storefront:team")).context["waiting"].__repr__()
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.REVOKED


def test_one_that_ran_out_can_be_invited_anew(cast, client):
    old = factories.InvitationFactory(
        organization=cast.acme, email="ada@acme.example", expires_at=timezone.now() - timedelta(days=1)
    )
    client.force_login(cast.owner)
    assert [line.label for line in invite(client, "ada@acme.example").context["lines"]] == ["Invited"]
    old.refresh_from_db()
    assert old.state == InvitationState.REVOKED


@pytest.mark.parametrize("name", ["invitation_sends", "invitation_revocation"])
def test_another_organizations_invitation_is_not_there(cast, client, name):
    invitation = factories.InvitationFactory(organization=cast.globex)
    client.force_login(cast.owner)
    assert client.post(reverse(f"storefront:{name}", args=[invitation.pk])).status_code == 404
