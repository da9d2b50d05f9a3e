"""What a missing payment leads to, as dated events of the timeline component."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.rules.dunning import Missing, Step

Event = dict[str, Any]


def events(
    missing: Missing, *, next_attempt_at: datetime | None, is_cancelled_then: bool, at: datetime, is_sent: bool = False
) -> list[Event]:
    """From the failure (of sent invoices: from the day they were due) to the end, in order."""
    title = _("The invoice was due") if is_sent else _("The payment failed")
    found = [{"on": missing.since, "title": title, "kind": "past"}]
    if next_attempt_at is not None and next_attempt_at > at:
        found.append({"on": next_attempt_at, "title": _("It is tried again"), "kind": "next"})
    found += cuts(missing, is_cancelled_then=is_cancelled_then)
    return sorted(found, key=lambda event: event["on"])


def cuts(missing: Missing, *, is_cancelled_then: bool) -> list[Event]:
    """What access loses, and when; what it has lost already is past."""
    is_read_only, is_off = missing.step in (Step.READ_ONLY, Step.OFF), missing.step == Step.OFF
    read_only = _("Everybody can read what there is, and change nothing. Paying brings everything back within seconds.")
    last = _("The subscription is cancelled.") if is_cancelled_then else _("Nobody can open what there is until it is paid.")
    return [
        {
            "on": missing.read_only_at,
            "title": _("Read-only"),
            "detail": read_only,
            "kind": "past" if is_read_only else "warn",
        },
        {"on": missing.off_at, "title": _("Access ends"), "detail": last, "kind": "past" if is_off else "bad"},
    ]
