"""Automatic tax: the rates that Stripe Tax would put on a line, by the customer's place (`places`).

Prices of `tax_behavior` unspecified are taken as Stripe's default has it: exclusive in dollars of the US and Canada, inclusive
in every other currency.
"""

from billing.sandbox import errors, places
from billing.sandbox.engine import tax_rates
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

EXCLUSIVE = {"usd", "cad"}


def rates_of(tx: Transaction, line: Obj, place: places.Place) -> list[str]:
    """The rates of a line, as ids; a rate is made the first time that it is needed."""
    if place.country not in places.RATES:
        return []
    percentage, kind = places.RATES[place.country]
    price = tx.get("price", ((line["pricing"] or {}).get("price_details") or {}).get("price")) or {}
    behavior = line.get("_tax_behavior") or price.get("tax_behavior") or "unspecified"
    inclusive = behavior == "inclusive" or (behavior == "unspecified" and line["currency"] not in EXCLUSIVE)
    identity = f"txr_automatic{place.country}{'inclusive' if inclusive else 'exclusive'}"
    if tx.get("tax_rate", identity) is None:
        wanted = {
            "percentage": percentage,
            "inclusive": inclusive,
            "active": False,
            "country": place.country,
            "display_name": places.NAMES[kind],
            "jurisdiction": place.country,
            "tax_type": kind,
        }
        tx.add(tax_rates.new(tx, wanted, id=identity, jurisdiction_level="country", _reason="standard_rated"), silent=True)
    return [identity]


def check(tx: Transaction, customer: Obj, method: Obj | None = None) -> None:
    """Raise Stripe's refusal of a customer who is nowhere."""
    if places.of(tx, customer, method).country is None:
        raise errors.invalid(
            "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
            code="customer_tax_location_invalid",
        )


def setting(wanted: Obj | None) -> Obj:
    """The `automatic_tax` of an object that was told to tax by itself, or not."""
    enabled = bool((wanted or {}).get("enabled"))
    return {"enabled": enabled, "liability": {"type": "self", "account": None} if enabled else None, "disabled_reason": None}
