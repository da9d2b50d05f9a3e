"""Offers in a chat: written with the offer, tried again while the server refuses, and never sent inside."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from config import clock
from offramps.models import ChatHook, ChatMessage, Offer
from offramps.services import chat, chat_hooks
from tests import receiver
from tests.offramps.conftest import PAGE
from tests.shop import text

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)
WHO = {"at": CLICK, "origin": PAGE}


def sent(at):
    """Turns of the lane until it is quiet."""
    while chat.drain(at).handled:
        pass


def test_an_offer_is_said_in_the_chats_of_its_rep_and_its_pool(floor, cast, client):
    ann = floor.rep("Ann")
    client.force_login(cast.staff_member("manager"))
    ask = reverse("admin:offramps_rep_chat", args=[ann.pk])
    for wrong in ("https://10.0.0.1/hook", "http://hooks.example/a", "https://ada:x@hooks.example/"):
        assert client.post(ask, {"url": wrong}).status_code == 422
    with receiver.listening() as of_rep, receiver.listening() as of_pool:
        assert client.post(ask, {"url": of_rep.url}).status_code == 302
        chat_hooks.connect(floor.pools["Europe"], url=of_pool.url, **WHO)
        assert of_rep.url not in ChatHook.objects.get(rep=ann).sealed, "whoever reads the row cannot write there"
        of_rep.answers = [(500, {}, b"")] * 2 + [(200, {}, b"ok")]
        floor.customer.name = "Acme & <Sons>"
        floor.customer.save()
        floor.click(CLICK)
        now = clock.wall() + timedelta(seconds=1)
        sent(now)
        assert (len(of_rep.taken), len(of_pool.taken)) == (1, 1)
        assert "Answered 500" in text(client.get(ask))
        for later in (1, 3):
            sent(now + timedelta(seconds=later))
        sent(now + timedelta(hours=1))
        assert (len(of_rep.taken), len(of_pool.taken)) == (3, 1), "again after one second and two, then no more"
    _headers, body = of_rep.taken[-1]
    said = body.decode()
    assert '"text": "Acme &amp; &lt;Sons&gt; asks for a call: ' in said
    assert "It rings at Ann until 11:00." in said
    assert "/desk/|Desk>" in said
    assert "ada@" not in said
    assert set(ChatMessage.objects.values_list("state", flat=True)) == {"sent"}
    assert ChatHook.objects.get(rep=ann).failure == ""
    assert of_rep.url not in text(client.get(ask))


def test_a_dead_server_is_given_up_and_none_is_asked_once_it_is_taken_away(floor):
    ann = floor.rep("Ann")
    chat_hooks.connect(ann, url="http://127.0.0.1:9/", **WHO)
    with pytest.raises(ValidationError):
        chat_hooks.connect(ann, url="https://", **WHO)
    held = floor.click(CLICK)
    now = clock.wall()
    for minute in range(1, 10):
        sent(now + timedelta(minutes=minute))
    message = ChatMessage.objects.get(offer=held.offers.get())
    assert (message.state, message.attempts, message.hook.failure) == ("failed", chat.MOST_TRIES, "connect")
    chat_hooks.connect(ann, url=" ", **WHO)
    Offer.objects.update(outcome="withdrawn", outcome_at=CLICK)
    floor.click(CLICK, reason="terms")
    assert not ChatMessage.objects.exists()
