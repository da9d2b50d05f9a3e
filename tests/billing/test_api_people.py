"""Organizations, members, invitations and seats for programs: made if absent, named by the vendor's own ids."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Acceptance, ApiKey, Invitation, Membership, Organization, OutgoingMail, User
from billing.models import Cart, CheckoutAttempt, SeatAssignment, Subscription
from config import clock
from tests import factories
from tests.billing.calling import Program, assert_problem

TAKEN = "#/owner/external_id"
WANTED = {
    "external_id": "crm-42",
    "name": "Initech",
    "country": "US",
    "employee_bracket": "10-49",
    "owner": {"email": "Owner@Initech.example", "name": "Ines Initech", "external_id": "u-1"},
}


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, "external:acme-1")


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def stranger(cast):
    return Program(factories.ApiKeyFactory(organization=cast.globex))


class TestOrganizations:
    def test_one_is_made_once_and_found_after(self, vendor):
        made = vendor.post("organizations", WANTED)
        assert made.status_code == 201
        said = made.json()
        assert (said["external_id"], said["region"], said["time_zone"]) == ("crm-42", "na", "America/New_York")
        owner = Membership.objects.get(organization__external_id="crm-42")
        assert (owner.user.email, owner.user.external_id, owner.role) == ("owner@initech.example", "u-1", "owner")
        assert not owner.user.has_usable_password()
        found = vendor.post("organizations", WANTED | {"name": "Renamed"})
        assert (found.status_code, found.json()) == (200, said)
        assert vendor.get("organizations/external:crm-42").json() == said
        assert vendor.get(f"organizations/{said['id']}").json() == said

    def test_a_closed_ones_id_is_not_given_again(self, vendor, cast):
        Organization.objects.filter(pk=cast.acme.pk).update(closed_at=clock.now())
        unnamed = Program(cast.vendor_key)
        assert_problem(unnamed.post("organizations", WANTED | {"external_id": "acme-1"}), 409, "organization-closed")
        assert_problem(unnamed.get("organizations/external:acme-1"), 404, "not-found")

    def test_one_made_in_the_store_gets_an_id_once(self, vendor, cast):
        place = f"organizations/{cast.globex.public_id}"
        Organization.objects.filter(pk=cast.globex.pk).update(external_id=None)
        theirs = Program(factories.ApiKeyFactory(organization=cast.globex))
        assert_problem(theirs.patch(place, {"external_id": "crm-9"}), 403, "permission-denied")
        assert_problem(vendor.patch(place, {"external_id": "acme-1"}), 409, "external-id-taken", "#/external_id")
        assert vendor.patch(place, {"external_id": "crm-9"}).json()["external_id"] == "crm-9"
        assert vendor.get("organizations/external:crm-9").json()["id"] == cast.globex.public_id
        assert_problem(vendor.patch(place, {"external_id": "crm-10"}), 409, "external-id-taken", "#/external_id")

    def test_an_owners_address_keeps_its_external_id(self, vendor, cast):
        User.objects.filter(pk=cast.stranger.pk).update(external_id="u-77")
        owner = {"email": cast.stranger.email, "external_id": "u-78"}
        assert_problem(vendor.post("members", owner), 409, "external-id-taken", "#/external_id")
        assert_problem(vendor.post("organizations", WANTED | {"owner": owner}), 409, "external-id-taken", TAKEN)
        assert not Organization.objects.filter(external_id="crm-42").exists()

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"country": "Germany"}, "#/country"),
            ({"country": "XX"}, "#/country"),
            ({"owner": {}}, "#/owner/email"),
            ({"name": "x" * 121}, "#/name"),
            ({"name": "In\0itech"}, "#/name"),
            ({"name": "In\ud800itech"}, "#/name"),
            ({"external_id": "a/b"}, "#/external_id"),
            ({"time_zone": "Moon/Crater"}, "#/time_zone"),
            ({"colour": "red"}, "#/colour"),
        ],
    )
    def test_a_wrong_field_is_named(self, vendor, change, pointer):
        assert_problem(vendor.post("organizations", WANTED | change), 400, "invalid", pointer)

    def test_settings_are_not_written_over_what_nobody_saw(self, own, cast):
        read = own.get("organizations/external:acme-1")
        changed = own.patch("organizations/external:acme-1", {"name": "Acme Europe"}, If_Match=read.headers["ETag"])
        assert (changed.status_code, changed.json()["name"]) == (200, "Acme Europe")
        assert changed.headers["ETag"] == own.get("organizations/external:acme-1").headers["ETag"] != read.headers["ETag"]
        late = own.patch("organizations/external:acme-1", {"name": "Acme Asia"}, If_Match=read.headers["ETag"])
        assert_problem(late, 412, "precondition-failed")
        unquoted = changed.headers["ETag"].strip('"')
        bare = own.patch("organizations/external:acme-1", {"name": "Acme Asia"}, If_Match=unquoted)
        assert_problem(bare, 400, "invalid", "#/If-Match")
        cast.acme.refresh_from_db()
        assert (cast.acme.name, cast.acme.country) == ("Acme Europe", "DE")

    def test_a_customers_key_sees_and_changes_its_own_alone(self, own, stranger, cast):
        Organization.objects.filter(pk__in=[cast.acme.pk, cast.globex.pk]).update(domain="twins.example")
        assert [one["id"] for one in own.get("organizations", {"domain": "twins.example"}).json()["data"]] == [
            cast.acme.public_id
        ]
        assert [one["external_id"] for one in own.get("organizations").json()["data"]] == ["acme-1"]
        assert_problem(stranger.get("organizations/external:acme-1"), 404, "not-found")
        assert_problem(stranger.patch("organizations/external:acme-1", {"name": "Mine"}), 404, "not-found")
        assert_problem(own.post("organizations", WANTED), 403, "permission-denied")
        cast.acme.refresh_from_db()
        assert cast.acme.name == "Acme"


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_asked_at_the_same_time_one_is_made():
    key, answers = factories.ApiKeyFactory(), []

    def ask():
        try:
            answers.append(Program(key).post("organizations", WANTED))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (Organization.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)


class TestMembers:
    def test_a_person_is_made_once_with_a_seat(self, vendor, shop):
        shop.buy(seats=3)
        wanted = {"email": "new@acme.example", "name": "Nele New", "external_id": "u-93", "with_seat": True}
        made = vendor.post("members", wanted)
        assert (made.status_code, made.json()["has_seat"], made.json()["role"]) == (201, True, "member")
        again = vendor.post("members", wanted)
        assert (again.status_code, again.json()) == (200, made.json())
        assert vendor.get("members/external:u-93").json() == made.json() == vendor.get(f"members/{made.json()['id']}").json()
        assert OutgoingMail.objects.filter(kind="accounts/welcome").count() == 1

    def test_without_a_seat_for_them_nobody_joins(self, vendor, shop):
        shop.buy(seats=3)
        SeatAssignment.objects.all().delete()
        Subscription.objects.update(quantity=0)
        assert_problem(vendor.post("members", {"email": "new@acme.example", "with_seat": True}), 409, "no-free-seat")
        assert not User.objects.filter(email="new@acme.example").exists()

    def test_roles_and_removal(self, vendor, own, cast):
        mia = cast.membership(cast.member)
        found = own.get("members", {"email": cast.member.email.upper()}).json()["data"]
        assert ([one["id"] for one in found], own.get("members", {"email": "x@y.example"}).json()["data"]) == ([mia.pk], [])
        member, owner = cast.membership(cast.member), cast.membership(cast.owner)
        assert own.patch(f"members/{member.pk}", {"role": "billing_admin"}).json()["role"] == "billing_admin"
        assert_problem(own.patch(f"members/{member.pk}", {"role": "owner"}), 403, "permission-denied")
        assert_problem(own.delete(f"members/{owner.pk}"), 403, "permission-denied")
        assert_problem(vendor.delete(f"members/{owner.pk}"), 409, "last-owner")
        assert vendor.delete(f"members/{member.pk}").status_code == 204
        assert_problem(vendor.delete(f"members/{member.pk}"), 404, "not-found")
        assert set(Membership.objects.live().filter(organization=cast.acme).values_list("role", flat=True)) == {
            "owner",
            "billing_admin",
        }

    def test_strangers_do_not_exist(self, stranger, cast):
        member = cast.membership(cast.member)
        for method in ("get", "delete"):
            assert_problem(getattr(stranger, method)(f"members/{member.pk}"), 404, "not-found")
        assert_problem(stranger.patch(f"members/{member.pk}", {"role": "billing_admin"}), 404, "not-found")
        assert_problem(stranger.delete("members/%00"), 400, "invalid", "#/member")
        member.refresh_from_db()
        assert (member.role, member.left_at) == ("member", None)


class TestInvitations:
    def test_many_with_a_result_each_then_again_and_withdrawn(self, own, shop):
        shop.buy(seats=3)
        emails = ["new@acme.example", "member@acme.example", "no address", "new@acme.example"]
        made = own.post("invitations", {"emails": emails})
        assert made.status_code == 201
        results = made.json()["data"]
        assert [one["outcome"] for one in results] == ["invited", "member", "malformed", "repeated"]
        assert [one["holds_seat"] for one in results] == [True, False, False, True]
        place = f"invitations/{results[0]['invitation']['id']}"
        assert_problem(own.post(f"{place}/sends"), 409, "not-sendable")
        Invitation.objects.update(sent_at=clock.now() - timedelta(hours=1))
        assert own.post(f"{place}/sends").json()["sent_count"] == 2
        assert own.get("invitations", {"state": "open"}).json()["data"] == [own.get(place).json()]
        for _turn in range(2):
            assert own.delete(place).json()["state"] == "revoked"
        assert not SeatAssignment.objects.filter(invitation__isnull=False, ended_at=None).exists()

    def test_strangers_and_owners(self, own, stranger, cast):
        invitation = factories.InvitationFactory(organization=cast.acme)
        assert_problem(stranger.get(f"invitations/{invitation.pk}"), 404, "not-found")
        assert_problem(stranger.delete(f"invitations/{invitation.pk}"), 404, "not-found")
        assert_problem(stranger.post(f"invitations/{invitation.pk}/sends"), 404, "not-found")
        assert_problem(own.post("invitations", {"emails": ["a@b.example"], "role": "owner"}), 403, "permission-denied")
        assert Invitation.objects.get().state == "open"


class TestSeats:
    def test_given_by_the_vendors_own_id_and_taken_back(self, vendor, shop, cast):
        shop.buy(seats=3)
        User.objects.filter(pk=cast.member.pk).update(external_id="u-93")
        member = cast.membership(cast.member)
        assert vendor.post("seats", {"members": ["external:u-93"]}).json() == {"given": 1}
        assert vendor.post("seats", {"members": [member.pk, "external:u-93"]}).json() == {"given": 0}
        assert "u-93" in [seat["external_id"] for seat in vendor.get("seats").json()["data"]]
        assert [seat["member"] for seat in vendor.get("seats", {"member": "external:u-93"}).json()["data"]] == [member.pk]
        assert vendor.get("seats", {"member": "external:u-none"}).json()["data"] == []
        assert vendor.delete("seats/external:u-93").status_code == 204
        assert_problem(vendor.delete("seats/external:u-93"), 404, "not-found")

    def test_all_or_none(self, own, shop, cast):
        shop.buy(seats=3)
        more = [factories.MembershipFactory(organization=cast.acme).pk for _turn in range(3)]
        assert assert_problem(own.post("seats", {"members": more}), 409, "no-free-seat")["missing"] == 1
        stranger = cast.membership(cast.stranger)
        assert_problem(own.post("seats", {"members": [stranger.pk]}), 422, "not-a-member", "#/members")
        mixed = own.post("seats", {"members": [more[0], "external:u-none", str(stranger.pk)]})
        said = assert_problem(mixed, 422, "not-a-member", "#/members")["detail"]
        assert said == f"These are no members of the organization: {stranger.pk}, external:u-none."
        assert SeatAssignment.objects.filter(ended_at=None).count() == 1


class TestKeys:
    def test_made_shown_once_rotated_and_revoked(self, vendor, cast):
        body = {"name": "Nightly report", "scopes": ["billing:read"]}
        made = vendor.post("api-keys", body, key="a-key")
        assert made.status_code == 201
        text = made.json()["key"]
        assert vendor.post("api-keys", body, key="a-key").json() == made.json()  # asked again at once: the same key
        assert_problem(vendor.post("api-keys", body | {"name": "Another"}, key="a-key"), 422, "idempotency-key-reused")
        row = ApiKey.objects.get(name="Nightly report")
        assert row.secret_hash not in text
        place = f"api-keys/{row.pk}"
        assert "key" not in vendor.get(place).json()
        rotated = vendor.post(f"{place}/rotations").json()
        assert rotated["key"] != text
        assert vendor.get(place).json()["state"] == "ending"
        assert_problem(vendor.post(f"{place}/rotations"), 409, "key-ended")
        assert vendor.delete(f"api-keys/{rotated['id']}").json()["state"] == "revoked"
        assert [one["id"] for one in vendor.get("api-keys").json()["data"]] == [rotated["id"], row.pk]

    def test_the_secret_is_kept_nowhere(self, vendor, cast):
        text = vendor.post("api-keys", {"name": "Report", "scopes": ["billing:read"]}).json()["key"]
        secret = text.rpartition("_")[2]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM billing_idempotentrequest WHERE body::text LIKE %s", [f"%{secret}%"])
            assert cursor.fetchone() == (0,)

    def test_no_key_gives_more_than_it_has_and_a_customers_gives_none(self, own, cast):
        scopes = ["keys:read", "keys:write", "billing:read"]
        small = Program(factories.ApiKeyFactory(scopes=scopes), "external:acme-1")
        assert_problem(small.post("api-keys", {"name": "More", "scopes": ["billing:write"]}), 403, "permission-denied")
        strong = Program(factories.ApiKeyFactory(), "external:acme-1")
        other = strong.post("api-keys", {"name": "Strong", "scopes": ["billing:write"]}).json()
        assert_problem(small.post(f"api-keys/{other['id']}/rotations"), 403, "permission-denied")
        assert strong.get(f"api-keys/{other['id']}").json()["state"] == "live"
        assert_problem(own.post("api-keys", {"name": "Mine", "scopes": ["billing:read"]}), 403, "permission-denied")
        vendor = Program(factories.ApiKeyFactory(scopes=list(scopes)), "external:acme-1")
        assert_problem(vendor.post("api-keys", {"name": "Root", "scopes": ["keys:write"]}), 400, "invalid", "#/scopes/0")


class TestBuying:
    WANTED = {"plan": "fieldnote/team", "seats": 2, "interval": "month", "currency": "usd"}

    def test_from_cart_to_subscription(self, own, stranger, shop, cast):
        made = own.post("carts", self.WANTED)
        cart = made.json()
        assert (made.status_code, cart["seats"], cart["total_minor"], cart["state"]) == (201, 3, 3 * 1800, "open")
        assert "/cart/new/?plan=fieldnote%2Fteam&seats=3" in cart["continue_url"]
        changed = own.patch(f"carts/{cart['id']}", {"seats": 10})
        assert changed.json()["total_minor"] == 10 * 1600
        more = {"promotion": None, "agreed": None, "charge": changed.json()["charge"]}
        assert [one | more for one in own.get("carts").json()["data"]] == [changed.json()]
        assert_problem(stranger.get(f"carts/{cart['id']}"), 404, "not-found")
        User.objects.filter(pk=cast.owner.pk).update(external_id="u-1")
        opened = own.post("checkouts", {"cart": cart["id"], "accepted_by": "external:u-1"})
        assert (opened.status_code, opened.json()["state"]) == (201, "open")
        assert set(Acceptance.objects.values_list("user__email", flat=True)) == {cast.owner.email}
        shop.pay(opened.json()["url"])
        shop.settle()
        bought = own.get(f"checkouts/{opened.json()['id']}").json()
        assert (bought["state"], bought["url"]) == ("applied", "")
        assert own.get("subscription").json()["id"] == bought["subscription"]
        self._and_its_money(own, stranger)
        assert_problem(own.patch(f"carts/{cart['id']}", {"seats": 11}), 409, "cart-closed")
        other = own.post("carts", self.WANTED | {"currency": "eur"})  # nor is it made in the organization's currency instead
        assert assert_problem(other, 409, "currency-locked", "#/currency")["currency"] == "usd"

    def _and_its_money(self, own, stranger):
        listed = own.get("invoices").json()["data"]
        assert [one["total_minor"] for one in listed] == [16000]
        place = f"invoices/{listed[0]['id']}"
        one = own.get(place).json()
        assert (sum(line["amount_minor"] for line in one["lines"]), one["amount_paid_minor"]) == (16000, 16000)
        assert own.get(f"{place}/hosted").json()["url"].startswith("http")
        assert own.get(f"{place}/pdf").json()["url"].startswith("http")
        for path in (place, f"{place}/hosted", f"{place}/pdf"):
            assert_problem(stranger.get(path), 404, "not-found")
        booked = [(one["delta"], one["quantity_after"], one["invoice"]) for one in own.get("ledger").json()["data"]]
        assert booked == [(10, 10, listed[0]["id"])]
        assert stranger.get("ledger").json() == {"data": [], "next": None}

    def test_refusals(self, own, shop, cast):
        for wrong in ({"plan": "fieldnote/none"}, {"pilot": "fieldnote/none"}, {"currency": "chf"}):
            pointer = f"#/{next(iter(wrong))}"
            assert_problem(own.post("carts", self.WANTED | wrong), 422, "not-on-sale", pointer)
        every = {"plan": 1, "seats": 1.5, "interval": "week", "currency": "E", "size": 2}
        named = assert_problem(own.post("carts", every), 400, "invalid")["errors"]
        assert sorted(one["pointer"] for one in named) == [f"#/{name}" for name in sorted(every)]
        said = assert_problem(own.post("carts", self.WANTED | {"plan": "team"}), 400, "invalid", "#/plan")
        assert said["errors"][0]["detail"] == "Send `line/plan`, by the codes of the catalog."
        assert assert_problem(own.post("carts", self.WANTED | {"seats": 101}), 422, "too-many-seats")["maximum"] == 100
        cart = own.post("carts", self.WANTED).json()["id"]
        member = cast.membership(cast.member)
        said = {"cart": cart, "accepted_by": member.pk}
        assert_problem(own.post("checkouts", said), 422, "may-not-buy", "#/accepted_by")
        assert_problem(own.post("checkouts", said | {"cart": "nothing"}), 400, "invalid", "#/cart")
        assert not CheckoutAttempt.objects.exists()
        assert not Acceptance.objects.exists()
        assert Cart.objects.count() == 1
