"""Bank debits: SEPA Direct Debit in euros, ACH in US dollars. The bank takes days to pay, and may say no after days.

Source: Stripe's guides of SEPA Direct Debit and ACH Direct Debit.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

CARD: Final = "card"
SEPA: Final = "sepa_debit"
ACH: Final = "us_bank_account"
# The one currency of each; so an invoice's currency says which debit it was.
CURRENCIES: Final = {SEPA: "eur", ACH: "usd"}
DEBITS: Final = tuple(CURRENCIES)
SATURDAY: Final = 5


def of_currency(currency: str) -> str:
    """The debit that an amount of this currency is collected by; empty: there is none."""
    return next((kind for kind, own in CURRENCIES.items() if own == currency), "")


def offered(lines: Iterable[str], currency: str) -> tuple[str, ...]:
    """What may be paid with in a currency, as the policy's lines have it; a card always works, and comes first.

    What no such currency can be debited by is passed over, so a slip of the pen takes no payment page down.
    """
    named = (line.partition(":") for line in lines)
    mine = next((methods for name, _, methods in named if name.strip().lower() == currency), "")
    wanted = [method.strip() for method in mine.split(",")]
    return (CARD, *(kind for kind in DEBITS if kind in wanted and CURRENCIES[kind] == currency))


def arrives_on(begun_on: date, working_days: int) -> date:
    """The day by which a debit has usually arrived: so many days later that are no weekend. (Banks' holidays are not known.)"""
    day = begun_on
    for _ in range(working_days):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
    return day
