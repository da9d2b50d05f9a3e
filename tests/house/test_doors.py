"""The doors: what the middleware answers is what the URLconf names."""

from django.conf import settings
from django.urls import resolve
from django.utils.module_loading import import_string


def test_each_door_is_in_the_urlconf_with_the_same_view():
    assert settings.DOORS
    for path, name in settings.DOORS.items():
        assert resolve(path).func is import_string(name)
