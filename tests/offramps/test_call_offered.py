"""The talk page offers a call where one will come, says how soon, and asks only what a call needs."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from accounts.models import OutgoingMail
from accounts.services import rendering
from config import clock
from offramps.models import Countdown, HandRaise, Lead
from tests.shop import text

pytestmark = pytest.mark.django_db
TALK = "/talk/"
NOON = datetime(2027, 3, 24, 10, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin
NIGHT = NOON.replace(hour=20)
CALL = {"name": "Ada", "email": "ada@new.example", "channel": "phone", "phone": "+49 30 1234567", "click": "c", "message": "Hi"}


@pytest.fixture(autouse=True)
def _shop(on_sale):
    cache.clear()


@pytest.fixture
def at(monkeypatch):
    def say(instant):
        monkeypatch.setattr(clock, "now", lambda: instant)

    say(NOON)
    return say


@pytest.fixture
def ask(client, at):
    return lambda query: text(client.get(f"{TALK}?{query}"))


def is_offered(page):
    return 'value="phone"' in page


def test_a_call_within_seconds_where_somebody_is_on_duty(floor, ask, at):
    assert not is_offered(ask("reason=security")), "nobody works here"
    floor.rep("Ann", skills=["security"])
    page = ask("reason=security")
    assert is_offered(page)
    assert "A person calls you within 90 seconds, if you like" in page
    assert not is_offered(ask("reason=legal")), "nobody who may answer it"
    at(NIGHT)
    page = ask("reason=security")
    assert is_offered(page)
    assert "a time is held for you at once" in page
    assert "90 seconds" not in page


def test_a_small_company_is_answered_by_mail_and_a_large_one_may_be_called(floor, ask, client):
    floor.rep("Ann")
    page = ask("reason=terms")
    assert not is_offered(page)
    assert "A person answers by mail by the end of" in page
    assert "How many people work at your company?" in page
    page = ask("reason=terms&people=1000-4999")
    assert is_offered(page)
    assert '<option value="1000-4999" selected>' in page
    assert not is_offered(ask("reason=terms&people=many"))
    client.post(f"{TALK}?reason=terms&people=1000-4999", {**CALL, "time_zone": "America/New_York"})
    lead = Lead.objects.get()
    assert (lead.segment, lead.time_zone, lead.contact_phone) == ("enterprise", "America/New_York", "+49 30 1234567")
    assert HandRaise.objects.get().answers == {"message": "Hi", "time_zone": "America/New_York", "people": "1000-4999"}
    assert Countdown.objects.get().clicked_at == NOON
    mail = rendering.message(OutgoingMail.objects.get(kind="offramps/hand_raised"))
    assert mail.subject == "We call you"
    assert "a person calls you" in mail.body


def test_from_so_many_seats_on(floor, ask, client):
    floor.rep("Ann", skills=["pricing"])
    page = ask("reason=discount")
    assert is_offered(page)
    assert "We call from 50 seats on; for fewer we answer by mail." in page
    assert "90 seconds" not in page
    assert "within 90 seconds" in ask("reason=discount&plan=fieldnote/team&seats=60")
    answer = client.post(f"{TALK}?reason=discount", {**CALL, "seats": "20"})
    assert answer.status_code == 422
    assert "We call from 50 seats on. Choose mail, and it is answered there." in text(answer)
    assert not HandRaise.objects.exists()
    assert client.post(f"{TALK}?reason=discount", {**CALL, "seats": "60"}).status_code == 302
    assert Countdown.objects.exists()


def test_a_form_from_before_everybody_left(client, at):
    answer = client.post(f"{TALK}?reason=terms", CALL)
    assert answer.status_code == 422
    assert "No call can be promised for this now." in text(answer)
    assert not HandRaise.objects.exists()
    answer = client.post(f"{TALK}?reason=terms", {**CALL, "channel": "mail", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 302
    assert HandRaise.objects.get().answers == {"message": "Hi"}


@pytest.mark.parametrize("phone", ["12345", "call me", "+49 30 12a456", "1" * 16, "++49301234567"])
def test_a_number_that_is_none(phone, floor, client, at):
    floor.rep("Ann")
    answer = client.post(f"{TALK}?reason=terms&people=500-999", {**CALL, "phone": phone})
    assert answer.status_code == 422
    assert "Write the whole number in digits, for example +49 30 1234567." in text(answer)
    german = client.post(f"{TALK}?reason=terms&people=500-999", {**CALL, "phone": phone}, headers={"Accept-Language": "de"})
    assert "Schreiben Sie die ganze Nummer in Ziffern" in text(german)


@pytest.mark.parametrize("phone", ["030 123456", "+49 (0)30 / 123-456", "123456"])
def test_a_number_as_people_write_it(phone, floor, client, at):
    floor.rep("Ann")
    assert client.post(f"{TALK}?reason=terms&people=500-999", {**CALL, "phone": phone}).status_code == 302


def test_no_number_for_a_call(floor, client, at):
    floor.rep("Ann")
    answer = client.post(f"{TALK}?reason=terms&people=500-999", {**CALL, "phone": ""})
    assert "Give a number to call, or choose mail or video." in text(answer)


def test_of_an_organization_size_and_place_are_known(floor, ask, client, cast, django_assert_max_num_queries):
    floor.rep("Ann")
    client.force_login(cast.owner)
    page = ask("reason=terms")
    assert is_offered(page)
    assert "How many people" not in page
    assert "data-time-zone" not in page
    with django_assert_max_num_queries(7):  # session, person, organization, its profile, its cart, who has it already
        client.get(f"{TALK}?reason=terms")
