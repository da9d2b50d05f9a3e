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
)
