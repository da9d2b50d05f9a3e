"""Whether a hand-raise is answered by a call within seconds, or by mail with a date.

A small company with a small purchase has no rep: it is answered on the page first, then by mail. Legal and security questions
reach a person at once, whoever asks; so does whoever is large, or wants as much as large ones do.
"""

SMB = "smb"
AT_ONCE = frozenset({"legal", "security"})
CALLS = frozenset({"phone", "video"})


def may_be_called(*, reason: str, segment: str, seats: int, call_from_seats: int) -> bool:
    """Whether a call is offered at all. `seats` is what they are about to buy or asked about (0: unknown)."""
    return reason in AT_ONCE or segment != SMB or seats >= call_from_seats
