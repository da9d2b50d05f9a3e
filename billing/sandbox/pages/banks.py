"""The bank account form: which way to pay, the account's fields with the mandate's text, and the test accounts."""

import re
from typing import Any
from urllib.parse import urlencode

from billing.sandbox.engine import bank_accounts
from billing.sandbox.pages import cards
from billing.sandbox.pages.markup import Child, Html, tag
from billing.sandbox.pages.words import Say

CARD = "card"
NAMES = {"card": "Card", "sepa_debit": "SEPA Direct Debit", "us_bank_account": "US bank account"}
# Number and what comes of a debit, by kind. Source: Stripe's pages of both debits, Test.
TEST_ACCOUNTS = {
    bank_accounts.SEPA: (
        ("DE89370400440532013000", "Is paid after 5 working days"),
        ("DE62370400440532013001", "Fails after 5 working days"),
        ("DE65370400440002222227", "Lacks funds after 5 working days"),
        ("DE35370400440532013002", "Is paid, and taken back at the bank"),
        ("DE65370400440000343434", "Is over the account's limit, at once"),
    ),
    bank_accounts.ACH: (
        ("000123456789", "Is paid after 4 working days"),
        ("000222222227", "Lacks funds after 4 working days"),
        ("000111111113", "Is closed, after 4 working days"),
        ("000333333335", "Allows no debits, after 4 working days"),
        ("000555555559", "Is paid, and taken back at the bank"),
    ),
}
MANDATES = {
    bank_accounts.SEPA: (
        "By going on you allow {name} to collect payments from this account by SEPA Direct Debit, now and for later invoices. "
        "Your bank gives an amount back within 8 weeks if you ask for it."
    ),
    bank_accounts.ACH: (
        "By going on you allow {name} to debit this account, now and for later invoices. You can take that back at any time."
    ),
}


def chosen(session: dict[str, Any], wanted: str) -> str:
    """The kind of payment method that the page shows."""
    return wanted if wanted in session["payment_method_types"] else str(session["payment_method_types"][0])


def choice(say: Say, session: dict[str, Any], kind: str, *, promotion: str) -> Child:
    """Links to each way to pay; nothing where there is one."""
    kinds = session["payment_method_types"]
    if len(kinds) < 2:
        return None
    links = [
        tag(
            "a",
            say(NAMES[one]),
            href=address(session["id"], one, promotion),
            class_="button small" + (" primary" if one == kind else ""),
            aria_current="true" if one == kind else None,
        )
        for one in kinds
    ]
    return tag(
        "nav",
        tag("p", say("Pay with")),
        tag("p", *(part for link in links for part in (link, " "))),
        class_="stack tight",
        aria_label=say("Pay with"),
    )


def address(session: str, kind: str, promotion: str = "") -> str:
    """The page with a way to pay, and the code in force."""
    query = urlencode({name: value for name, value in (("promotion", promotion), ("method", kind)) if value and value != CARD})
    return f"/c/pay/{session}?{query}" if query else f"/c/pay/{session}"


def read(entry: cards.Entry, kind: str) -> dict[str, Any] | None:
    """The account of a form, or None with what is wrong noted in the entry."""
    if not entry.get("card_name"):
        entry.wrong["card_name"] = "Type the name of the account's holder."
    if kind == bank_accounts.SEPA:
        if not re.fullmatch(r"[A-Za-z]{2}\d{2}[A-Za-z0-9 ]{10,40}", entry.get("iban")):
            entry.wrong["iban"] = "Type the IBAN, for example DE89 3704 0044 0532 0130 00."
        found = {"kind": kind, "iban": entry.get("iban")}
    else:
        for name, length in (("routing_number", "9"), ("account_number", "4,17")):
            if not re.fullmatch(rf"\d{{{length}}}", entry.get(name)):
                entry.wrong[name] = "Type the digits as they are on a cheque."
        found = {"kind": kind, **{name: entry.get(name) for name in ("routing_number", "account_number")}}
    return None if entry.wrong else found


def fields(say: Say, merchant: str, entry: cards.Entry, kind: str, *, country: str, problem: Child = None) -> Html:
    """The fields of a bank account, and what is allowed by sending them."""
    filled = _filled(entry, kind)
    holder = entry.get("card_name")
    where = entry.get("country", country)
    return tag(
        "fieldset",
        tag("legend", say(NAMES[kind])),
        tag(
            "div",
            problem,
            *(_sepa(say, entry, filled) if kind == bank_accounts.SEPA else _ach(say, entry, filled)),
            cards.text(
                say, entry, "card_name", "Name of the account's holder", value=holder, autocomplete="name", maxlength=200
            ),
            cards.select(say, entry, "country", "Country", options=cards.countries(say), chosen=where, autocomplete="country"),
            tag("p", say(MANDATES[kind], name=merchant), class_="soft"),
            class_="stack",
        ),
    )


def _sepa(say: Say, entry: cards.Entry, filled: str) -> list[Html]:
    value = filled or entry.get("iban")
    return [cards.text(say, entry, "iban", "IBAN", value=value, class_="number", autocomplete="off", maxlength=42)]


def _ach(say: Say, entry: cards.Entry, filled: str) -> list[Html]:
    routing = bank_accounts.ROUTING if filled else entry.get("routing_number")
    more = {"inputmode": "numeric", "class_": "number", "autocomplete": "off"}
    first = cards.text(say, entry, "routing_number", "Routing number", value=routing, maxlength=9, **more)
    account = filled or entry.get("account_number")
    return [
        tag(
            "div",
            first,
            cards.text(say, entry, "account_number", "Account number", value=account, maxlength=17, **more),
            class_="pair",
        )
    ]


def _filled(entry: cards.Entry, kind: str) -> str:
    return next((number for number, _ in TEST_ACCOUNTS[kind] if number == entry.get("fill")), "")


def help_block(say: Say, kind: str) -> Html:
    """The test accounts, what comes of each, and a button that fills one in."""
    hint = "Any name will do; the days pass when the clock is moved."
    rows = ((number, does, say("Use the account {number}", number=number)) for number, does in TEST_ACCOUNTS[kind])
    return cards.help_table(say, "Test accounts", hint, rows)
