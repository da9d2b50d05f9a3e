"""The doors: what the middleware answers is an address of the URLconf, and what a door leaves open goes on to its view."""

from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils.module_loading import import_string


def test_each_door_is_in_the_urlconf_with_the_same_view_or_one_it_hands_on_to():
    assert settings.DOORS
    for path, name in settings.DOORS.items():
        door = import_string(name)
        if resolve(path).func is not door:
            assert door(RequestFactory().get(path)) is None, f"{name} refuses by itself what {path} should say"


def test_what_a_door_hands_on_is_answered_by_the_view(db):
    answer = Client().get("/api/v1/entitlements?feature=notes")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:storefront:problem:not-authenticated")
