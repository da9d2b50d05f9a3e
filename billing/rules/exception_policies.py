"""The numbers of the exception budget. The register overrides them, for a segment or for all."""

from accounts.rules.policy import N_, Definition, Kind

SOURCE = "step D, exception budget"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.exception_ceiling_bps",
        kind=Kind.BPS,
        default=200,
        segments={"mid_market": 500, "enterprise": 2_000},
        minimum=0,
        maximum=10_000,
        what=N_("The largest share of a segment's customers, and of its ARR, that exceptions of a quarter may come to."),
        source=SOURCE,
    ),
    Definition(
        name="billing.exception_notice_bps",
        kind=Kind.BPS,
        default=8_000,
        minimum=1,
        maximum=10_000,
        what=N_("From which part of a ceiling on revenue operations are written to."),
        source=SOURCE,
    ),
    Definition(
        name="billing.exception_least_deals",
        kind=Kind.INTEGER,
        unit="customers",
        default=1,
        minimum=0,
        maximum=100,
        what=N_("How many customers of a segment may have an exception a quarter however few there are. 0: by shares alone."),
        source="of few customers a small share is none",
    ),
)
