"""Numbers of plans that end: defaults, bounds and where each comes from. The policy register overrides them."""

from accounts.rules.policy import N_, Definition, Kind


def _days(name: str, default: int, what: str) -> Definition:
    return Definition(
        name=f"billing.{name}",
        kind=Kind.INTEGER,
        unit="days",
        default=default,
        minimum=0,
        maximum=365,
        what=what,
        source="step C, sunset of a plan",
    )


DEFINITIONS: tuple[Definition, ...] = (
    _days("sunset_first_notice_days", 60, N_("How long before its plan ends a customer is told first. 0: not then.")),
    _days("sunset_second_notice_days", 30, N_("How long before its plan ends a customer is told again. 0: not then.")),
    _days("sunset_last_notice_days", 7, N_("How long before its plan ends a customer is told last. 0: not then.")),
)
NOTICES = tuple(one.name for one in DEFINITIONS)
