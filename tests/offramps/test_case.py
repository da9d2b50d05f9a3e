"""A case: what a rep sees of the customer, writes down, and hands back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import rendering
from billing.services.selling import carts
from config import clock
from offramps.models import CallSlot, Lead, LeadNote, LeadState, NextStep, SlotState
from offramps.queries import hand_raises as hand_raise_queries
from offramps.queries import roster
from offramps.services import offers
from tests.shop import text

pytestmark = pytest.mark.django_db
PAGE = Origin(source=Source.PAGE)


@pytest.fixture
def ann(floor, client):
    """A rep who works around the clock in Berlin, signed in."""
    made = floor.rep("Ann", hours=(0, 24), meeting_url="https://meet.example/ann")
    for day in (5, 6):
        made.shifts.create(weekday=day, starts_minute=0, ends_minute=24 * 60)
    roster.forget()
    client.force_login(made.user)
    return made


def url(name, lead):
    return reverse(f"offramps:case{name}", args=[lead.public_id])


@pytest.mark.usefixtures("on_sale")
def test_the_cart_costs_the_same_everywhere(ann, floor, client, cast, django_assert_max_num_queries):
    now = clock.now()
    wanted = carts.Wanted(plan="fieldnote/team", seats=40, interval="year", currency="usd")
    cart = carts.start(wanted=wanted, at=now, origin=Origin(actor=cast.owner, source=Source.PAGE), organization=cast.acme)
    basket = hand_raise_queries.basket_of(cart, now)
    held = floor.click(now, cart=cart, basket=basket)
    offers.accept(held, rep=ann, at=now, origin=PAGE)
    with django_assert_max_num_queries(22):
        page = text(client.get(url("", held.lead)))
    said = f"${basket['total_minor'] / 100:,.2f}".removesuffix(".00")
    assert page.count(said) == 2, "at the click, and now"
    client.force_login(cast.owner)
    assert said in text(client.get("/cart/"))
    client.force_login(ann.user)
    client.post(url("_return", held.lead), {"note": "Standard terms are enough."})
    mail = OutgoingMail.objects.get(kind="offramps/handed_back")
    assert mail.context["cart_url"].endswith("/cart/")
    assert mail.context["basket"]["total_minor"] == basket["total_minor"]


def test_what_happened_is_told_and_written_down(ann, floor, client, cast):
    held = floor.click(clock.now())
    offers.accept(held, rep=ann, at=held.clicked_at + timedelta(seconds=12), origin=Origin(actor=ann.user, source=Source.PAGE))
    lead = held.lead
    page = text(client.get(url("", lead)))
    assert 'href="tel:+49301"' in page
    for said in ("Lead opened", "Rang at Ann", "Accepted after 12 s", "Call accepted"):
        assert said in page
    assert "View as the customer" not in page, "the rep's group decides"
    assert "Write something" in text(client.post(url("_note", lead), {"text": "  "}, follow=True))
    assert "Needs <b>SSO</b>" in text(client.post(url("_note", lead), {"text": "Needs <b>SSO</b>"}, follow=True))
    assert (LeadNote.objects.get().author, LeadNote.objects.count()) == (ann.user, 1)
    Lead.objects.update(channel="video")
    assert "https://meet.example/ann" in text(client.get(url("", lead)))


def test_what_is_next_has_a_time_and_one_at_once(ann, floor, client):
    lead = floor.click(clock.now()).lead

    def step(**said):
        return text(client.post(url("_step", lead), said, follow=True))

    tomorrow = (clock.now() + timedelta(days=1)).astimezone(ZoneInfo("Europe/Berlin"))
    assert "Say by when" in step(text="Send the DPA", due_at="soon")
    assert "Say by when" in step(text="Send the DPA", due_at="2027-02-31T10:00")
    assert "That time is over" in step(text="Send the DPA", due_at="2020-01-01T10:00")
    assert "Say what is next" in step(text=" ", due_at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    assert not NextStep.objects.exists()
    step(text="Send the DPA", due_at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    assert NextStep.objects.get().due_at == datetime(*tomorrow.timetuple()[:5], tzinfo=ZoneInfo("Europe/Berlin"))
    assert "Call again" in step(text="Call again", due_at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    assert list(NextStep.objects.filter(done_at=None).values_list("text", flat=True)) == ["Call again"]
    step(done="yes")
    assert not NextStep.objects.filter(done_at=None).exists()


def test_handed_back_with_a_note_the_clock_ends_and_the_cart_comes_by_mail(ann, floor, client):
    held = floor.click(clock.now(), basket={"plan": "fieldnote/team", "name": "Team", "seats": 120, "interval": "year"})
    floor.until(held.clicked_at + timedelta(seconds=90))
    lead = held.lead
    assert CallSlot.objects.get().state == SlotState.HELD
    assert "Say to the customer" in text(client.post(url("_return", lead), {"note": ""}, follow=True))
    page = text(client.post(url("_return", lead), {"note": "Buy online:\nit is faster."}, follow=True))
    assert "Handed back. The customer has your note" in page
    lead.refresh_from_db()
    held.refresh_from_db()
    assert (lead.state, held.state, CallSlot.objects.get().state) == (LeadState.HANDED_BACK, "over", SlotState.RELEASED)
    mail = OutgoingMail.objects.get(kind="offramps/handed_back")
    assert mail.recipient == "ada@acme.example"
    assert "/cart/new/?plan=fieldnote%2Fteam&seats=120&interval=year" in mail.context["cart_url"]
    for locale, said in (("en", "Your cart is yours again"), ("de", "Ihr Warenkorb")):
        mail.locale = locale
        sent = rendering.message(mail)
        assert said in sent.subject
        assert "it is faster." in sent.body
        assert "it is faster." in str(sent.alternatives[0][0])
    assert "It was closed already." in text(client.post(url("_return", lead), {"note": "Again"}, follow=True))
    due = {"text": "x", "due_at": "2099-01-01T10:00"}
    assert "It was closed already." in text(client.post(url("_step", lead), due, follow=True))


def test_a_manager_who_is_no_rep_opens_each_case_and_views_as_the_customer(ann, floor, client, cast):
    lead = floor.click(clock.now()).lead
    client.force_login(cast.staff_member("manager"))
    page = text(client.get(url("", lead)))
    assert reverse("admin:accounts_organization_viewing", args=[cast.acme.pk]) in page
    assert client.post(url("_note", lead), {"text": "Look at this"}).status_code == 302
    for group in ("rep", "csm", "support"):
        client.force_login(cast.staff_member(group))
        assert client.get(url("", lead)).status_code == 404
        assert client.post(url("_note", lead), {"text": "Mine"}).status_code == 404
    assert LeadNote.objects.count() == 1
