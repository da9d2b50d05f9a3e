"""A customer's purchase order as an invoice bears it: one of Stripe's custom fields.

There are four at most, of 40 characters for the name and 140 for the value. A field set on the customer is copied into each
draft that is made from then on; of a finalized invoice nothing changes.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

# In the language that the customer's invoices are in.
NAMES: Final = {"en": "PO number", "de": "Bestellnummer"}
LONGEST: Final = 140
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def clean(typed: str) -> str:
    """On one line, without what a paste brings along."""
    return " ".join(CONTROL.sub(" ", typed).split())


def fields(order: str, locale: str) -> list[dict[str, str]] | str:
    """As Stripe takes them, named in the language of `locale`; "" removes them."""
    return [{"name": NAMES.get(locale[:2], NAMES["en"]), "value": order}] if order else ""


def read(found: Iterable[Any] | None) -> str:
    """Of the custom fields of an invoice or a customer at Stripe; "": none."""
    return next((str(each.value) for each in found or () if each.name in NAMES.values()), "")
