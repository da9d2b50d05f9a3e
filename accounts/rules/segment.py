"""Which segment an organization belongs to, and why: from its size and the named list."""

from collections.abc import Collection
from dataclasses import dataclass

SMB, MID_MARKET, ENTERPRISE = "smb", "mid_market", "enterprise"


@dataclass(frozen=True)
class Decision:
    """`segment` with the reason that staff read."""

    segment: str
    reason: str


def decide(
    *, people_at_least: int, domain: str, mid_market_from: int, enterprise_from: int, enterprise_domains: Collection[str]
) -> Decision:
    """`people_at_least` is the lower bound of the employee bracket; thresholds are people, inclusive.

    Source: product plan, segments (SMB under 100 people, enterprise from 1,000 or a named list, mid-market between).
    """
    if domain and domain.lower() in {named.lower() for named in enterprise_domains}:
        return Decision(ENTERPRISE, f"{domain} is on the named list")
    if people_at_least >= enterprise_from:
        return Decision(ENTERPRISE, f"at least {people_at_least} people, enterprise from {enterprise_from}")
    if people_at_least >= mid_market_from:
        return Decision(MID_MARKET, f"at least {people_at_least} people, mid-market from {mid_market_from}")
    return Decision(SMB, f"at least {people_at_least} people, under {mid_market_from}")
