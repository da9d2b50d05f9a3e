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
    return Approver.of(person, at).verdict(kind, said)


@dataclass(frozen=True)
class Approver:
    """Somebody who decides about many: their groups are read once."""

    is_admin: bool
    groups: frozenset[str]
    bands: Mapping[str, terms.Band]
    at: datetime

    @classmethod
    def of(cls, person: User, at: datetime) -> "Approver":
        groups = frozenset(person.groups.values_list("name", flat=True))
        return cls(person.is_superuser, groups, bands(at), at)

    def verdict(self, kind: str, said: Mapping[str, Any]) -> Verdict:
        allowing = terms.who_may(self.bands, terms.Kind(kind), said, self._cents(kind, said))
        return Verdict(is_allowed=self.is_admin or bool(self.groups.intersection(allowing)), groups=tuple(allowing))

    def _cents(self, kind: str, said: Mapping[str, Any]) -> int:
        if kind != terms.Kind.CREDIT_LIMIT:
            return 0
        try:
            return giving_back.us_cents(said["amount_minor"], said["currency"], self.at)
        except NoRate:
            return BEYOND_ALL


def bands(at: datetime) -> dict[str, terms.Band]:
    return {
        group: terms.Band(
            discount_bps=policies.value(f"billing.terms_{group}_discount_bps", at),
            net_days=policies.value(f"billing.terms_{group}_net_days", at),
            credit_us_cents=policies.value(f"billing.terms_{group}_credit_minor", at),
        )
        for group in APPROVING
    }
