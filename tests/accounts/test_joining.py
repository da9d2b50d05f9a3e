"""Asking to join by a proven address: who is offered what, who decides, and what nobody can find out or do twice."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Joining, JoinRequest, Journal, Membership, OutgoingMail, RequestState, Role
from accounts.origin import Origin
from accounts.queries import joining as read
from accounts.services import asking, joining, links, outbox
from config import clock, words
from tests import factories

pytestmark = pytest.mark.django_db
NEW = "storefront:organization_new"


@pytest.fixture
def colleague(cast):
    return factories.UserFactory(email="new@acme.example", name="Nia New")


def ask(client, organization, **data):
    return client.post(reverse("storefront:join_requests"), {"organization": organization.public_id} | data)


def asked(user, organization, **values):
    now = clock.now()
    facts = {"email": user.email, "asked_at": now, "expires_at": now + timedelta(days=14)} | values
    return JoinRequest.objects.create(organization=organization, user=user, **facts)


def url(row):
    return reverse("storefront:join_request", args=[joining.token(row)])


def test_a_colleague_is_offered_the_company_without_its_name_and_members(cast, client, colleague):
    cast.acme.name = "Project Bluebird Holding"
    cast.acme.save()
    client.force_login(colleague)
    page = client.get(reverse(NEW)).content.decode()
    assert "Your company may already be here" in page
    assert "<strong>acme.example</strong>" in page
    for secret in ("Bluebird", "Olive", "owner@acme.example", "Mia", "billing@acme.example"):
        assert secret not in page


@pytest.mark.parametrize(
    "change",
    [
        lambda _cast, user: user.emailaddress_set.update(verified=False),
        lambda cast, _user: cast.owner.emailaddress_set.update(verified=False),  # anybody can type a domain into a form
        lambda cast, _user: type(cast.acme).objects.filter(pk=cast.acme.pk).update(joining=Joining.OFF),
        lambda cast, _user: type(cast.acme).objects.filter(pk=cast.acme.pk).update(closed_at=clock.now()),
        lambda cast, _user: type(cast.acme).objects.filter(pk=cast.acme.pk).update(domain="sub.acme.example"),
        lambda cast, user: factories.MembershipFactory(organization=cast.acme, user=user),
    ],
    ids=["unproven", "owner unproven", "off", "closed", "another domain", "member"],
)
def test_nothing_is_offered_where_it_should_not(cast, client, colleague, change):
    assert [offer.organization for offer in read.offers(colleague, clock.now())] == [cast.acme]
    change(cast, colleague)
    assert read.offers(colleague, clock.now()) == []
    client.force_login(colleague)
    assert ask(client, cast.acme).status_code == 404
    assert not JoinRequest.objects.exists()


def test_a_public_mail_provider_is_no_company(cast):
    cast.acme.domain = "gmx.net"
    cast.acme.save()
    for user, address in ((cast.owner, "a@gmx.net"), (cast.newcomer, "b@gmx.net")):
        user.emailaddress_set.create(email=address, verified=True, primary=False)
    assert read.offers(cast.newcomer, clock.now()) == []
    assert not read.is_proven(cast.acme)


def test_an_unknown_and_a_foreign_organization_answer_alike(cast, client, colleague):
    client.force_login(colleague)
    foreign = ask(client, cast.globex)
    unknown = client.post(reverse("storefront:join_requests"), {"organization": "aaaaaaaaaaaaaaaa"})
    assert foreign.status_code == unknown.status_code == 404
    assert len(foreign.content) == len(unknown.content)


def test_it_is_asked_once_and_mailed_to_the_owners_alone(cast, client, colleague):
    client.force_login(colleague)
    ask(client, cast.acme, reason="  I work\n in Leeds ")
    ask(client, cast.acme, reason="again")
    row = JoinRequest.objects.get()
    assert (row.state, row.reason, row.email) == (RequestState.OPEN, "I work in Leeds", "new@acme.example")
    assert [(m.kind, m.recipient) for m in OutgoingMail.objects.all()] == [("accounts/join_asked", "owner@acme.example")]
    assert "Asked" in client.get(reverse(NEW)).content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        asked(colleague, cast.acme)


def test_the_mails_link_decides_nothing_until_the_owner_clicks(cast, client, colleague):
    client.force_login(colleague)
    ask(client, cast.acme, reason="Leeds")
    outbox.drain(clock.wall())
    link = re.search(r"http://testserver(/team/requests/\S+)", mail.outbox[-1].body).group(1)
    assert link.rstrip("/") == url(JoinRequest.objects.get()).rstrip("/")
    for who, status in ((None, 302), (colleague, 404), (cast.stranger, 404), (cast.member, 404)):
        client.logout()
        if who:
            client.force_login(who)
        assert client.get(link).status_code == status
        assert client.post(link, {"decision": "approve"}).status_code == status
    client.force_login(cast.owner)
    zone = ZoneInfo(cast.acme.time_zone)
    with timezone.override(zone):
        until = words.moment(JoinRequest.objects.get().expires_at)
    assert zone != ZoneInfo("UTC")
    assert f"is open until {until}." in re.sub(r"</?time[^>]*>", "", client.get(link).content.decode())
    assert JoinRequest.objects.get().state == RequestState.OPEN
    assert client.post(link, {"decision": "approve"}).status_code == 302
    member = Membership.objects.live().get(user=colleague)
    assert (member.organization, member.role) == (cast.acme, Role.MEMBER)
    again = client.post(link, {"decision": "decline"})
    assert again.status_code == 409
    assert "approved already" in again.content.decode()
    assert JoinRequest.objects.get().decided_by == cast.owner
    assert client.get(link).status_code == 410


def test_a_no_goes_out_with_its_word_and_without_a_name(cast, client, colleague):
    row = asked(colleague, cast.acme)
    client.force_login(cast.owner)
    client.post(url(row), {"decision": "decline", "answer": "Ask your lead."})
    outbox.drain(clock.wall())
    assert "Ask your lead." in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["new@acme.example"]
    assert "Olive" not in mail.outbox[-1].body
    assert not Membership.objects.filter(user=colleague).exists()
    client.force_login(colleague)
    ask(client, cast.acme)
    assert JoinRequest.objects.count() == 1  # not so soon after a no


@pytest.mark.parametrize("text", ["x", "", "WzFd", "WzFd:forged"])
def test_a_forged_link_is_none(cast, client, text):
    client.force_login(cast.owner)
    assert client.get(f"/team/requests/{text or '-'}/").status_code == 404


def test_a_link_for_one_purpose_opens_nothing_else(cast, client, colleague):
    row = asked(colleague, cast.acme)
    client.force_login(cast.owner)
    for purpose in (links.SEAT, links.CONTACT, links.MAIL_STOP):
        assert client.get(reverse("storefront:join_request", args=[links.token(purpose, row.pk)])).status_code == 404


def test_a_request_runs_out(cast, client, colleague):
    row = asked(colleague, cast.acme, expires_at=clock.now() - timedelta(seconds=1))
    client.force_login(cast.owner)
    assert client.post(url(row), {"decision": "approve"}).status_code == 409
    assert not Membership.objects.filter(user=colleague).exists()
    assert asking.expire(clock.now()) == 1
    assert asking.expire(clock.now()) == 0
    client.force_login(colleague)
    ask(client, cast.acme)
    assert JoinRequest.objects.filter(state=RequestState.OPEN).count() == 1


def test_one_takes_back_ones_own_only(cast, client, colleague):
    row = asked(colleague, cast.acme)
    client.force_login(cast.newcomer)
    assert client.post(reverse("storefront:join_withdrawal", args=[row.pk])).status_code == 404
    client.force_login(colleague)
    client.post(reverse("storefront:join_withdrawal", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == RequestState.WITHDRAWN


def test_asking_and_taking_back_all_day_is_stopped(cast, colleague):
    asked_so_often = 0
    while asked_so_often < 7:
        try:
            row = joining.ask(
                user=colleague, public_id=cast.acme.public_id, reason="", origin=Origin(actor=colleague), at=clock.now()
            )
        except asking.NotNow:
            break
        asked_so_often += 1
        joining.withdraw(user=colleague, request_id=row.pk, origin=Origin(actor=colleague), at=clock.now())
    assert asked_so_often == 5
    assert OutgoingMail.objects.filter(kind="accounts/join_asked").count() == 5


def test_by_the_settings_of_the_organization_one_joins_at_once(cast, client, colleague):
    client.force_login(colleague)
    assert ask(client, cast.acme, at_once="1").status_code == 404  # not unless the owner has said so
    client.force_login(cast.owner)
    client.post(reverse("storefront:joining_choice"), {"joining": "auto"})
    client.force_login(colleague)
    assert "Join now" in client.get(reverse(NEW)).content.decode()
    ask(client, cast.acme, at_once="1")
    assert Membership.objects.live().get(user=colleague).role == Role.MEMBER
    assert OutgoingMail.objects.filter(kind="accounts/member_joined", recipient="owner@acme.example").count() == 1


def test_who_was_removed_does_not_come_back_by_themselves(cast, colleague):
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(joining=Joining.AUTO)
    factories.MembershipFactory(organization=cast.acme, user=colleague, left_at=clock.now())
    [offer] = read.offers(colleague, clock.now())
    assert not offer.joins_at_once
    with pytest.raises(joining.NotOffered):
        joining.join_at_once(user=colleague, public_id=cast.acme.public_id, origin=Origin(actor=colleague), at=clock.now())


def test_the_domain_must_be_the_owners_own_to_let_everybody_in(cast, client):
    cast.acme.domain = "globex.example"
    cast.acme.save()
    client.force_login(cast.owner)
    client.post(reverse("storefront:joining_choice"), {"joining": "auto"})
    cast.acme.refresh_from_db()
    assert cast.acme.joining == Joining.ASK
    assert not Journal.objects.filter(kind="accounts.joining.chosen").exists()


def test_the_team_page_lists_who_waits(cast, client, colleague):
    asked(colleague, cast.acme, reason="Leeds")
    client.force_login(cast.owner)
    page = client.get(reverse("storefront:team")).content.decode()
    assert "They ask to join" in page
    assert "new@acme.example" in page


def test_a_deleted_account_leaves_no_words_behind(cast, colleague):
    row = asked(colleague, cast.acme, reason="Leeds")
    asking.forget(user=colleague, at=clock.now())
    row.refresh_from_db()
    assert (row.state, row.reason) == (RequestState.WITHDRAWN, "")
    assert "acme" not in row.email


@pytest.mark.usefixtures("kept")
def test_the_offer_costs_few_queries(cast, colleague, django_assert_num_queries):
    now = clock.now()
    with django_assert_num_queries(3):
        read.offers(colleague, now)
