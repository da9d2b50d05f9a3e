"""Why an offer rang where it rang, in words for staff."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from config import words
from offramps.models import Countdown, Offer, Rep

STEPS: Final[dict[str, Any]] = {
    "owner": _("Has the customer"),
    "regional": _("Has the region"),
    "pool": _("By turns"),
    "fallback": _("Pool for the rest"),
}
STAGES: Final[dict[str, Any]] = {
    "routed_at": _("Routed after %(seconds)s s"),
    "offered_at": _("Offered after %(seconds)s s"),
    "accepted_at": _("Accepted after %(seconds)s s"),
    "contacted_at": _("Talking after %(seconds)s s"),
    "slot_held_at": _("A call dated after %(seconds)s s"),
}
WHY_NOT: Final[dict[str, Any]] = {
    "passed": _("had this offer before"),
    "skill": _("lacks the skill"),
    "line": _("does not sell the product line"),
    "off_hours": _("outside working hours"),
    "offline": _("not here"),
    "ringing": _("another lead rings there"),
    "full": _("has as many cases as fit"),
    "language": _("somebody who speaks the language was free"),
    "region": _("another region"),
}


def step(code: str) -> str:
    return str(STEPS.get(code, code))


def passed_over(explained: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """ "Ann: not here, Ben: lacks the skill"; `names` are of reps by id."""
    over = explained.get("passed_over") or {}
    return ", ".join(f"{names.get(int(rep), rep)}: {WHY_NOT.get(why, why)}" for rep, why in over.items())


def share(explained: Mapping[str, Any]) -> str:
    """The rep's share of the pool's turns, and how far behind it the rep was; empty where no turn was taken."""
    if "share" not in explained:
        return ""
    values = {"share": words.percent(round(explained["share"] * 10_000)), "lacks": f"{explained['lacks']:+.2f}"}
    return _now("%(share)s of the turns; %(lacks)s leads behind") % values


def stages(held: Countdown) -> list[str]:
    """What came after how many seconds from the click, in order."""
    passed = ((at, said) for name, said in STAGES.items() if (at := getattr(held, name)) is not None)
    found = sorted(passed, key=lambda stage: stage[0])
    return [said % {"seconds": words.number(int((at - held.clicked_at).total_seconds()))} for at, said in found]


def rang(rep: Rep) -> str:
    """ "Rang at Ann"."""
    return _now("Rang at %(name)s") % {"name": rep}


def answered(offer: Offer) -> str:
    """ "Accepted after 12 s"; while it rings: nothing."""
    if offer.outcome_at is None:
        return ""
    seconds = words.number(int((offer.outcome_at - offer.offered_at).total_seconds()))
    return _now("%(outcome)s after %(seconds)s s") % {"outcome": offer.get_outcome_display(), "seconds": seconds}
