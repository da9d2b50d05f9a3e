"""The form of tax ids: which kinds a country has, and whether a number can be one of its kind (python-stdnum).

Types are Stripe's (docs.stripe.com/billing/customer/tax-ids). Whether an id was really given out is the authority's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stdnum import exceptions, get_cc_module

from billing.rules import tax

# VAT numbers of Greece begin with EL; Northern Ireland's with XI, and they count as European.
VAT_PREFIX: Final = {"GR": "EL"}


@dataclass(frozen=True)
class Form:
    """A kind of id: how it is called there, an example, and where stdnum knows it (country, name); None: only its length."""

    type: str
    name: str
    example: str
    number: tuple[str, str] | None


_FORMS: Final[Mapping[str, tuple[Form, ...]]] = {
    "AU": (Form("au_abn", "ABN", "51 824 753 556", ("au", "abn")),),
    "BR": (Form("br_cnpj", "CNPJ", "16.727.230/0001-97", ("br", "cnpj")),),
    "CA": (Form("ca_bn", "BN", "12302 6635", ("ca", "bn")),),
    "CH": (Form("ch_vat", "MWST / TVA / IVA", "CHE-107.787.577 MWST", ("ch", "vat")),),
    "GB": (
        Form("gb_vat", "VAT number", "GB 980 7806 84", ("gb", "vat")),
        Form("eu_vat", "XI VAT number", "XI 980 7806 84", None),
    ),
    "IN": (Form("in_gst", "GSTIN", "27AAPFU0939F1ZV", ("in", "gstin")),),
    "JP": (Form("jp_cn", "法人番号", "5835678256246", ("jp", "cn")),),
    "NO": (Form("no_vat", "MVA", "NO 995 525 828 MVA", ("no", "mva")),),
    "NZ": (Form("nz_gst", "IRD", "49-091-850", ("nz", "ird")),),
    "SG": (Form("sg_uen", "UEN", "00192200M", ("sg", "uen")),),
    "US": (Form("us_ein", "EIN", "91-1144442", ("us", "ein")),),
    "ZA": (Form("za_vat", "VAT number", "4150216378", None),),
}
# Lengths of those that stdnum does not know.
_DIGITS: Final = {"za_vat": (10,), "eu_vat": (9, 12)}
# Which Stripe shows with their points and dashes.
_PUNCTUATED: Final = frozenset({"br_cnpj", "ch_vat", "us_ein"})

EXAMPLES: Final = {
    "AT": "ATU13585627",
    "BE": "BE0776091951",
    "DE": "DE136695976",
    "ES": "ESB58378431",
    "FR": "FR40303265045",
    "GR": "EL094259216",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "NL": "NL004495445B01",
    "PL": "PL8567346215",
    "SE": "SE123456789701",
}


class UnfitError(ValueError):
    """A number that cannot be one of its kind. `fault`: prefix, length, characters, digits or kind."""

    def __init__(self, fault: str, form: Form | None) -> None:
        super().__init__(fault)
        self.fault, self.form = fault, form


def forms(country: str) -> tuple[Form, ...]:
    """The kinds of id that a country's companies have, the usual one first; none where Stripe's page is the place to ask."""
    if country in tax.EU:
        prefix = VAT_PREFIX.get(country, country)
        number = None if get_cc_module(country.lower(), "vat") is None else (country.lower(), "vat")
        return (Form("eu_vat", "VAT ID", EXAMPLES.get(country, f"{prefix}..."), number),)
    return _FORMS.get(country, ())


def check(country: str, kind: str, typed: str) -> str:
    """The id as Stripe takes it. Raises UnfitError, which says what is wrong with it."""
    form = next((each for each in forms(country) if each.type == kind), None)
    if form is None:
        raise UnfitError("kind", None)
    if country in tax.EU:
        return _european(country, form, typed)
    if form.number is None:
        return _counted(form, typed)
    return _known(form, typed)


def _european(country: str, form: Form, typed: str) -> str:
    """A VAT number with its country before it, typed with or without."""
    prefix = VAT_PREFIX.get(country, country)
    squeezed = "".join(character for character in typed.upper() if character.isalnum() or character in "+*")
    if squeezed[:2].isalpha() and squeezed[:2] != prefix and squeezed[:2] in {VAT_PREFIX.get(one, one) for one in tax.EU}:
        raise UnfitError("prefix", form)
    return prefix + _known(form, squeezed).removeprefix(prefix)


def _known(form: Form, typed: str) -> str:
    assert form.number is not None
    module: Any = get_cc_module(*form.number)
    try:
        compact = str(module.validate(typed))
    except exceptions.InvalidLength:
        raise UnfitError("length", form) from None
    except exceptions.InvalidChecksum:
        raise UnfitError("digits", form) from None
    except (exceptions.InvalidFormat, exceptions.InvalidComponent):
        raise UnfitError("characters", form) from None
    if form.type in _PUNCTUATED:
        return str(module.format(compact))
    return f"GB{compact}" if form.type == "gb_vat" else compact


def _counted(form: Form, typed: str) -> str:
    squeezed = "".join(character for character in typed.upper() if character.isalnum())
    digits = squeezed.removeprefix("XI") if form.type == "eu_vat" else squeezed
    if not digits.isdigit():
        raise UnfitError("characters", form)
    if len(digits) not in _DIGITS[form.type]:
        raise UnfitError("length", form)
    return f"XI{digits}" if form.type == "eu_vat" else digits


def country_of(kind: str, value: str) -> str:
    """Who gave an id: an EU number says so itself, other kinds by their type (us_ein)."""
    if kind not in ("eu_vat", "eu_oss_vat"):
        return kind[:2].upper()
    prefix = value.strip()[:2].upper()
    return {"EL": "GR", "XI": "GB"}.get(prefix, prefix)
