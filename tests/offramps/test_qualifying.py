"""Qualification at the click: to a person, to the store, or politely to nobody; what decided stays on the lead."""

import pytest
from django.core.cache import cache

from accounts.models import OutgoingMail, Segment
from config import clock
from offramps.models import Countdown, HandRaise, Lead
from tests import factories
from tests.shop import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


def small(cast):
    cast.acme.profile.segment = Segment.SMB
    cast.acme.profile.save()


def test_under_the_threshold_the_store_answers_until_a_trigger_fits(floor, cast, client):
    floor.rep("Ann", hours=(0, 24))
    small(cast)
    floor.click(clock.now(), channel="mail", basket={"seats": 3})
    lead = Lead.objects.get()
    assert (lead.fit, lead.fit_score, lead.fit_decided_by, lead.pool) == ("self_service", 47, "employees", None)
    assert lead.fit_parts == {"employees": 10, "industry": 15, "region": 15, "use": 7, "threshold": 56}
    client.force_login(cast.owner)
    assert "Most companies like yours need nobody" in text(client.get(f"/talk/{HandRaise.objects.get().public_id}/"))
    assert OutgoingMail.objects.filter(kind="offramps/hand_raised").count() == 1, "answered by mail all the same"
    assert floor.click(clock.now(), answers={"seats": 60}) is not None
    lead.refresh_from_db()
    assert (lead.fit, lead.fit_score, lead.pool.name, lead.priority) == ("routed", 70, "Europe", 2)
    client.force_login(cast.admin)
    page = text(client.get(f"/desk/cases/{lead.public_id}/"))
    assert "Fits: to a person (Seats)" in page
    assert "70, from 56 on a person" in page
    assert "Fits: to a person (Seats)" in text(client.get(f"/admin/offramps/lead/{lead.pk}/change/"))


def test_a_competitor_and_an_unserved_region_are_told_politely(floor, cast, client):
    floor.rep("Ann", hours=(0, 24), skills=["legal"])
    factories.rule("offramps.competitor_domains", ["rival.example"])
    contact = {"email": "eve@mail.rival.example", "name": "Eve", "click": "one", "message": "Tell me all", "channel": "mail"}
    page = client.post("/talk/?reason=other", contact, follow=True)
    assert "Thank you for asking" in text(page)
    lead = Lead.objects.get()
    assert (lead.state, lead.fit, lead.fit_decided_by) == ("not_a_fit", "competitor", "competitor")
    assert HandRaise.objects.get().state == "closed"
    assert not OutgoingMail.objects.exists()
    assert not Countdown.objects.exists()
    factories.rule("offramps.unserved_regions", ["europe"])
    client.force_login(cast.owner)
    assert "We have no people for your region yet" in text(client.get("/talk/?reason=other"))
    assert "We have no people" not in text(client.get("/talk/?reason=legal"))
    assert floor.click(clock.now(), reason="legal") is not None
    assert Lead.objects.get(topic="legal").fit == "at_once"
