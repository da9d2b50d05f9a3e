"""Countries and time zones as choices, in the reader's language."""

import functools
import importlib.resources
import zoneinfo

from babel import Locale
from django.utils import translation

from accounts.rules import geography


def countries() -> list[tuple[str, str]]:
    """(code, name) of every country, by name in the active language."""
    return _countries(translation.to_locale(translation.get_language() or "en"))


def time_zones() -> list[tuple[str, str]]:
    """(name, name as people read it) of every zone that has a place."""
    return _time_zones()


def usual_time_zone(country: str) -> str:
    """The zone of most people in a country (the first that the zone table lists for it); UTC for one without."""
    return _usual_zones().get(country, "UTC")


@functools.lru_cache(maxsize=16)
def _countries(locale: str) -> list[tuple[str, str]]:
    names = Locale.parse(locale).territories
    found = [(code, names.get(code, code)) for code in geography.REGION_OF]
    return sorted(found, key=lambda pair: _sortable(pair[1]))


def _sortable(name: str) -> str:
    return name.translate(str.maketrans("ÄÖÜÅÇÉÍäöüåçéíôã", "AOUACEIaouaceioa")).casefold()


@functools.cache
def _time_zones() -> list[tuple[str, str]]:
    places = {
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))
    }
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(places))]


@functools.cache
def _usual_zones() -> dict[str, str]:
    # tzdata's table is ordered by population within a country.
    table = (importlib.resources.files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _coordinates, name = line.split("\t")[:3]
            found.setdefault(country, name)
    return found
