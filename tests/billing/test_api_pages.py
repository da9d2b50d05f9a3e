"""What pages do beside buying, for programs: cards, billing details, tax ids, contacts, codes, requests, ownership, closing."""

from datetime import timedelta

import pytest

from accounts.models import BillingContact, JoinRequest, Journal, Membership, Organization, OutgoingMail, SeatRequest
from billing.models import BillingDetails, Customer, SeatAssignment, StripeCommand, TaxId
from config import clock, limits
from tests import factories
from tests.billing.calling import Program, assert_problem
from tests.shop import GOOD_CARD

CODE = "#/promotion_code"
VAT = {"type": "eu_vat", "value": "DE 136 695 976"}


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, "external:acme-1")


@pytest.fixture
def stranger(cast):
    return Program(factories.ApiKeyFactory(organization=cast.globex))


def test_another_card_and_a_codes_discount(own, stranger, shop):
    assert own.get("payment-method").json() == {"card": None, "bank_account": None}
    assert_problem(own.post("payment-method/setups"), 409, "no-customer")
    shop.buy(seats=5, interval="year")
    assert own.get("payment-method").json()["card"]["last4"] == "4242"
    assert stranger.get("payment-method").json() == {"card": None, "bank_account": None}
    opened = own.post("payment-method/setups")
    assert opened.status_code == 201
    shop.pay(opened.json()["url"], GOOD_CARD)
    shop.settle()
    assert StripeCommand.objects.filter(kind="card.use", state="done").exists()
    assert Journal.objects.filter(kind="billing.card.changed").exists()

    refused = own.post("subscription/discounts/preview", {"promotion_code": "WELCOME20"})
    assert assert_problem(refused, 422, "code-refused")["refusal"] == "first_purchase_only"
    preview = own.post("subscription/discounts/preview", {"promotion_code": "yearly50"})
    shown = preview.json()
    assert (preview.status_code, shown["code"], shown["discount_minor"]) == (200, "YEARLY50", 5000)
    assert shown["due_minor"] == shown["total_minor"] - 5000
    assert_problem(own.post("subscription/discounts", {"token": "made-up"}), 409, "preview-stale")
    done = own.post("subscription/discounts", {"token": shown["token"]})
    assert (done.status_code, done.json()) == (201, {"code": "YEARLY50", "state": "done"})
    assert [one["code"] for one in own.get("subscription").json()["discounts"]] == ["YEARLY50"]
    assert_problem(own.post("subscription/discounts/preview", {"promotion_code": "YEARLY50"}), 422, "code-refused", CODE)


