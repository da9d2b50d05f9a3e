"""Stripe's test bank accounts: what comes of a debit (docs.stripe.com: SEPA Direct Debit and ACH Direct Debit, Test).

A debit is under way for days (`debit_days` of the account's settings, working days) and then succeeds or fails. Stripe's own
test mode takes seconds, or three minutes for the "Delayed" ones; here the clock is moved.
"""

import re
from dataclasses import dataclass
from typing import Final

from billing.sandbox import errors
from billing.sandbox.engine.cards import Refusal

SEPA, ACH = "sepa_debit", "us_bank_account"
KINDS: Final = (SEPA, ACH)
CURRENCIES: Final = {SEPA: "eur", ACH: "usd"}
ROUTING: Final = "110000000"
FAILURES: dict[str, Refusal] = {
    "failed": Refusal("payment_intent_payment_attempt_failed", None, "The bank could not carry out this debit."),
    "insufficient_funds": Refusal(
        "insufficient_funds", None, "The customer's account has insufficient funds to cover this payment."
    ),
    "account_closed": Refusal("account_closed", None, "The customer's bank account has been closed."),
    "no_account": Refusal("no_account", None, "The customer's bank account could not be located."),
    "debit_not_authorized": Refusal(
        "debit_not_authorized", None, "The customer has notified their bank that this payment was unauthorized."
    ),
    "invalid_currency": Refusal("invalid_currency", None, "The bank was unable to process this payment in its currency."),
    "charge_exceeds_source_limit": Refusal(
        "charge_exceeds_source_limit", None, "This payment exceeds the bank account's volume limit for the week."
    ),
    "charge_exceeds_weekly_limit": Refusal(
        "charge_exceeds_weekly_limit", None, "This payment exceeds the bank account's limit of transactions for the week."
    ),
}
# Refused before the bank is asked.
AT_ONCE: Final = frozenset({"charge_exceeds_source_limit", "charge_exceeds_weekly_limit"})
# Only this is worth another try with the same account; whoever wants another account has to name it.
RETRIED: Final = frozenset({"insufficient_funds"})


@dataclass(frozen=True)
class Account:
    """A test account. `outcome`: succeeded, processing (for ever), or a key of FAILURES."""

    kind: str
    number: str
    token: str
    outcome: str = "succeeded"
    is_disputed: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]


ACCOUNTS = (
    Account(SEPA, "DE89370400440532013000", "success_de"),
    Account(SEPA, "DE08370400440532013003", "successDelayed_de"),
    Account(SEPA, "DE62370400440532013001", "failed_de", "failed"),
    Account(SEPA, "DE78370400440532013004", "failedDelayed_de", "failed"),
    Account(SEPA, "DE35370400440532013002", "disputed_de", is_disputed=True),
    Account(SEPA, "DE65370400440000343434", "exceedsWeeklyVolumeLimit_de", "charge_exceeds_source_limit"),
    Account(SEPA, "DE27370400440000121212", "exceedsWeeklyTransactionLimit_de", "charge_exceeds_weekly_limit"),
    Account(SEPA, "DE65370400440002222227", "insufficientFunds_de", "insufficient_funds"),
    Account(ACH, "000123456789", "success"),
    Account(ACH, "000111111113", "accountClosed", "account_closed"),
    Account(ACH, "000111111116", "noAccount", "no_account"),
    Account(ACH, "000222222227", "insufficientFunds", "insufficient_funds"),
    Account(ACH, "000333333335", "debitNotAuthorized", "debit_not_authorized"),
    Account(ACH, "000444444440", "invalidCurrency", "invalid_currency"),
    Account(ACH, "000555555559", "dispute", is_disputed=True),
    Account(ACH, "000000000009", "processing", "processing"),
    Account(ACH, "000777777771", "weeklyLimitExceeded", "charge_exceeds_weekly_limit"),
)
BY_NUMBER = {account.number: account for account in ACCOUNTS}
BY_TOKEN = {
    **{f"pm_usBankAccount_{account.token}": account for account in ACCOUNTS if account.kind == ACH},
    # Stripe's pages have had both spellings.
    **{f"pm_{account.token}": account for account in ACCOUNTS if account.kind == SEPA},
    **{f"pm_sepaDebit_{account.token}": account for account in ACCOUNTS if account.kind == SEPA},
}


def of_iban(typed: str) -> Account:
    """The account of a typed IBAN. Raises what Stripe says to one that is none; any other valid one succeeds."""
    iban = re.sub(r"\s", "", typed).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", iban) or not _checks(iban):
        raise errors.invalid("The IBAN you provided is invalid.", "sepa_debit[iban]", "invalid_bank_account_iban")
    return BY_NUMBER.get(iban) or Account(SEPA, iban, "typed")


def _checks(iban: str) -> bool:
    """ISO 13616: the first four letters to the end, letters as numbers, and the rest by 97 is one."""
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def of_us_account(routing: str, number: str) -> Account:
    """The account of a typed routing and account number. Raises what Stripe says to what is none of its test accounts."""
    if re.sub(r"\D", "", routing) != ROUTING:
        raise errors.invalid(
            f"You must use a test bank account's routing number ({ROUTING}) in test mode.",
            "us_bank_account[routing_number]",
            "routing_number_invalid",
        )
    digits = re.sub(r"\D", "", number)
    if digits not in BY_NUMBER:
        raise errors.invalid(
            "You must use a test bank account number in test mode.", "us_bank_account[account_number]", "account_number_invalid"
        )
    return BY_NUMBER[digits]
