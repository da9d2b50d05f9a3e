"""The numbers of exceptions: how long, who approves how much, when their end is announced. The register overrides them."""

from accounts.rules.policy import N_, Definition, Kind

# Per group of the staff that approves: discount in basis points, days to pay, credit limit in US cents.
APPROVING = {
    "manager": (1_500, 45, 1_000_000),
    "finance": (2_500, 90, 10_000_000),
    "revenue_operations": (5_000, 90, 5_000_000),
}
WHAT = (
    ("discount_bps", Kind.BPS, "", 10_000, N_("The largest discount that this group may approve for a customer.")),
    ("net_days", Kind.INTEGER, "days", 180, N_("The longest time to pay an invoice that this group may approve.")),
    ("credit_minor", Kind.MINOR, "", 10_000_000_000, N_("The highest credit limit that this group may approve, in US cents.")),
)
SOURCE = "step C, exceptions"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.terms_longest_days",
        kind=Kind.INTEGER,
        unit="days",
        default=1_096,
        minimum=1,
        maximum=3_660,
        what=N_("How long an exception from the catalog may last at most."),
        source=SOURCE,
    ),
    Definition(
        name="billing.terms_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=30,
        minimum=0,
        maximum=180,
        what=N_("How long before its end the buyer is told what an exception's end changes. 0: never."),
        source=SOURCE + ": announced beforehand",
    ),
    Definition(
        name="billing.renewal_review_exceptions",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("Whether one of us looks at an account with an exception before its yearly renewal, whatever its tier."),
        source="step C, renewals",
    ),
    *(
        Definition(
            name=f"billing.terms_{group}_{name}",
            kind=kind,
            unit=unit,
            default=most,
            minimum=0,
            maximum=bound,
            what=what,
            source=SOURCE,
        )
        for group, bounds in APPROVING.items()
        for (name, kind, unit, bound, what), most in zip(WHAT, bounds, strict=True)
    ),
)
