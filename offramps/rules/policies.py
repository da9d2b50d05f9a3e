"""The numbers of the off-ramps: defaults, bounds and where each comes from. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS = (
    Definition(
        name="offramps.answer_working_days",
        kind=Kind.INTEGER,
        unit="working days",
        default=1,
        minimum=1,
        maximum=20,
        what=N_(
            "By the end of which working day (Monday to Friday) after a hand-raise it is answered by mail; it is promised."
        ),
        source="product plan, a dated promise outside working hours",
    ),
    Definition(
        name="offramps.raises_per_hour",
        kind=Kind.INTEGER,
        unit="hand-raises",
        default=5,
        minimum=1,
        maximum=1_000,
        what=N_("How many hand-raises one mail address may make in an hour."),
        source="step A, talk to us",
    ),
    Definition(
        name="offramps.raises_per_hour_and_network",
        kind=Kind.INTEGER,
        unit="hand-raises",
        default=20,
        minimum=1,
        maximum=10_000,
        what=N_("How many hand-raises one network address may make in an hour."),
        source="step A, talk to us",
    ),
)
