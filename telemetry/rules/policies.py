"""The numbers of telemetry: defaults, bounds and where each comes from. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

SOURCE = "step D, visits"
DEFINITIONS = (
    Definition(
        name="telemetry.visits_kept_days",
        kind=Kind.INTEGER,
        unit="days",
        default=90,
        minimum=1,
        maximum=90,
        what=N_("After how many days a visit to a page is dropped; the privacy notice promises 90 at most."),
        source=SOURCE,
    ),
    Definition(
        name="telemetry.visit_again_minutes",
        kind=Kind.INTEGER,
        unit="minutes",
        default=30,
        minimum=0,
        maximum=1440,
        what=N_("For how many minutes another look at the same page from the same browser is the same visit."),
        source=SOURCE,
    ),
    Definition(
        name="telemetry.visits_per_hour_and_network",
        kind=Kind.INTEGER,
        unit="visits",
        default=600,
        minimum=1,
        maximum=1_000_000,
        what=N_("How many visits one network address may tell us of in an hour; more are not written down."),
        source=SOURCE,
    ),
)
