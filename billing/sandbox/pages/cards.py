"""The card form: its fields, what was typed into them, the test cards, and what to do about a refusal."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from babel import Locale

from billing.sandbox.pages.markup import Attribute, Child, Html, tag
from billing.sandbox.pages.words import Say

# Number and what the card does. Source: docs.stripe.com/testing.
TEST_CARDS = (
    ("4242 4242 4242 4242", "Succeeds"),
    ("5555 5555 5555 4444", "Succeeds (Mastercard)"),
    ("3782 822463 10005", "Succeeds (American Express)"),
    ("4000 0027 6000 3184", "Asks for 3-D Secure, each time"),
    ("4000 0025 0000 3155", "Asks for 3-D Secure when it is saved"),
    ("4000 0082 6000 3178", "Asks for 3-D Secure, then lacks funds"),
    ("4000 0000 0000 0002", "Is declined"),
    ("4000 0000 0000 9995", "Lacks funds"),
    ("4000 0000 0000 9987", "Was reported lost"),
    ("4000 0000 0000 9979", "Was reported stolen"),
    ("4000 0000 0000 0069", "Has expired"),
    ("4000 0000 0000 0127", "Has a wrong security code"),
    ("4000 0000 0000 0119", "Fails while being processed"),
    ("4000 0000 0000 0341", "Can be saved, but fails when charged"),
)
FORM = "pay"

# What went wrong and what to do, by Stripe's error code (or decline code): both are keys of the word list.
_OTHER_CARD = "The bank gives no reason. Ask the bank, or use another card."
ADVICE = {
    "card_declined": ("Your card was declined.", _OTHER_CARD),
    "insufficient_funds": (
        "Your card has insufficient funds.",
        "Use another card, or try again once there is enough on this one.",
    ),
    "expired_card": ("Your card has expired.", "Check the expiry date, or use another card."),
    "incorrect_cvc": (
        "Your card's security code is incorrect.",
        "Type the security code again: three digits on the back, four on the front of American Express.",
    ),
    "processing_error": ("An error occurred while processing your card.", "Try again in a little while."),
    "incorrect_number": (
        "Your card number is incorrect.",
        "Check the number, digit by digit. Test cards are listed below.",
    ),
    "payment_intent_authentication_failure": (
        "The bank did not confirm that it was you.",
        "Nothing was charged. Try again, or use another card.",
    ),
}
ADVICE["charge_exceeds_source_limit"] = ADVICE["charge_exceeds_weekly_limit"] = (
    "The bank account's limit is reached.",
    "Nothing was collected. Use another account, or a card.",
)
ADVICE["invalid_bank_account_iban"] = ("The IBAN is incorrect.", "Check it, letter by letter. Test accounts are listed below.")
ADVICE["account_number_invalid"] = ADVICE["routing_number_invalid"] = (
    "The bank account is not known here.",
    "Use one of the test accounts that are listed below.",
)
ADVICE["invalid_number"] = ADVICE["incorrect_number"]
ADVICE["invalid_cvc"] = ADVICE["incorrect_cvc"]
ADVICE["invalid_expiry_year"] = ADVICE["invalid_expiry_month"] = ADVICE["expired_card"]
ADVICE["setup_intent_authentication_failure"] = ADVICE["payment_intent_authentication_failure"]
ADVICE["authentication_required"] = ADVICE["payment_intent_authentication_failure"]


@dataclass(frozen=True, slots=True)
class Card:
    """A card as typed. It goes to the engine, and nowhere else: its ``repr`` says nothing."""

    number: str = field(repr=False)
    exp_month: int = field(repr=False)
    exp_year: int = field(repr=False)
    cvc: str = field(repr=False)

    def entry(self) -> dict[str, Any]:
        """The card as the engine takes it: number, exp_month, exp_year, cvc."""
        return {"number": self.number, "exp_month": self.exp_month, "exp_year": self.exp_year, "cvc": self.cvc}


@dataclass(slots=True)
class Entry:
    """What was typed into a form, and what is wrong with it: field names to keys of the word list."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()


def read(entry: Entry) -> Card | None:
    """The card of a form, or None with the fields that are wrong noted in the entry."""
    number = re.sub(r"[\s-]", "", entry.get("card_number"))
    if not re.fullmatch(r"[0-9]{12,19}", number):
        entry.wrong["card_number"] = "Type the card's number: 12 to 19 digits."
    expiry = re.fullmatch(r"(0?[1-9]|1[0-2])\s*[/.-]?\s*(20)?([0-9]{2})", entry.get("card_expiry"))
    if expiry is None:
        entry.wrong["card_expiry"] = "Type the expiry as on the card, for example 12/34."
    if not re.fullmatch(r"[0-9]{3,4}", entry.get("card_cvc")):
        entry.wrong["card_cvc"] = "Type the security code: 3 or 4 digits."
    if not entry.get("card_name"):
        entry.wrong["card_name"] = "Type the name on the card."
    if expiry is None or entry.wrong:
        return None
    return Card(number, int(expiry[1]), 2000 + int(expiry[3]), entry.get("card_cvc"))


