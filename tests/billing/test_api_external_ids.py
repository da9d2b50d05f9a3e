"""The vendor's own ids: given when a thing is made, or afterwards to what Stripe makes, and good wherever a thing is named."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import ApiKey, Invitation, JoinRequest, Journal
from billing.models import Cart, CheckoutAttempt, ScheduledChange, SeatChange
from config import clock
from tests import factories, shelf
from tests.billing.calling import Program, assert_problem

CART = {"plan": "fieldnote/team", "seats": 5, "interval": "month", "currency": "usd"}


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, "external:acme-1")


@pytest.fixture
def stranger(cast):
    return Program(factories.ApiKeyFactory(organization=cast.globex))


def test_from_cart_to_invoice_by_the_vendors_own_ids(own, stranger, shop, cast):
    made = own.post("carts", CART | {"external_id": "quote-1"})
    again = own.post("carts", CART | {"external_id": "quote-1", "seats": 9})
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json() == own.get("carts/external:quote-1").json()
    theirs = stranger.post("carts", CART | {"external_id": "quote-1"})
    assert (theirs.status_code, theirs.json()["id"] == made.json()["id"]) == (201, False)
    assert own.patch("carts/external:quote-1", {"seats": 6}).json()["seats"] == 6

    asked = {"cart": "external:quote-1", "accepted_by": cast.membership(cast.owner).pk}
    opened = own.post("checkouts", asked | {"external_id": "order-1"})
    assert (opened.status_code, opened.json()["external_id"]) == (201, "order-1"), opened.content
    assert own.post("checkouts", asked | {"external_id": "order-1"}).json() == opened.json()
    other = own.post("checkouts", asked | {"external_id": "order-2"}).json()
    states = dict(CheckoutAttempt.objects.values_list("external_id", "state"))
    assert states == {"order-1": "expired", "order-2": "open"}
    shop.pay(other["url"])
    shop.settle()
    bought = own.get("checkouts/external:order-2").json()
    assert bought["state"] == "applied"
    late = own.post("checkouts", asked | {"external_id": "order-2"})  # the cart is ordered by now
    assert (late.status_code, late.json()) == (200, bought)
    _lists_checkouts(own, bought)

    _changes(own, stranger)
    shop.settle()
    _names(own, stranger, bought["subscription"])


def _lists_checkouts(own, bought):
    bought = {name: value for name, value in bought.items() if name != "charge"}  # lists are without
    first = own.get("checkouts", {"limit": 1}).json()
    rest = own.get("checkouts", {"limit": 1, "after": first["next"]}).json()
    assert (first["data"], [one["external_id"] for one in rest["data"]], rest["next"]) == ([bought], ["order-1"], None)
    of_it = {"subscription": bought["subscription"], "line": "fieldnote", "state": "applied"}
    assert own.get("checkouts", of_it).json() == {"data": [bought], "next": None}
    assert own.get("checkouts", {"line": "sightline"}).json()["data"] == []
    assert_problem(own.get("checkouts", {"status": "applied"}), 400, "invalid", "#/status")


def _lists_changes(own, stranger, path, known):
    """`known`: the newest first, none of them open."""
    whole = own.get(path)
    assert whole.json() == {"data": known, "next": None}
    assert own.get(path, If_None_Match=whole.headers["ETag"]).status_code == 304
    assert own.get(path, {"state": known[-1]["state"], "line": "fieldnote"}).json()["data"] == known
    assert own.get(path, {"subscription": "external:nobodys"}).json()["data"] == stranger.get(path).json()["data"] == []


def _changes(own, stranger):
    preview = own.post("subscription/seats/preview", {"seats": 8}, key="").json()
    change = own.post("subscription/seats/changes", {"token": preview["token"], "external_id": "po-1"})
    assert (change.status_code, change.json()["external_id"]) == (201, "po-1"), change.content
    again = own.post("subscription/seats/changes", {"seats": 9, "expected_due_now_minor": 1, "external_id": "po-1"})
    assert (again.status_code, again.json()) == (200, change.json())
    assert own.get("subscription/seats/changes/external:po-1").json() == change.json()
    assert_problem(stranger.get("subscription/seats/changes/external:po-1"), 404, "not-found")
    assert SeatChange.objects.count() == 1
    _lists_changes(own, stranger, "subscription/seats/changes", [change.json()])

    coming = own.post("subscription/scheduled-changes", {"seats": 7, "external_id": "po-2"})
    again = own.post("subscription/scheduled-changes", {"seats": 6, "external_id": "po-2"})
    assert (coming.status_code, again.status_code, again.json()) == (201, 200, coming.json())
    assert own.get("subscription").json()["scheduled"] == [coming.json()]
    canceled = own.delete("subscription/scheduled-changes/external:po-2").json()
    assert canceled["state"] == "canceled"
    _lists_changes(own, stranger, "subscription/scheduled-changes", [canceled])
    end = {"kind": "end", "reason_code": "unused"}
    first = own.post("subscription/scheduled-changes", end).json()
    named = own.post("subscription/scheduled-changes", end | {"external_id": "po-3"})
    assert (named.status_code, named.json()) == (200, first | {"external_id": "po-3"})
    assert ScheduledChange.objects.count() == 2


def _names(own, stranger, stripe_id):
    for place in (f"subscriptions/{stripe_id}", f"invoices/{own.get('invoices').json()['data'][0]['id']}"):
        read = own.get(place)
        assert read.json()["external_id"] is None
        named = own.patch(place, {"external_id": "ours-1"}, If_Match=read.headers["ETag"])
        assert named.json() == read.json() | {"external_id": "ours-1"}
        by_name = f"{place.partition('/')[0]}/external:ours-1"
        assert own.get(by_name).json() == named.json()
        assert_problem(own.patch(by_name, {"external_id": None}, If_Match=read.headers["ETag"]), 412, "precondition-failed")
        assert_problem(stranger.get(by_name), 404, "not-found")
        assert_problem(stranger.patch(by_name, {"external_id": None}), 404, "not-found")
    assert own.get("subscriptions").json()["data"][0] == own.get("subscription").json()
    assert [one["external_id"] for one in own.get("invoices").json()["data"]].count("ours-1") == 1
    second = own.get("invoices").json()["data"][1]["id"]
    assert_problem(own.patch(f"invoices/{second}", {"external_id": "ours-1"}), 409, "external-id-taken", "#/external_id")
    told = Journal.objects.filter(kind="billing.external_id.changed")
    assert set(told.values_list("source", flat=True)) == {"api"}
    assert own.patch(by_name, {"external_id": None}).json()["external_id"] is None


def test_invitations_by_address(own):
    ids = {"a@acme.example": "hire-1", "b@acme.example": "hire-2"}
    made = own.post("invitations", {"emails": list(ids), "external_ids": ids})
    assert (made.status_code, [one["outcome"] for one in made.json()["data"]]) == (201, ["invited", "invited"])
    own.delete("invitations/external:hire-2")
    again = own.post("invitations", {"emails": ["c@acme.example"], "external_ids": {"c@acme.example": "hire-2"}})
    found = again.json()["data"][0]
    assert (again.status_code, found["outcome"], found["invitation"]["state"]) == (200, "known", "revoked")
    assert found["invitation"] == own.get("invitations/external:hire-2").json()
    assert Invitation.objects.count() == 2
    twice = {"emails": list(ids), "external_ids": dict.fromkeys(ids, "one")}
    assert_problem(own.post("invitations", twice), 400, "invalid", "#/external_ids")
    beside = {"emails": ["a@acme.example"], "external_ids": {"z@acme.example": "hire-9"}}
    assert_problem(own.post("invitations", beside), 400, "invalid", "#/external_ids")
    number = {"emails": ["c@acme.example"], "external_ids": {"c@acme.example": 5}}
    assert_problem(own.post("invitations", number), 400, "invalid", "#/external_ids/c@acme.example")


def test_a_key_is_found_without_its_text_and_its_name_goes_to_the_successor(vendor):
    wanted = {"name": "Report", "scopes": ["billing:read"], "external_id": "report"}
    made, again = vendor.post("api-keys", wanted, key="a"), vendor.post("api-keys", wanted | {"name": "Other"})
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json() | {"key": None}
    assert vendor.post("api-keys", wanted, key="a").json() == made.json()  # the same request may be shown it again
    successor = vendor.post("api-keys/external:report/rotations").json()
    assert vendor.get("api-keys/external:report").json()["id"] == successor["id"] != made.json()["id"]
    assert ApiKey.objects.get(pk=made.json()["id"]).external_id is None
    assert vendor.delete("api-keys/external:report").json()["state"] == "revoked"


@pytest.mark.parametrize(
    "path", ["carts/a%00b", "carts/external:", "invoices/in-1", "invitations/external:a%20b", "api-keys/a.b"]
)
def test_what_is_no_reference_is_named(vendor, path):
    name = {"carts": "cart", "invoices": "invoice", "invitations": "invitation", "api-keys": "key"}[path.partition("/")[0]]
    assert_problem(vendor.get(path), 400, "invalid", f"#/{name}")


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_asked_at_the_same_time_one_cart_is_made():
    shelf.put_on_sale()
    key, answers = factories.ApiKeyFactory(organization=factories.OrganizationFactory()), []

    def ask():
        try:
            answers.append(Program(key).post("carts", CART | {"external_id": "quote-1"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == Cart.objects.count() == 1


def test_a_page_that_is_being_opened_for_another_name_is_not_handed_out(own, shop, cast):
    shop.start(seats=5)
    CheckoutAttempt.objects.update(state="opening", external_id="order-1")
    asked = {"cart": Cart.objects.get().public_id, "accepted_by": cast.membership(cast.owner).pk}
    busy = own.post("checkouts", asked | {"external_id": "order-2"})
    assert_problem(busy, 409, "change-in-progress")
    assert busy.headers["Retry-After"] == "2"
    assert own.post("checkouts", asked | {"external_id": "order-1"}).json()["external_id"] == "order-1"


# --- What people may have made in the store -----------------------------------------------------------------------------


def _named_once(program, path, made, fresh):
    """`made` is of "ours-1"; `fresh` is another one, without an id."""
    assert program.get(f"{path}/external:ours-1").json() == made
    place = f"{path}/{fresh['id']}"
    assert_problem(program.patch(place, {"external_id": "ours-1"}), 409, "external-id-taken", "#/external_id")
    assert_problem(program.patch(place, {"external_id": "ours-2"}, If_Match='"old"'), 412, "precondition-failed")
    named = program.patch(place, {"external_id": "ours-2"})
    assert (named.status_code, named.json()) == (200, fresh | {"external_id": "ours-2"}), named.content
    by_name = f"{path}/external:ours-2"
    assert program.patch(by_name, {"external_id": "ours-2"}).json() == program.get(by_name).json() == named.json()
    assert_problem(program.patch(by_name, {"external_id": "ours-3"}), 409, "external-id-taken", "#/external_id")


def test_billing_contacts(vendor, cast):
    first, email = {"email": "a@acme.example"}, "b@acme.example"
    made = vendor.post("billing-contacts", first | {"external_id": "ours-1"})
    again = vendor.post("billing-contacts", {"email": email, "external_id": "ours-1"})
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    assert_problem(vendor.post("billing-contacts", first | {"external_id": "ours-9"}), 409, "external-id-taken")
    _named_once(vendor, "billing-contacts", made.json(), vendor.post("billing-contacts", {"email": email}).json())
    given = Journal.objects.get(kind="accounts.external_id.given")
    assert (given.source, given.data["external_id"]) == ("api", "ours-2")
    assert vendor.delete("billing-contacts/external:ours-1").json()["removed_at"]
    assert vendor.post("billing-contacts", first | {"external_id": "ours-1"}).json()["removed_at"]  # as it is


@pytest.mark.usefixtures("kept")
def test_tax_ids(own, cast):
    french, german = {"type": "eu_vat", "value": "FR40303265045"}, {"type": "eu_vat", "value": "DE136695976"}
    made = own.post("tax-ids", french | {"country": "FR", "external_id": "ours-1"})
    again = own.post("tax-ids", german | {"country": "DE", "external_id": "ours-1"})
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    _named_once(own, "tax-ids", made.json(), own.post("tax-ids", german | {"country": "DE"}).json())
    found = own.post("tax-ids", german | {"country": "DE", "external_id": "ours-2"})
    assert (found.status_code, found.json()["value"]) == (200, german["value"])


def test_requests(vendor, stranger, cast):
    mia, olive = cast.membership(cast.member).pk, cast.membership(cast.owner).pk
    made = vendor.post("seat-requests", {"member": mia, "external_id": "ours-1"})
    again = vendor.post("seat-requests", {"member": olive, "external_id": "ours-1"})
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    fresh = vendor.post("seat-requests", {"member": olive}).json()
    _named_once(vendor, "seat-requests", made.json(), fresh)
    assert vendor.post("seat-requests", {"member": olive, "external_id": "ours-2"}).status_code == 200
    assert_problem(stranger.get("seat-requests/external:ours-1"), 404, "not-found")
    assert vendor.delete("seat-requests/external:ours-1").json()["state"] == "withdrawn"

    now = clock.now()
    facts = {"organization": cast.acme, "asked_at": now, "expires_at": now + timedelta(days=1)}
    people = [factories.UserFactory(email=f"{name}@acme.example") for name in ("nele", "otto")]
    first, second = (JoinRequest.objects.create(user=one, email=one.email, **facts) for one in people)
    named = vendor.patch(f"join-requests/{first.pk}", {"external_id": "ours-1"}).json()
    _named_once(vendor, "join-requests", named, vendor.get(f"join-requests/{second.pk}").json())
    decided = vendor.post("join-requests/external:ours-1/decisions", {"decision": "approve"})
    assert (decided.status_code, decided.json()["state"]) == (201, "approved")


def test_keys_and_invitations(vendor):
    wanted = {"name": "Report", "scopes": ["billing:read"]}
    made, fresh = (vendor.post("api-keys", wanted | more).json() for more in ({"external_id": "ours-1"}, {}))
    _named_once(vendor, "api-keys", *({key: one[key] for key in one if key != "key"} for one in (made, fresh)))
    emails = ["a@acme.example", "b@acme.example"]
    sent = vendor.post("invitations", {"emails": emails, "external_ids": {emails[0]: "ours-1"}}).json()["data"]
    _named_once(vendor, "invitations", *(one["invitation"] for one in sent))


def test_from_cart_to_changes(own, shop):
    attempt = shop.start(seats=5)
    cart = f"carts/{attempt.cart.public_id}"
    assert own.patch(cart, {"external_id": "ours-1"}).json() == own.get("carts/external:ours-1").json()
    assert_problem(own.patch(cart, {"external_id": "ours-2"}), 409, "external-id-taken", "#/external_id")
    shop.pay(attempt)
    shop.settle()
    token = own.post("subscription/seats/preview", {"seats": 6}, key="").json()["token"]
    change = own.post("subscription/seats/changes", {"token": token}).json()
    later = own.post("subscription/scheduled-changes", {"seats": 5}).json()
    places = {"checkouts": attempt.public_id, "subscription/seats/changes": change["id"]}
    for path, name in {**places, "subscription/scheduled-changes": later["id"]}.items():
        named = own.patch(f"{path}/{name}", {"external_id": "ours-1"})
        assert (named.status_code, named.json()["id"]) == (200, name)
        assert own.get(f"{path}/external:ours-1").json() == named.json()
