"""The brand's colours and manifest, served as files."""

import re

import pytest
import requests
from django.http import HttpResponseRedirect

from billing import sandbox_control
from config import brand


def test_the_stylesheet_carries_the_settings_and_is_kept_for_ever(settings, rf):
    settings.BRAND = settings.BRAND | {"accent_hue": 250.0, "accent_chroma": 0.12}
    digest = brand.stylesheet_url().split(".")[-2]
    response = brand.css(rf.get("/"), digest)
    assert response.content == b":root{--accent-hue:250;--accent-chroma:0.12}\n"
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response["Cache-Control"]


def test_another_colour_has_another_address_and_the_old_one_leads_there(settings, rf):
    before = brand.stylesheet_url()
    settings.BRAND = settings.BRAND | {"accent_hue": 30.0}
    after = brand.stylesheet_url()
    assert before != after
    response = brand.css(rf.get(before), before.split(".")[-2])
    assert isinstance(response, HttpResponseRedirect)
    assert response.url == after
    assert "immutable" not in response.get("Cache-Control", "")


@pytest.mark.parametrize(("hue", "chroma", "said"), [(400, 0.1, "hue:40;"), (165, 0.37, "chroma:0.16}"), (0, -1, "chroma:0}")])
def test_colours_stay_where_contrast_is_tested(hue, chroma, said):
    assert said in brand.stylesheet(hue, chroma)


def test_mails_get_the_accent_as_hex(settings):
    settings.BRAND = settings.BRAND | {"accent_hue": 165.0, "accent_chroma": 0.0}
    assert brand.accent_hex(1.0) == "#ffffff"
    assert brand.accent_hex(0.0) == "#000000"
    settings.BRAND = settings.BRAND | {"accent_chroma": 0.105}
    red, green, blue = (int(part, 16) for part in re.findall("..", brand.accent_hex(0.49)[1:]))
    assert green > blue > red


def test_the_sandboxs_payment_pages_name_it(shop):
    sandbox_control.name_merchant("Globex Notes")
    assert shop.control("GET", "settings")["name"] == "Globex Notes"
    page = requests.get(shop.start(seats=10).url, timeout=30).text
    assert "Globex Notes" in page