def test_a_code_in_a_cart_and_at_the_payment_page(own, shop, cast):
    wanted = {"plan": "fieldnote/team", "seats": 5, "interval": "month", "currency": "usd"}
    cart = own.post("carts", wanted | {"promotion_code": "welcome20"}).json()
    held = cart["promotion"]
    assert (cart["promotion_code"], held["refusal"], held["discount_minor"]) == ("WELCOME20", None, cart["total_minor"] // 5)
    place = f"carts/{cart['id']}"
    wrong = own.patch(place, {"promotion_code": "nonsense"}).json()
    assert (wrong["promotion"]["refusal"], wrong["promotion"]["discount_minor"]) == ("unknown", 0)
    assert "NONSENSE" in wrong["promotion"]["detail"]
    asked = {"cart": cart["id"], "accepted_by": cast.membership(cast.owner).pk}
    assert_problem(own.post("checkouts", asked), 422, "code-refused", "#/cart")
    assert own.patch(place, {"promotion_code": ""}).json()["promotion"] is None
    assert own.post("checkouts", asked).status_code == 201


def test_codes_are_not_found_by_trying(own, monkeypatch, cast):
    monkeypatch.setattr(limits, "is_over", lambda who, what, limit: (who, what) == (cast.acme.public_id, "code") and limit > 0)
    refused = own.post("subscription/discounts/preview", {"promotion_code": "A"})
    assert_problem(refused, 429, "too-many-codes")
    assert refused.headers["Retry-After"] == "3600"


def test_a_cart_is_not_written_over_what_nobody_saw(own, shop, django_assert_max_num_queries):
    wanted = {"plan": "fieldnote/team", "seats": 5, "interval": "month", "currency": "usd"}
    place = f"carts/{own.post('carts', wanted).json()['id']}"
    tag = own.get(place).headers["ETag"]
    assert own.patch(place, {"seats": 6}, If_Match=tag).status_code == 200
    with django_assert_max_num_queries(8) as captured:
        assert_problem(own.patch(place, {"seats": 7}, If_Match=tag), 412, "precondition-failed")
    read = [one["sql"] for one in captured.captured_queries if 'FROM "billing_cart"' in one["sql"]]
    assert len(read) == 1
    assert "FOR UPDATE" in read[0]  # what is compared is what will be written over
    assert own.get(place).json()["seats"] == 6
    changed = own.patch(place, {"addons": [{"addon": "blueprints"}, {"addon": "projects", "number": 2}]})
    assert own.get(place).headers["ETag"] == changed.headers["ETag"]


class TestBillingDetails:
    def test_read_changed_and_guarded(self, own, stranger, cast):
        read = own.get("billing-details")
        assert (read.json()["country"], read.json()["tax"]) == ("DE", None)
        changed = own.patch("billing-details", {"legal_name": "Acme GmbH", "city": "Berlin"}, If_Match=read.headers["ETag"])
        said = changed.json()
        assert (changed.status_code, said["legal_name"], said["city"]) == (200, "Acme GmbH", "Berlin")
        assert changed.headers["ETag"] == own.get("billing-details").headers["ETag"]
        late = own.patch("billing-details", {"legal_name": "Acme AG"}, If_Match=read.headers["ETag"])
        assert_problem(late, 412, "precondition-failed")
        assert BillingDetails.objects.get().legal_name == "Acme GmbH"
        entry = Journal.objects.get(kind="billing.details.changed")
        assert (entry.source, sorted(entry.data["fields"])) == ("api", ["city", "legal_name"])
        assert stranger.get("billing-details").json()["legal_name"] == ""
        assert_problem(own.patch("billing-details", {"country": "XX"}), 400, "invalid", "#/country")

    def test_tax_ids(self, own, stranger):
        made, again = own.post("tax-ids", VAT), own.post("tax-ids", VAT | {"value": "DE136695976"})
        assert (made.status_code, made.json()["value"], made.json()["state"]) == (201, "DE136695976", "sending")
        assert (again.status_code, again.json()) == (200, made.json())
        assert own.get("tax-ids").json() == {"data": [made.json()], "next": None}
        assert_problem(own.post("tax-ids", VAT | {"value": "DE1"}), 422, "tax-id-unfit", "#/value")
        assert_problem(own.post("tax-ids", VAT | {"type": "us_ein"}), 422, "tax-id-unfit", "#/type")
        place = f"tax-ids/{made.json()['id']}"
        assert_problem(stranger.delete(place), 404, "not-found")
        for _turn in range(2):
            assert own.delete(place).json()["removed_at"] is not None
        assert own.get("tax-ids").json()["data"] == []
        assert TaxId.objects.get().removed_at is not None

    def test_five_are_the_most(self, own, cast):
        for number in range(5):
            TaxId.objects.create(
                organization=cast.acme, type="us_ein", value=f"9{number}", country="US", added_at=clock.now(), state="pending"
            )
        assert_problem(own.post("tax-ids", VAT), 409, "too-many-tax-ids")


def test_billing_contacts(vendor, own, cast):
    wanted = {"email": "Invoices@acme.example", "locale": "de"}
    made, again = vendor.post("billing-contacts", wanted), vendor.post("billing-contacts", wanted | {"locale": "en"})
    assert (made.status_code, made.json()["email"], made.json()["locale"]) == (201, "invoices@acme.example", "de")
    assert (again.status_code, again.json()) == (200, made.json())
    place = f"billing-contacts/{made.json()['id']}"
    assert_problem(vendor.post(f"{place}/sends"), 409, "not-sendable")
    BillingContact.objects.update(sent_at=clock.now() - timedelta(hours=1))
    assert vendor.post(f"{place}/sends").json()["sent_count"] == 2
    assert OutgoingMail.objects.filter(kind="accounts/contact_check").count() == 2
    assert_problem(own.get("billing-contacts"), 403, "permission-denied")
    for _turn in range(2):
        assert vendor.delete(place).json()["removed_at"] is not None
    assert vendor.get("billing-contacts").json()["data"] == []
    assert_problem(vendor.post(f"{place}/sends"), 404, "not-found")
    assert set(Journal.objects.filter(kind__contains="contact").values_list("source", flat=True)) == {"api"}


class TestRequests:
    @pytest.fixture
    def joining(self, cast):
        now = clock.now()
        rows = [
            JoinRequest(
                organization=cast.acme,
                user=factories.UserFactory(email=f"{name}@acme.example"),
                email=f"{name}@acme.example",
                asked_at=now,
                expires_at=now + timedelta(days=days),
            )
            for name, days in (("late", -1), ("nele", 14), ("otto", 14))
        ]
        return JoinRequest.objects.bulk_create(rows)

    def test_to_join(self, own, stranger, joining, cast):
        late, nele, otto = joining
        listed = own.get("join-requests").json()["data"]
        assert [(one["id"], one["state"]) for one in listed] == [(otto.pk, "open"), (nele.pk, "open"), (late.pk, "expired")]
        assert [one["id"] for one in own.get("join-requests", {"state": "open"}).json()["data"]] == [otto.pk, nele.pk]
        assert [one["id"] for one in own.get("join-requests", {"state": "expired"}).json()["data"]] == [late.pk]
        assert stranger.get("join-requests").json()["data"] == []
        assert_problem(stranger.post(f"join-requests/{nele.pk}/decisions", {"decision": "approve"}), 404, "not-found")
        assert_problem(own.post(f"join-requests/{late.pk}/decisions", {"decision": "approve"}), 409, "request-answered")
        said = own.post(f"join-requests/{nele.pk}/decisions", {"decision": "approve"}).json()
        assert said["state"] == "approved"
        assert Membership.objects.live().filter(user=nele.user, organization=cast.acme).count() == 1
        said = own.post(f"join-requests/{otto.pk}/decisions", {"decision": "decline", "answer": "In May."}).json()
        assert (said["state"], said["answer"]) == ("declined", "In May.")
        assert own.get(f"join-requests/{otto.pk}").json()["state"] == "declined"
        assert_problem(own.post(f"join-requests/{otto.pk}/decisions", {"decision": "approve"}), 409, "request-answered")
        kinds = Journal.objects.filter(kind__startswith="accounts.join.").values_list("kind", "source")
        assert set(kinds) == {("accounts.join.approved", "api"), ("accounts.join.declined", "api")}

    def test_for_a_seat(self, vendor, own, shop, cast):
        shop.buy(seats=3)
        member = cast.membership(cast.member)
        asked = {"member": member.pk, "reason": "I write the reports now."}
        assert_problem(own.post("seat-requests", asked), 403, "permission-denied")
        owner = cast.membership(cast.owner)
        assert_problem(vendor.post("seat-requests", {"member": owner.pk}), 409, "has-seat")
        made, again = vendor.post("seat-requests", asked), vendor.post("seat-requests", asked)
        assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
        place = f"seat-requests/{made.json()['id']}"
        for _turn in range(2):
            assert vendor.delete(place).json()["state"] == "withdrawn"
        assert_problem(own.post(f"{place}/decisions", {"decision": "approve"}), 409, "request-answered")
        place = f"seat-requests/{vendor.post('seat-requests', asked).json()['id']}"
        assert own.post(f"{place}/decisions", {"decision": "approve"}).json()["state"] == "approved"
        assert SeatAssignment.objects.filter(membership=member, ended_at=None).exists()
        assert [one["state"] for one in own.get("seat-requests").json()["data"]] == ["approved", "withdrawn"]

    def test_no_seat_is_free_or_the_answer_is_no(self, vendor, own, shop, cast):
        shop.buy(seats=3)
        crowd = [factories.MembershipFactory(organization=cast.acme).pk for _turn in range(2)]
        own.post("seats", {"members": crowd})
        place = f"seat-requests/{vendor.post('seat-requests', {'member': cast.membership(cast.member).pk}).json()['id']}"
        refused = own.post(f"{place}/decisions", {"decision": "approve"})
        assert assert_problem(refused, 409, "no-free-seat")["missing"] == 1
        assert SeatRequest.objects.get().state == "open"
        assert own.post(f"{place}/decisions", {"decision": "decline"}).json()["state"] == "declined"


def test_ownership_is_handed_over(vendor, own, cast):
    member, owner = cast.membership(cast.member), cast.membership(cast.owner)
    assert_problem(own.post("ownership-transfers", {"to": member.pk}), 403, "permission-denied")
    assert_problem(vendor.post("ownership-transfers", {"from": member.pk, "to": owner.pk}), 409, "not-owner")
    assert_problem(vendor.post("ownership-transfers", {"to": "external:u-none"}), 422, "not-a-member", "#/to")
    assert_problem(vendor.post("ownership-transfers", {"to": owner.pk}), 409, "already-owner", "#/to")
    said = vendor.post("ownership-transfers", {"to": member.pk}).json()
    assert (said["owner"]["id"], said["former_owner"]["id"]) == (member.pk, owner.pk)
    assert (said["owner"]["role"], said["former_owner"]["role"]) == ("owner", "billing_admin")
    factories.MembershipFactory(organization=cast.acme, role="owner")
    assert_problem(vendor.post("ownership-transfers", {"to": owner.pk}), 409, "not-owner")
    assert vendor.post("ownership-transfers", {"from": member.pk, "to": owner.pk}).status_code == 201
    assert set(Journal.objects.filter(kind="accounts.ownership.transferred").values_list("source", flat=True)) == {"api"}


def test_who_may_join_is_the_vendors_to_say_for_an_owner(vendor, own, cast):
    place = "organizations/external:acme-1"
    assert_problem(own.patch(place, {"joining": "off"}), 403, "permission-denied")
    unproven = {"joining": "auto", "name": "Other", "domain": "other.example"}
    assert_problem(vendor.patch(place, unproven), 409, "domain-not-proven", "#/joining")
    assert vendor.patch(place, {"joining": "off"}).json()["joining"] == "off"
    cast.acme.refresh_from_db()
    assert (cast.acme.joining, cast.acme.name) == ("off", "Acme")


def test_closing(vendor, own, shop, cast):
    place = "organizations/external:acme-1/closure"
    row = shop.buy(seats=3)
    assert vendor.get(place).json() == {"obstacles": ["live"], "paid_until": None}
    assert_problem(own.post(place, {"name": "Acme"}), 403, "permission-denied")
    assert assert_problem(vendor.post(place, {"name": "Acme"}), 409, "charges-open")["obstacles"] == ["live"]
    own.post("subscription/scheduled-changes", {"kind": "end", "reason_code": "closed"})
    shop.settle()
    assert vendor.get(place).json()["obstacles"] == []
    assert_problem(vendor.post(place, {"name": "Globex"}), 400, "invalid", "#/name")
    closed = vendor.post(place, {"name": "acme"}, key="closing")
    assert (closed.status_code, closed.json()["external_id"]) == (201, "acme-1"), closed.content
    assert Organization.objects.get(pk=cast.acme.pk).closed_at is not None
    assert not SeatAssignment.objects.filter(subscription=row, ended_at=None).exists()
    assert_problem(Program(cast.vendor_key).get("organizations/external:acme-1"), 404, "not-found")
    assert Journal.objects.get(kind="accounts.organization.closed").source == "api"


def test_a_card_that_is_none_is_not_shown(own, cast):
    Customer.objects.create(organization=cast.acme, stripe_id="cus_1")
    assert own.get("payment-method").json() == {"card": None, "bank_account": None}
