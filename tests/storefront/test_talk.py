"""Talk to a person: each reason's few fields, a dated promise, a page that stays."""

import pytest
from django.core.cache import cache

from accounts.models import OutgoingMail
from billing.models import Cart
from config import words
from offramps.models import HandRaise, HandRaiseReason
from storefront.forms import talk

TALK = "/talk/"
ANSWERS = {
    "legal": {"document": "dpa", "message": "Clause 4"},
    "security": {"message": "Our questionnaire", "needed_by": "2027-06-01"},
    "procurement": {"needs": ["po_number", "quote"], "message": ""},
    "discount": {"seats": "80", "message": "Three years"},
    "terms": {"message": "Net 30"},
    "seats": {"seats": "300", "message": ""},
    "other": {"message": "A question"},
}
CONTACT = {"name": "Ada Example", "email": "ada@acme.example", "channel": "mail", "phone": "", "click": "click-1"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(on_sale):
    cache.clear()


def post(client, reason="other", *, follow=False, query="", **changes):
    return client.post(f"{TALK}?reason={reason}{query}", CONTACT | ANSWERS[reason] | changes, follow=follow)


def test_the_page_asks_for_the_reason_first(client):
    text = client.get(TALK).content.decode()
    for value, _label in HandRaiseReason.choices:
        assert f'value="{value}"' in text
    assert "<textarea" not in text
    assert "by mail by the end of" in text
    assert "90 seconds" not in text


@pytest.mark.parametrize("reason", HandRaiseReason.values)
def test_each_reason_asks_only_what_it_needs_and_is_raised(client, reason):
    form = talk.TalkForm(reason=HandRaiseReason(reason), is_known=True, calls=talk.Calls(are_offered=True), has_place=True)
    assert len(form.fields) - len({"channel", "phone", "click"}) <= 2
    response = post(client, reason)
    made = HandRaise.objects.get()
    assert response["Location"] == f"/talk/{made.public_id}/"
    assert made.reason == reason
    expected = {name: value for name, value in ANSWERS[reason].items() if value}
    assert {name: str(value) if name == "seats" else value for name, value in made.answers.items()} == expected
    assert OutgoingMail.objects.count() == 2


def test_the_confirmation_can_be_reloaded_and_promises_the_date(client):
    response = post(
        client, "seats", follow=True, query="&plan=fieldnote/team&seats=300&interval=month&currency=usd&page=pricing"
    )
    made = HandRaise.objects.get()
    assert made.page == "pricing"
    assert (made.basket["seats"], made.basket["total_minor"]) == (300, 360000)
    url = f"/talk/{made.public_id}/"
    for _ in range(2):
        text = client.get(url).content.decode()
        assert "A person answers to a…@acme.example by mail" in text
        assert f"by the end of {words.day_away(made.answer_on)}." in text
        assert "Buy 100 seats meanwhile" in text
        assert "ada@acme.example" not in text
    assert response.status_code == 200
    assert HandRaise.objects.count() == 1
    assert client.get("/talk/nosuchid/").status_code == 404


def test_the_basket_follows_the_seats_that_were_typed(client):
    post(client, "seats", query="&plan=fieldnote/team&seats=300&interval=month&currency=usd", seats="500")
    assert HandRaise.objects.get().basket["total_minor"] == 500 * 1200


def test_the_cart_travels_along(client):
    client.get("/cart/new/", {"plan": "fieldnote/team", "seats": 12, "interval": "year", "currency": "eur"})
    assert "Team for 12 seats" in client.get(f"{TALK}?reason=terms").content.decode()
    post(client, "terms")
    made = HandRaise.objects.get()
    assert made.cart == Cart.objects.get()
    assert made.basket["total_minor"] == 12 * 15000


def test_a_signed_in_person_is_not_asked_for_an_address(client, cast):
    client.force_login(cast.owner)
    text = client.get(f"{TALK}?reason=other").content.decode()
    assert 'name="email"' not in text
    assert "We answer to owner@acme.example" in text
    client.post(
        f"{TALK}?reason=other", {"message": "Hello", "channel": "mail", "phone": "", "click": "c", "email": "x@y.example"}
    )
    made = HandRaise.objects.get()
    assert (made.contact_email, made.organization, made.user) == ("owner@acme.example", cast.acme, cast.owner)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channel": "phone"}, "No call can be promised for this now."),
        ({"email": "nobody"}, "email"),
        ({"message": ""}, "required"),
    ],
)
def test_a_form_that_lacks_something_is_shown_again_with_what_was_typed(client, changes, said):
    response = post(client, "other", **changes)
    assert response.status_code == 422
    text = response.content.decode()
    assert said in text
    assert "Ada Example" in text
    assert not HandRaise.objects.exists()


def test_a_double_click_is_one_request(client):
    first, second = post(client), post(client)
    assert first["Location"] == second["Location"]
    assert HandRaise.objects.count() == 1


def test_too_many_requests_are_told_that_the_earlier_ones_stand(client):
    for number in range(5):
        assert post(client, click=f"click-{number}").status_code == 302
    response = post(client, click="click-6")
    assert response.status_code == 429
    assert "They stand, and are answered" in response.content.decode()
    assert HandRaise.objects.count() == 5


def test_too_many_from_one_network(client, monkeypatch):
    for number in range(20):
        assert post(client, click=f"click-{number}", email=f"p{number}@acme.example").status_code == 302
    assert post(client, click="last", email="last@acme.example").status_code == 429


def test_a_reason_nobody_has_shows_the_reasons(client):
    assert "<textarea" not in client.get(f"{TALK}?reason=nonsense").content.decode()
    assert client.post(f"{TALK}?reason=nonsense", CONTACT).status_code == 200
    assert not HandRaise.objects.exists()


def test_queries_of_the_talk_page(client, cast, django_assert_max_num_queries, kept):
    client.get(TALK)
    with django_assert_max_num_queries(0):
        client.get(TALK)
    client.force_login(cast.owner)
    with django_assert_max_num_queries(5):  # session, person, organization, its profile, its cart
        client.get(f"{TALK}?reason=other")