def fields(say: Say, entry: Entry, country: str, problem: Child = None) -> Html:
    """The fields of a card, with the problem above them if there is one.

    Number and security code never come back into the page, except for a test card asked for.
    """
    filled = test_card(entry.get("fill"))
    chosen = entry.get("country", country)
    holder = entry.get("card_name")
    return tag(
        "fieldset",
        tag("legend", say("Card")),
        tag(
            "div",
            problem,
            _digits(say, entry, "card_number", "Card number", value=filled, autocomplete="cc-number", maxlength=23),
            tag("div", _expiry(say, entry, filled), _code(say, entry, filled), class_="pair"),
            text(say, entry, "card_name", "Name on the card", value=holder, autocomplete="cc-name", maxlength=200),
            select(say, entry, "country", "Country", options=countries(say), chosen=chosen, autocomplete="country"),
            class_="stack",
        ),
    )


def _expiry(say: Say, entry: Entry, filled: str) -> Html:
    value = "12/34" if filled else entry.get("card_expiry")
    return _digits(say, entry, "card_expiry", "Expiry (MM/YY)", value=value, autocomplete="cc-exp", maxlength=9)


def _code(say: Say, entry: Entry, filled: str) -> Html:
    value = ("1234" if filled.startswith("37") else "123") if filled else ""
    return _digits(say, entry, "card_cvc", "Security code", value=value, autocomplete="cc-csc", maxlength=4)


def _digits(say: Say, entry: Entry, name: str, label: str, *, value: str, autocomplete: str, maxlength: int) -> Html:

    return text(
        say,
        entry,
        name,
        label,
        value=value,
        inputmode="numeric",
        class_="number",
        autocomplete=autocomplete,
        maxlength=maxlength,
    )


# Of two letters in CLDR, and none that one lives in: unions, "unknown", the pseudo locales, parts of countries.
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "CP", "CQ", "DG", "EA", "IC"})


def countries(say: Say) -> list[tuple[str, str]]:
    """All countries as (name, code), by name in the reader's language."""
    names: dict[str, str] = dict(Locale(say.language).territories)
    codes = (code for code in names if re.fullmatch(r"[A-Z]{2}", code) and code not in NO_COUNTRIES)
    return sorted((names[code], code) for code in codes)


def text(say: Say, entry: Entry, name: str, label: str, *, value: str, sent_as: str = "", **attributes: Attribute) -> Html:
    """A labelled input with its error below; ``sent_as`` where the form's name for it is another."""
    control = tag("input", id=name, name=sent_as or name, value=value or None, **_state(entry, name), **attributes)
    return tag("div", tag("label", say(label), for_=name), control, _wrong(say, entry, name), class_="field")


def select(
    say: Say, entry: Entry, name: str, label: str, *, options: list[tuple[str, str]], chosen: str, **attributes: Attribute
) -> Html:
    """A labelled choice of (shown, value) pairs."""
    choices = [tag("option", shown, value=value, selected=value == chosen) for shown, value in options]
    control = tag("select", *choices, id=name, name=name, **_state(entry, name), **attributes)
    return tag("div", tag("label", say(label), for_=name), control, _wrong(say, entry, name), class_="field")


def _state(entry: Entry, name: str) -> dict[str, Attribute]:
    wrong = name in entry.wrong
    return {"aria_invalid": "true" if wrong else None, "aria_describedby": f"{name}-wrong" if wrong else None}


def _wrong(say: Say, entry: Entry, name: str) -> Child:
    return tag("p", say(entry.wrong[name]), class_="wrong", id=f"{name}-wrong") if name in entry.wrong else None


def test_card(number: str) -> str:
    """The listed test card of this number, or ""."""
    digits = re.sub(r"\s", "", number)
    return next((listed for listed, _ in TEST_CARDS if listed.replace(" ", "") == digits), "")


def help_block(say: Say) -> Html:
    """The test cards, what each does, and a button that fills one in."""
    hint = "Any security code and any expiry in the future will do."
    rows = ((number, does, say("Use the card {number}", number=number)) for number, does in TEST_CARDS)
    return help_table(say, "Test cards", hint, rows)


def help_table(say: Say, title: str, hint: str, known: Iterable[tuple[str, str, str]]) -> Html:
    """Numbers to try, what comes of each, and what the button says aloud that fills one in."""
    rows = [
        tag(
            "tr",
            tag("td", number, class_="number"),
            tag("td", say(does)),
            tag(
                "td",
                tag(
                    "button",
                    say("Use"),
                    type="submit",
                    form=FORM,
                    name="fill",
                    value=number.replace(" ", ""),
                    formnovalidate=True,
                    class_="small",
                    aria_label=aloud,
                ),
                class_="figure",
            ),
        )
        for number, does, aloud in known
    ]
    head = tag("tr", tag("th", say("Number")), tag("th", say("What it does")), tag("td", ""))
    return tag(
        "details",
        tag("summary", say(title)),
        tag("p", say(hint), class_="soft"),
        tag("table", tag("thead", head), tag("tbody", *rows), class_="cards"),
        open=True,
    )


def advice(say: Say, code: str | None, decline_code: str | None, message: str) -> tuple[str, str]:
    """What went wrong and what to do, in the reader's language; Stripe's own words where the code is not known."""
    found = ADVICE.get(decline_code or "") or ADVICE.get(code or "")
    return (say(found[0]), say(found[1])) if found else (message, say("Nothing was charged. Correct it and try again."))
