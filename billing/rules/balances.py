"""What charges do to a customer's balance, one after the other: credit is used up to each, a debt is collected with the next.

Below 0 a balance is credit, as Stripe has it; minor units of one currency. Source: Stripe, "Customer credit balance".
"""

from collections.abc import Iterable

from billing.rules import smallest


def applied_minor(balance_minor: int, charged_minor: int) -> int:
    """What a balance adds to a charge: below 0 credit that is used, above 0 a debt that is collected whole."""
    return max(balance_minor, -charged_minor)


def left_minor(balance_minor: int, charges_minor: Iterable[int], currency: str) -> int:
    """What there is of a balance after these charges, in their order. What is too small to be charged is owed afterwards."""
    for charged_minor in charges_minor:
        applied = applied_minor(balance_minor, charged_minor)
        balance_minor += smallest.carried_minor(charged_minor + applied, currency) - applied
    return balance_minor
