"""The `[tax]` table of catalog.toml: mode, seller's country, rates by country, and where prices are shown with tax."""

import re
from typing import Final

from babel.core import Locale, get_global

from billing.rules import tax
from billing.rules.catalog_reading import Table

_PERCENT: Final = re.compile(r"\d{1,2}(\.\d{1,4})?|100")
_NO_COUNTRIES: Final = frozenset(get_global("territory_aliases")) | {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
_COUNTRIES: Final = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NO_COUNTRIES


def read(root: Table) -> tax.Settings:
    """The settings; all off where the file has no such table. Notes what is wrong."""
    if not root.has("tax"):
        return tax.Settings()
    table = root.table("tax")
    table.only(("mode", "seller", "rates", "gross"))
    mode = tax.Mode(table.word("mode", "none", choices=tuple(tax.Mode), default="none"))
    seller = table.word("seller", "DE") if table.has("seller") or mode is not tax.Mode.NONE else ""
    gross = table.words("gross", '["DE", "FR"]')
    for country in ([seller] if seller else []) + list(gross):
        if not _is_country(country):
            table.problem("seller" if country == seller else "gross", f"names {country!r}.", _REMEDY)
    rates = _rates(table.table("rates")) if table.has("rates") else ()
    known = {rate.country for rate in rates}
    if mode is tax.Mode.RATES and seller not in known:
        table.problem(
            "rates", f"has no rate for {seller}, the seller's own country.", f'Add [tax.rates.{seller}] percent = "19".'
        )
    for country in gross:
        if country not in known and _is_country(country):
            remedy = f"Add [tax.rates.{country}], or leave the country out of gross."
            table.problem("gross", f"names {country}, which has no rate to show prices with.", remedy)
    return tax.Settings(mode, seller, rates, gross)


_REMEDY: Final = 'Use ISO 3166-1 codes in capitals, for example "DE" (Greece is GR, the United Kingdom GB).'


def _is_country(code: str) -> bool:
    return code in _COUNTRIES


def _rates(table: Table) -> tuple[tax.Rate, ...]:
    found = []
    for country in table.values:
        inner = table.table(country, '{ percent = "19" }')
        inner.only(("name", "percent", "inclusive"))
        if not _is_country(country):
            table.problem(country, "is no country.", _REMEDY)
        percent = inner.word("percent", "19")
        if not _PERCENT.fullmatch(percent):
            inner.problem("percent", f"is {percent!r}.", 'Write per cent as a text with a point: "19" or "8.1".')
        inclusive = inner.flag("inclusive", default=False)
        found.append(tax.Rate(country, inner.word("name", "VAT", default="VAT"), percent, inclusive))
    return tuple(found)
