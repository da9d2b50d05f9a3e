"""Names for the demo's many companies and people: put together from syllables, so that they name nobody. Mail domains are
below .example, which cannot be registered (RFC 2606)."""

import random
from typing import Final

_BEGINNINGS: Final = (
    *("Quor", "Zimb", "Vrell", "Ostr", "Plim", "Drov", "Skell", "Throm", "Wexl", "Yarm"),
    *("Grib", "Blent", "Crund", "Fessl", "Hobr", "Jolv", "Knarl", "Lumb", "Morv", "Nimbr"),
)
_ENDINGS: Final = ("avik", "ondo", "umber", "ettle", "isk", "olm", "anzo", "ickel", "urra", "embly")

TRADES: Final[dict[str, tuple[str, ...]]] = {
    "construction": ("Roofing", "Scaffolding", "Civil Works", "Carpentry", "Paving"),
    "energy": ("Grid Services", "Solar", "Pipelines"),
    "real_estate": ("Facilities", "Property Care", "Lifts"),
    "professional": ("Surveying", "Inspection", "Engineers"),
    "manufacturing": ("Boilers", "Castings", "Conveyors"),
    "logistics": ("Haulage", "Cold Chain", "Depots"),
    "hospitality": ("Hotels", "Catering"),
    "public": ("Waterworks", "Road Authority"),
    "health": ("Care Homes", "Laboratories"),
}

_FIRST: Final = (
    *("Ada", "Bela", "Cora", "Dario", "Edda", "Finn", "Gesa", "Hugo", "Ines", "Jaro", "Kira", "Leon", "Mira", "Nils", "Oda"),
    *("Pavel", "Rosa", "Silas", "Tilda", "Umar", "Vera", "Wim", "Yuki", "Zoe", "Amir", "Brita", "Ciro", "Dunja", "Emre"),
)
_LAST: Final = (
    *("Trestle", "Gable", "Rafter", "Spindle", "Ferrule", "Bracket", "Dowel", "Chisel", "Mallet", "Awning", "Parapet"),
    *("Culvert", "Gutter", "Flange", "Bobbin", "Tenon", "Purlin", "Gasket", "Shim", "Trowel", "Plinth", "Corbel", "Mullion"),
)

MOST: Final = len(_BEGINNINGS) * len(_ENDINGS)
"""So many companies have a name of their own."""


def word(number: int) -> str:
    """The invented word of the company of this number, from 0 to `MOST`: no two have the same."""
    return f"{_BEGINNINGS[number * 7 % len(_BEGINNINGS)]}{_ENDINGS[number // len(_BEGINNINGS)]}"


def people(count: int, chance: random.Random) -> list[str]:
    """So many different people's names."""
    pairs = chance.sample(range(len(_FIRST) * len(_LAST)), count)
    return [f"{_FIRST[pair % len(_FIRST)]} {_LAST[pair // len(_FIRST)]}" for pair in pairs]
