"""Whether a hand-raise is answered by a call within seconds, or by mail with a date.

A small company with a small purchase has no rep: it is answered on the page first, then by mail. Legal and security questions
reach a person at once, whoever asks; so does whoever is large, or wants as much as large ones do.
"""

from enum import StrEnum

SMB = "smb"
AT_ONCE = frozenset({"legal", "security"})
CALLS = frozenset({"phone", "video"})


class Answer(StrEnum):
    CALL = "call"
    MAIL = "mail"


def answer(*, reason: str, channel: str, segment: str, seats: int, call_from_seats: int) -> Answer:
    """`channel` is what they asked for; `seats` what they are about to buy or asked about (0: unknown)."""
    if channel not in CALLS:
        return Answer.MAIL
    called = may_be_called(reason=reason, segment=segment, seats=seats, call_from_seats=call_from_seats)
    return Answer.CALL if called else Answer.MAIL


def may_be_called(*, reason: str, segment: str, seats: int, call_from_seats: int) -> bool:
    """Whether a call is offered at all."""
    return reason in AT_ONCE or segment != SMB or seats >= call_from_seats
