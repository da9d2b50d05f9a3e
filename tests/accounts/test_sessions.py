"""Where one is signed in: devices in words, and signing the others out."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import sign_in_guard
from accounts.rules import devices
from accounts.services import past_sessions
from config import clock
from tests.accounts import factors

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"


@pytest.mark.parametrize(
    ("said", "browser", "system"),
    [
        (FIREFOX, "Firefox", "Windows"),
        (SAFARI, "Safari", "iPhone"),
        (EDGE, "Edge", "Windows"),
        ("curl/8.5", "", ""),
        ("", "", ""),
    ],
)
def test_devices_in_words(said, browser, system):
    assert devices.read(said) == devices.Device(browser, system)


@pytest.fixture
def two(db):
    """One person in two browsers."""
    person = factors.person()
    here, there = Client(headers={"User-Agent": FIREFOX}), Client(headers={"User-Agent": SAFARI})
    factors.sign_in(here, person)
    factors.sign_in(there, person)
    return here, there


def test_both_are_listed_and_the_present_one_is_marked(two):
    html = two[0].get(reverse("usersessions_list")).content.decode()
    assert "Firefox on Windows" in html
    assert "Safari on iPhone" in html
    assert html.count("This one") == 1


def test_the_others_are_signed_out_and_this_one_stays(two):
    here, there = two
    here.post(reverse("usersessions_list"))
    assert here.get(reverse("account_email")).status_code == 200
    assert there.get(reverse("account_email")).status_code == 302
    assert "signed in here only" in here.get(reverse("usersessions_list")).content.decode()


def test_somebody_elses_sessions_are_neither_shown_nor_ended(two):
    other = factors.person(email="bob@acme.example")
    stranger = Client(headers={"User-Agent": EDGE})
    factors.sign_in(stranger, other)
    assert "Firefox" not in stranger.get(reverse("usersessions_list")).content.decode()
    stranger.post(reverse("usersessions_list"))
    assert two[0].get(reverse("account_email")).status_code == 200


def test_last_used_is_noted_once_an_hour(two, monkeypatch):
    here, _there = two
    session = UserSession.objects.get(user_agent=FIREFOX)
    UserSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - timedelta(days=2))
    monkeypatch.setattr(sign_in_guard, "seen", sign_in_guard.Seen())
    here.get(reverse("account_change_password"))  # in the first hour it is not worth a statement
    session.refresh_from_db()
    assert session.last_seen_at < timezone.now() - timedelta(days=1)
    real = time.time
    monkeypatch.setattr("accounts.sign_in_guard.time.time", lambda: real() + 4000)
    here.get(reverse("account_change_password"))
    session.refresh_from_db()
    assert session.last_seen_at > timezone.now() - timedelta(minutes=1)
    UserSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - timedelta(days=2))
    here.get(reverse("account_change_password"))  # noted already
    session.refresh_from_db()
    assert session.last_seen_at < timezone.now() - timedelta(days=1)


def test_what_is_over_is_forgotten_with_its_address(two):
    assert past_sessions.forget(clock.wall()) == 0
    assert past_sessions.forget(clock.wall() + timedelta(days=15)) == 2
    assert not UserSession.objects.exists()
    assert two[0].get(reverse("account_email")).status_code == 302
