"""Where customers are taxed, and at which rate: Stripe Tax's part of the sandbox, in small.

One rate a country; what a real tax engine decides by product, state and threshold is left out. The country of the shipping
address counts, else that of the address, else that of the card's billing details. (Stripe wants a postal code too in the US and
Canada; here a country is enough everywhere.)
"""

from dataclasses import dataclass

from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# Standard rates in per cent, by country: a sample that is good enough to see taxes with. What is not listed isn't taxed.
VAT_OF_EU = (
    "AT 20, BE 21, BG 20, CY 19, CZ 21, DE 19, DK 25, EE 24, ES 21, FI 25.5, FR 20, GR 24, HR 25, HU 27, IE 23, IT 22, LT 21, "
    "LU 17, LV 21, MT 18, NL 21, PL 23, PT 23, RO 21, SE 25, SI 22, SK 23"
)
EU: dict[str, str] = {entry.split()[0]: entry.split()[1] for entry in VAT_OF_EU.split(", ")}
RATES: dict[str, tuple[str, str]] = {
    **{country: (rate, "vat") for country, rate in EU.items()},
    "GB": ("20", "vat"),
    "CH": ("8.1", "vat"),
    "NO": ("25", "vat"),
    "AU": ("10", "gst"),
    "NZ": ("15", "gst"),
    "SG": ("9", "gst"),
    "JP": ("10", "jct"),
    "CA": ("5", "gst"),
}
NAMES = {"vat": "VAT", "gst": "GST", "jct": "JCT"}
# Tax ids that make a business abroad owe the tax itself.
BUSINESS = {"eu_vat": frozenset(EU), "gb_vat": frozenset({"GB"}), "no_vat": frozenset({"NO"}), "ch_vat": frozenset({"CH"})}


@dataclass(frozen=True)
class Place:
    """Where a customer is taxed. `country` None: it is not known."""

    country: str | None
    state: str | None
    source: str
    exempt: str


def of(tx: Transaction, customer: Obj, method: Obj | None = None) -> Place:
    """Where a customer is taxed, and whether it is exempt: by its own setting, or as a business of another country."""
    country, state, source = _where(customer, method)
    exempt = customer.get("tax_exempt") or "none"
    if exempt == "none" and country and _reverses(tx, customer, country):
        exempt = "reverse"
    return Place(country, state, source, exempt)


def _where(customer: Obj, method: Obj | None) -> tuple[str | None, str | None, str]:
    known = (
        ((customer.get("shipping") or {}).get("address"), "shipping_destination"),
        (customer.get("address"), "billing_address"),
        (((method or {}).get("billing_details") or {}).get("address"), "payment_method"),
    )
    for address, source in known:
        if (address or {}).get("country"):
            assert address is not None
            return address["country"], address.get("state"), source
    return None, None, "billing_address"


def _reverses(tx: Transaction, customer: Obj, country: str) -> bool:
    """A business with a tax id of its country, which nobody has found wrong, sold to from another one."""
    if country == tx.account.settings["country"] or country not in RATES:
        return False
    return any(
        country in BUSINESS.get(row["type"], ()) and row["verification"]["status"] != "unverified"
        for row in tx.find("tax_id", "customer", customer["id"])
    )


def status(place: Place) -> str:
    return "complete" if place.country else "requires_location_inputs"


def shown(tx: Transaction, customer: Obj) -> Obj:
    """The customer's `tax`, as the API shows it on request."""
    place = of(tx, customer)
    known = "not_collecting" if place.country not in RATES else "supported"
    location = {"country": place.country, "source": place.source, "state": place.state} if place.country else None
    return {
        "automatic_tax": known if location else "unrecognized_location",
        "ip_address": None,
        "location": location,
        "provider": "stripe",
    }
