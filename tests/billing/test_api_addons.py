"""Add-ons by the API: in carts, had at the price that was previewed, given back and kept after all; what is refused, and why.

Team costs $16 a seat from 10 seats on; Blueprints $3 a seat, Priority support $49, 25 more projects $15 a month, 10 at most.
"""

import pytest

from billing.models import SeatChange
from tests import factories, shelf
from tests.billing.calling import Program, assert_problem

WANTED = {"plan": "fieldnote/team", "seats": 10, "interval": "month", "currency": "usd"}
PREVIEW, CHANGES = "subscription/add-ons/preview", "subscription/add-ons/changes"
SEATS, SCHEDULED = "subscription/seats/changes", "subscription/scheduled-changes"


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def preview(own, addon, **more):
    return own.post(PREVIEW, {"addon": addon, **more}, key="")


class TestCarts:
    @pytest.fixture(autouse=True)
    def _on_sale(self, cast):
        shelf.put_on_sale()

    def test_filled_with_and_changed(self, own):
        chosen = [{"addon": "projects", "number": 2}, {"addon": "blueprints"}]
        made = own.post("carts", WANTED | {"addons": chosen})
        said = made.json()
        assert (made.status_code, said["total_minor"]) == (201, 16_000 + 3_000 + 3_000)
        assert said["addons"] == [
            {"addon": "blueprints", "number": None, "total_minor": 3_000},
            {"addon": "projects", "number": 2, "total_minor": 3_000},
        ]
        assert said["continue_url"].endswith("&addon=blueprints&addon=projects&number-projects=2")
        place = f"carts/{said['id']}"
        assert own.get(place).json() == said
        fewer = own.patch(place, {"seats": 8}).json()
        assert [one["addon"] for one in fewer["addons"]] == ["blueprints", "projects"]
        assert fewer["addons"][0]["total_minor"] == 2_400
        other = own.patch(place, {"plan": "fieldnote/business", "seats": 10, "addons": [{"addon": "support", "number": None}]})
        assert [(one["addon"], one["number"]) for one in other.json()["addons"]] == [("support", 1)]
        assert own.patch(place, {"addons": []}).json()["addons"] == []
        own.patch(place, {"plan": "fieldnote/team", "addons": chosen})
        assert [one["addon"] for one in own.patch(place, {"plan": "fieldnote/business"}).json()["addons"]] == ["blueprints"]
        assert own.patch(place, {"pilot": "fieldnote/site"}).json()["addons"] == []

    @pytest.mark.parametrize(
        ("plan", "chosen", "code", "pointer", "more"),
        [
            ("team", [{"addon": "nothing"}], "addon-not-sold", "#/addons", {"addon": "nothing"}),
            ("business", [{"addon": "projects"}], "addon-not-sold", "#/addons", {"addon": "projects"}),
            ("team", [{"addon": "projects", "number": 11}], "addon-number-out-of-range", "#/addons", {"maximum": 10}),
            ("team", [{"addon": "blueprints", "number": 3}], "addon-takes-no-number", "#/addons/0/number", {}),
        ],
    )
    def test_refused_whole(self, own, plan, chosen, code, pointer, more):  # noqa: PLR0917 - a table's columns
        body = assert_problem(own.post("carts", WANTED | {"plan": f"fieldnote/{plan}", "addons": chosen}), 422, code, pointer)
        assert more.items() <= body.items()
        assert own.get("carts").json()["data"] == []

    @pytest.mark.parametrize(
        ("chosen", "pointer"),
        [
            ([{"addon": "support"}, {"addon": "support"}], "#/addons"),
            ([{"addon": "projects", "number": 0}], "#/addons/0/number"),
            ([{"addon": "projects", "number": "2"}], "#/addons/0/number"),
            ([{"addon": "support", "count": 1}], "#/addons/0/count"),
            ("support", "#/addons"),
        ],
    )
    def test_misspelt(self, own, chosen, pointer):
        assert_problem(own.post("carts", WANTED | {"addons": chosen}), 400, "invalid", pointer)


