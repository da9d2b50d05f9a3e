"""Instants for readers elsewhere: in a named zone, and in store time."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Invitation, OutgoingMail
from accounts.origin import Origin
from accounts.services import invitations, outbox, rendering
from billing.services.changes import seats
from config import clock, words
from tests.shop import text

AT = datetime(2027, 3, 1, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language", "said"),
    [
        ("Europe/Berlin", "en", "14:05 (Berlin time)"),
        ("America/New_York", "en", "08:05 (New York time)"),
        ("UTC", "en", "13:05 (UTC)"),
        ("Europe/Berlin", "de", "14:05 Uhr (Ortszeit Berlin)"),
    ],
)
def test_a_moment_names_its_zone(db, zone, language, said):
    with timezone.override(ZoneInfo(zone)), translation.override(language):
        assert words.named_moment(AT).endswith(said)


def test_page_and_mail_of_an_invitation_say_the_same_time(client, cast, monkeypatch):
    cast.acme.time_zone = "America/New_York"
    cast.acme.save()
    kept = {}
    monkeypatch.setattr(invitations.keys, "new_token", lambda: kept.setdefault("token", "a" * 43))
    invitations.invite(
        organization=cast.acme,
        emails=["ada@acme.example"],
        role="member",
        with_seat=False,
        origin=Origin(actor=cast.owner),
        at=clock.now(),
    )
    row = Invitation.objects.get()
    with timezone.override(ZoneInfo("America/New_York")):
        said = words.named_moment(row.expires_at)
    assert "New York time" in said
    mail = rendering.message(OutgoingMail.objects.get(kind="accounts/invitation"))
    assert said in mail.body
    page = text(client.get(reverse("storefront:invitation", args=[kept["token"]])))
    assert said in page.replace("</time>", "")


def test_a_mail_is_dated_in_store_time(cast, shop):
    shop.move_store(86_400 * 9)
    outbox.write(kind="accounts/welcome", subject_row="test", to=cast.owner, organization=cast.acme, context={}, at=clock.now())
    built = rendering.message(OutgoingMail.objects.get(subject_row="test")).message()
    assert abs(parsedate_to_datetime(built["Date"]) - clock.now()) < timedelta(minutes=1)


def test_a_price_holds_in_store_time(cast, shop):
    row = shop.buy(cast.acme, cast.owner, seats=10)
    shop.advance(days=3)
    now = clock.now()
    offered = seats.offer(shop.fresh(row), seats=12, at=now)
    assert offered.expires_at == offered.preview.proration_at + timedelta(minutes=15)
    late = offered.expires_at + timedelta(seconds=1)
    with pytest.raises(seats.Stale) as refused:
        seats.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=late)
    assert refused.value.fresh is not None
    in_time = seats.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=now + timedelta(minutes=14))
    assert in_time.state == "done"
