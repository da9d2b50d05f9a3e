"""Who of the staff may approve which exception: bands of the policy register, per group."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.queries import policies
from billing.queries import giving_back
from billing.rules import terms
from billing.rules.giving_back import NoRate
from billing.rules.terms_policies import APPROVING

# More than any band: what cannot be counted in dollars is for administrators.
BEYOND_ALL = 10**15


@dataclass(frozen=True)
class Verdict:
    """Whether somebody may approve it; else which groups may, the narrowest first. Administrators always may."""

    is_allowed: bool
    groups: tuple[str, ...]


def verdict(person: User, kind: str, said: Mapping[str, Any], at: datetime) -> Verdict:
    """One query: the person's groups."""
    cents = 0
    if kind == terms.Kind.CREDIT_LIMIT:
        try:
            cents = giving_back.us_cents(said["amount_minor"], said["currency"], at)
        except NoRate:
            cents = BEYOND_ALL
    allowing = terms.who_may(bands(at), terms.Kind(kind), said, cents)
    mine = set(person.groups.values_list("name", flat=True))
    return Verdict(is_allowed=person.is_superuser or bool(mine.intersection(allowing)), groups=tuple(allowing))


def bands(at: datetime) -> dict[str, terms.Band]:
    return {
        group: terms.Band(
            discount_bps=policies.value(f"billing.terms_{group}_discount_bps", at),
            net_days=policies.value(f"billing.terms_{group}_net_days", at),
            credit_us_cents=policies.value(f"billing.terms_{group}_credit_minor", at),
        )
        for group in APPROVING
    }
