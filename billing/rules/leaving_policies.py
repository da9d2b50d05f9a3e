"""Numbers of leaving and pausing: defaults, bounds and where each comes from. The policy register overrides them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.end_now_gives_back",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("Whether an owner who ends a paid plan at once gets its unused time back, as credit by Stripe's proration."),
        source="step C, cancelling",
    ),
    Definition(
        name="billing.end_now_voids_invoices",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("What ending at once does to invoices that are open: yes voids them, no writes them off as uncollectible."),
        source="step C, cancelling",
    ),
    Definition(
        name="billing.retention_offers",
        kind=Kind.TEXTS,
        default=[],
        maximum=20,
        what=N_(
            "Which standard offer whoever cancels is shown, by the reason given: a line as “price: smaller, annual, human”; "
            "the first that is possible counts, none after the colon shows none. Other reasons go by the store's table."
        ),
        source="step C, cancelling",
    ),
    Definition(
        name="billing.pause_months",
        kind=Kind.INTEGER,
        unit="months",
        default=3,
        minimum=0,
        maximum=12,
        what=N_("How many months a subscription may be paused at most; it goes on by itself then. 0: pausing is not offered."),
        source="step C, pausing",
    ),
    Definition(
        name="billing.pauses_per_year",
        kind=Kind.INTEGER,
        unit="pauses",
        default=1,
        minimum=0,
        maximum=12,
        what=N_("How many pauses a customer may begin within 365 days."),
        source="step C, pausing",
    ),
    Definition(
        name="billing.pause_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=30,
        what=N_("How many days before a pause ends its end and the charge are announced."),
        source="step C, pausing",
    ),
    Definition(
        name="billing.pause_reads",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("Whether people can still read what they made while the subscription is paused; no: they cannot get in."),
        source="step C, pausing",
    ),
)