def test_had_at_the_price_that_was_previewed_and_given_back(own, bought, shop, cast):
    """Preview, change by its token, what is refused meanwhile, giving back with the period, keeping after all."""
    shown = preview(own, "projects", number=2).json()
    assert (shown["addon"], shown["addon_after"], shown["seats_after"], shown["renewal_minor"]) == ("projects", 2, 10, 19_000)
    assert [line["addon"] for line in shown["lines"]] == ["projects"]
    made = own.post(CHANGES, {"token": shown["token"], "external_id": "po-1"}, key="one")
    said = made.json()
    assert (made.status_code, said["state"], said["addon"], said["addon_after"]) == (201, "done", "projects", 2), said
    assert said["due_now_minor"] == shown["due_now_minor"] > 0
    replayed = own.post(CHANGES, {"token": shown["token"], "external_id": "po-1"}, key="one")
    again = own.post(CHANGES, {"addon": "support", "expected_due_now_minor": 0, "external_id": "po-1"})
    assert (replayed.json(), again.status_code, again.json()) == (said, 200, said)
    booked = own.get("ledger").json()["data"][0]
    assert (booked["delta"], booked["addon"], booked["addon_after"]) == (0, "projects", 2)
    assert own.get(f"{SEATS}/external:po-1").json() == said == own.get(SEATS).json()["data"][0]
    taken = {"seats": 12, "expected_due_now_minor": 0, "external_id": "po-1"}
    assert_problem(own.post(SEATS, taken), 409, "external-id-taken", "#/external_id")
    shop.settle()
    assert [(one["code"], one["quantity"]) for one in own.get("subscription").json()["addons"]] == [("projects", 2)]

    body = assert_problem(preview(own, "projects", number=1), 422, "addon-number-out-of-range", "#/number")
    assert (body["minimum"], body["maximum"]) == (3, 10)
    assert_problem(preview(own, "projects", number=2), 409, "nothing-changes", "#/number")
    assert_problem(preview(own, "blueprints", number=2), 422, "addon-takes-no-number", "#/number")
    assert_problem(preview(own, "none"), 422, "addon-not-sold", "#/addon")
    stranger = Program(factories.ApiKeyFactory(organization=cast.globex))
    assert_problem(stranger.post(CHANGES, {"token": shown["token"]}), 409, "subscription-not-active")

    back = {"kind": "addon", "addon": "projects"}
    body = assert_problem(own.post(SCHEDULED, back | {"number": 2}), 422, "addon-number-out-of-range", "#/number")
    assert (body["minimum"], body["maximum"]) == (0, 1)
    assert_problem(own.post(SCHEDULED, back | {"addon": "support"}), 409, "addon-not-held")
    assert_problem(own.post(SCHEDULED, back | {"addon": "none"}), 409, "addon-not-held")
    leaves = own.post(SCHEDULED, back | {"external_id": "po-2"}).json()
    assert (leaves["addon"], leaves["addon_after"], leaves["state"]) == ("projects", 0, "pending")
    assert assert_problem(preview(own, "projects", number=5), 409, "addon-leaves")["change"] == leaves["id"]
    assert own.delete(f"{SCHEDULED}/external:po-2").json()["state"] == "canceled"
    assert preview(own, "projects", number=5).status_code == 200


def test_another_amount_a_stale_preview_and_a_payment_that_waits(own, bought, shop):
    old = preview(own, "support").json()
    wrong = own.post(CHANGES, {"addon": "blueprints", "expected_due_now_minor": 1})
    fresh = assert_problem(wrong, 409, "amount-differs", "#/expected_due_now_minor")["preview"]
    assert (fresh["addon"], fresh["addon_after"]) == ("blueprints", None)
    assert not SeatChange.objects.exists()
    assert own.post(CHANGES, {"token": fresh["token"]}).status_code == 201
    assert_problem(own.post(SEATS, {"token": old["token"]}), 409, "preview-stale")  # of another kind
    newer = assert_problem(own.post(CHANGES, {"token": old["token"]}), 409, "preview-stale")["preview"]
    assert (newer["addon"], newer["renewal_minor"]) == ("support", 16_000 + 3_000 + 4_900)
    assert_problem(own.post(SCHEDULED, {"kind": "addon", "addon": "blueprints", "number": 3}), 422, "addon-takes-no-number")

    shop.control("POST", "next_payment", outcome="requires_action", customer=bought.organization.customer.stripe_id)
    waits = own.post(CHANGES, {"token": newer["token"]})
    assert (waits.status_code, waits.json()["state"]) == (202, "waiting")
    assert waits.json()["finish_url"].endswith(f"/seats/changes/{waits.json()['id']}/")
    assert assert_problem(preview(own, "projects"), 409, "payment-pending")["change"] == waits.json()["id"]
    assert own.delete(f"{SEATS}/{waits.json()['id']}").json()["state"] == "dropped"
    assert [one["code"] for one in own.get("subscription").json()["addons"]] == ["blueprints"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/token"),
        ({"addon": "support"}, "#/token"),
        ({"expected_due_now_minor": 1, "number": 2}, "#/token"),
        ({"token": "x", "addon": "support", "expected_due_now_minor": 1}, "#/token"),
        ({"addon": "support", "expected_due_now_minor": 1, "number": -1}, "#/number"),
    ],
)
def test_what_is_wrong_with_a_body_is_named(own, body, pointer):
    assert_problem(own.post(CHANGES, body), 400, "invalid", pointer)
