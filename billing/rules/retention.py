"""What whoever cancels is offered: at most one standard thing, by why they go, who they are, and what can really be had.

Nothing here is a discount: each is what the catalog sells to everybody, or a person. Source: issue "one timeline", cancelling.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final


class Offer(StrEnum):
    PAUSE = "pause"
    SMALLER = "smaller"  # the next smaller plan, from the period's end on
    ANNUAL = "annual"  # the same plan at the price for a year
    HUMAN = "human"


KNOWN: Final = {str(one): one for one in Offer}
SMB: Final = "smb"
# By reason, the best first; the first that can be had is shown. Small companies are offered what takes no conversation.
TABLE: Final[Mapping[str, Sequence[Offer]]] = {
    "price": (Offer.SMALLER, Offer.ANNUAL, Offer.HUMAN),
    "unused": (Offer.PAUSE, Offer.SMALLER, Offer.HUMAN),
    "missing": (Offer.HUMAN,),
    "switched": (),
    "quality": (Offer.HUMAN,),
    "service": (Offer.HUMAN,),
    "closed": (),
    "other": (Offer.PAUSE, Offer.HUMAN),
}
# Larger ones are worth a person where something is wrong, and where another vendor has won.
LARGER: Final[Mapping[str, Sequence[Offer]]] = {
    "price": (Offer.HUMAN, Offer.SMALLER, Offer.ANNUAL),
    "unused": (Offer.SMALLER, Offer.HUMAN, Offer.PAUSE),
    "switched": (Offer.HUMAN,),
    "other": (Offer.HUMAN,),
}


def offer(reason: str, segment: str, possible: Collection[Offer], overrides: Sequence[str] = ()) -> Offer | None:
    """What is shown for a reason; None: nothing. `overrides` are lines of the policy, "price: smaller, annual"."""
    table = TABLE if segment in ("", SMB) else {**TABLE, **LARGER}
    wanted = {**table, **_of_policy(overrides)}.get(reason, ())
    return next((one for one in wanted if one in possible), None)


def _of_policy(lines: Sequence[str]) -> dict[str, tuple[Offer, ...]]:
    """What the lines say; words that name no offer count for nothing."""
    found = {}
    for line in lines:
        reason, colon, rest = line.partition(":")
        if colon:
            named = (one.strip() for one in rest.split(","))
            found[reason.strip()] = tuple(KNOWN[one] for one in named if one in KNOWN)
    return found
