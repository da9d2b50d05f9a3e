"""The two ends: deleting one's account, and closing an organization; what goes, what stays, what stands in the way."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import ApiKey, Invitation, Journal, Membership, OutgoingMail, Role, User
from accounts.origin import Origin
from accounts.queries import members
from accounts.services import closure, deletion
from billing.models import Price, SeatAssignment
from config import clock
from offramps.models import HandRaise
from tests import factories
from tests.accounts import factors

pytestmark = pytest.mark.django_db
DELETION, CLOSURE = "storefront:account_deletion", "storefront:organization_closure"
DAY = timedelta(days=1)


@pytest.fixture
def mia(cast, client):
    cast.member.set_password(factors.PASSWORD)
    cast.member.save()
    factors.sign_in(client, cast.member)
    return cast.member


@pytest.fixture
def subscription(cast, on_sale):
    price = Price.objects.select_related("plan__line").first()
    row = factories.SubscriptionFactory(organization=cast.acme, price=price)
    SeatAssignment.objects.create(subscription=row, membership=cast.membership(cast.member), assigned_at=clock.now())
    return row


def text(response):
    return response.content.decode()


def delete(client, address):
    factors.reauthenticate(client)
    return client.post(reverse(DELETION), {"email": address})


def test_deleting_asks_for_the_password_and_the_address(client, mia):
    response = client.post(reverse(DELETION), {"email": mia.email})
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    asked = client.get(response.headers["Location"]).content.decode()
    assert "how you sign in" not in asked  # it is asked for other things, too
    assert delete(client, "other@acme.example").status_code == 422
    mia.refresh_from_db()
    assert mia.is_active


def test_what_names_the_person_goes_and_what_happened_stays(client, mia, cast, subscription):
    name, address = mia.name, mia.email
    entry = Journal.objects.create(
        kind="accounts.test.made", organization=cast.acme, actor=mia, source="page", occurred_at=clock.now()
    )
    factors.with_app(mia)
    response = delete(client, address)
    assert response.headers["Location"] == reverse("storefront:pricing")
    left = User.objects.get(pk=mia.pk)
    assert not left.is_active
    assert not left.has_usable_password()
    assert str(left) == "Deleted account"
    assert left.email == f"deleted-{mia.pk}@deleted.invalid"
    assert not EmailAddress.objects.filter(user=left).exists()
    assert not UserSession.objects.filter(user=left).exists()
    assert not Membership.objects.live().filter(user=left).exists()
    assert not SeatAssignment.objects.filter(ended_at=None).exists()
    entry.refresh_from_db()
    assert entry.actor_id == mia.pk
    assert Journal.objects.filter(kind="accounts.account.deleted").exists()
    assert name not in str(Journal.objects.values_list("data", flat=True))
    assert client.get(reverse("account_email")).status_code == 302


def test_one_mail_says_goodbye_and_then_forgets_the_address(client, mia):
    address = mia.email
    delete(client, address)
    mail = OutgoingMail.objects.get(recipient=address)
    assert mail.kind == deletion.GOODBYE
    OutgoingMail.objects.update(state="sent")
    assert deletion.forget_goodbyes(clock.wall()) == 0
    assert deletion.forget_goodbyes(clock.wall() + 2 * DAY) == 1
    assert deletion.forget_goodbyes(clock.wall() + 2 * DAY) == 0
    assert not OutgoingMail.objects.filter(recipient=address).exists()


def test_requests_to_our_people_keep_their_reason_and_lose_the_contact(client, mia, cast):
    raised = HandRaise.objects.create(
        organization=cast.acme,
        user=mia,
        reason=HandRaise._meta.get_field("reason").choices[0][0],
        answers={"message": "Call Mia"},
        contact_name=mia.name,
        contact_email=mia.email,
        contact_phone="+49 30 1234",
        raised_at=clock.now(),
        answer_on=clock.now().date(),
    )
    delete(client, mia.email)
    raised.refresh_from_db()
    assert (raised.contact_name, raised.contact_phone, raised.answers) == ("", "", {})
    assert "acme.example" not in raised.contact_email


def test_an_invitation_that_waited_is_withdrawn_and_its_seat_free(client, mia, cast):
    invitation = factories.InvitationFactory(organization=cast.globex, email=mia.email)
    delete(client, mia.email)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.email) == ("revoked", f"deleted-{mia.pk}@deleted.invalid")


def test_the_last_owner_hears_what_to_do_first_and_nothing_changes(client, cast):
    client.force_login(cast.owner)
    page = text(client.get(reverse(DELETION)))
    assert "somebody has to decide" in page
    assert reverse("storefront:ownership") in page
    assert client.post(reverse(DELETION), {"email": cast.owner.email}).status_code == 409
    cast.owner.refresh_from_db()
    assert cast.owner.is_active
    assert cast.membership(cast.owner).role == Role.OWNER


def test_an_owner_among_owners_may_go(client, cast):
    Membership.objects.filter(user=cast.billing_admin).update(role=Role.OWNER)
    client.force_login(cast.owner)
    client.post(reverse(DELETION), {"email": cast.owner.email})
    cast.owner.refresh_from_db()
    assert not cast.owner.is_active


def test_staff_are_sent_to_an_administrator(client, cast):
    staff = cast.staff_member("rep")
    client.force_login(staff)
    assert "Ask an administrator" in text(client.get(reverse(DELETION)))
    assert client.post(reverse(DELETION), {"email": staff.email}).status_code == 409
    staff.refresh_from_db()
    assert staff.is_active


def test_the_address_is_free_again(client, mia):
    address = mia.email
    delete(client, address)
    again = factories.UserFactory(email=address)
    assert again.pk != mia.pk


class TestClosing:
    @pytest.fixture
    def owner(self, cast, client):
        client.force_login(cast.owner)
        return cast.owner

    def close(self, client, name="Acme"):
        return client.post(reverse(CLOSURE), {"name": name})

    def test_another_name_closes_nothing(self, client, owner, cast):
        assert self.close(client, "Acne").status_code == 422
        cast.acme.refresh_from_db()
        assert cast.acme.closed_at is None

    def test_everybody_is_told_and_out_and_the_keys_stop(self, client, owner, cast):
        key = factories.ApiKeyFactory(organization=cast.acme)
        invitation = factories.InvitationFactory(organization=cast.acme)
        assert self.close(client, " acme ").status_code == 302
        cast.acme.refresh_from_db()
        invitation.refresh_from_db()
        assert cast.acme.closed_at is not None
        assert invitation.state == "revoked"
        assert members.memberships_of(cast.member) == []
        assert OutgoingMail.objects.filter(kind="accounts/organization_closed").count() == 3
        assert Journal.objects.filter(kind="accounts.organization.closed", organization=cast.acme).exists()
        answer = client.get("/api/v1/members", headers={"Authorization": f"Bearer {key.text}"})
        assert answer.status_code == 401

    def test_a_subscription_that_goes_on_stands_in_the_way_and_one_that_ends_does_not(self, client, owner, cast, subscription):
        assert "Cancel it first" in text(client.get(reverse(CLOSURE)))
        assert self.close(client).status_code == 409
        subscription.cancel_at = subscription.period_ends_at
        subscription.save()
        page = text(client.get(reverse(CLOSURE)))
        assert "Access ends now all the same" in page
        assert self.close(client).status_code == 302
        assert not SeatAssignment.objects.filter(ended_at=None).exists()

    def test_a_missing_payment_stands_in_the_way(self, client, owner, subscription):
        subscription.status, subscription.cancel_at = "past_due", subscription.period_ends_at
        subscription.save()
        assert "A payment is missing" in text(client.get(reverse(CLOSURE)))
        assert self.close(client).status_code == 409

    def test_only_owners_may(self, client, cast):
        for person in (cast.billing_admin, cast.member):
            client.force_login(person)
            assert self.close(client).status_code == 403
        cast.acme.refresh_from_db()
        assert cast.acme.closed_at is None

    def test_staff_open_it_again_within_thirty_days_with_a_reason(self, client, owner, cast):
        self.close(client)
        cast.acme.refresh_from_db()
        origin, late = Origin(actor=cast.staff_member("manager")), cast.acme.closed_at + 31 * DAY
        with pytest.raises(closure.TooLate):
            closure.reopen(organization=cast.acme, reason="Asked by the owner.", origin=origin, at=late)
        with pytest.raises(ValidationError):
            closure.reopen(organization=cast.acme, reason="", origin=origin, at=clock.now())
        client.force_login(cast.staff_member("manager"))
        listing = reverse("admin:accounts_closedorganization_changelist")
        client.post(listing, {"action": "reopen", "_selected_action": [cast.acme.pk], "note": "The owner called."})
        assert len(members.memberships_of(cast.member)) == 1
        entry = Journal.objects.get(kind="accounts.organization.reopened")
        assert entry.data["reason"] == "The owner called."
        assert OutgoingMail.objects.filter(kind="accounts/organization_reopened").count() == 3

    def test_after_thirty_days_memberships_keys_and_addresses_go(self, client, owner, cast):
        factories.ApiKeyFactory(organization=cast.acme)
        factories.InvitationFactory(organization=cast.acme)
        self.close(client)
        cast.acme.refresh_from_db()
        assert closure.settle(cast.acme.closed_at + 29 * DAY) == 0
        assert closure.settle(cast.acme.closed_at + 30 * DAY) == 3
        assert closure.settle(cast.acme.closed_at + 30 * DAY) == 0
        assert not ApiKey.objects.filter(organization=cast.acme, revoked_at=None).exists()
        assert set(Invitation.objects.filter(organization=cast.acme).values_list("email", flat=True)) == {
            "invited@deleted.invalid"
        }
        assert Membership.objects.live().filter(organization=cast.globex).exists()


@pytest.mark.parametrize(("name", "most"), [(DELETION, 6), (CLOSURE, 8)])
@pytest.mark.usefixtures("kept")
def test_pages_cost_few_queries_and_hold_no_inline_script(client, cast, name, most, django_assert_max_num_queries):
    client.force_login(cast.owner)
    with django_assert_max_num_queries(most):
        html = text(client.get(reverse(name)))
    assert re.findall(r"<[^>]+\sstyle=|<script(?![^>]*\bsrc=)", html) == []
    assert "10 years" in html
