"""Billing's numbers: defaults, bounds and where each comes from. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.preview_minutes",
        kind=Kind.INTEGER,
        unit="minutes",
        default=15,
        minimum=1,
        maximum=60,
        what=N_("How long a previewed price can be confirmed."),
        source="stripe plan, previews",
    ),
    Definition(
        name="billing.invoices_per_day",
        kind=Kind.INTEGER,
        unit="invoices",
        default=15,
        minimum=1,
        maximum=20,
        what=N_("Seat changes a subscription may make in 24 hours; Stripe refuses more than 20 invoices a day."),
        source="stripe plan, the API's limits",
    ),
    Definition(
        name="billing.invoices_per_minute",
        kind=Kind.INTEGER,
        unit="invoices",
        default=8,
        minimum=1,
        maximum=10,
        what=N_("Seat changes a subscription may make in a minute; Stripe refuses more than 10 invoices a minute."),
        source="stripe plan, the API's limits",
    ),
    Definition(
        name="billing.window_hours",
        kind=Kind.INTEGER,
        unit="hours",
        default=24,
        minimum=0,
        maximum=168,
        what=N_(
            "How long small additions of seats to a monthly plan are gathered into one invoice. 0: each is billed at once."
        ),
        source="step C, invoice window",
    ),
    Definition(
        name="billing.window_most_minor",
        kind=Kind.MINOR,
        default=20_000,
        minimum=0,
        maximum=10_000_000,
        what=N_("Up to how much additions of seats wait for their invoice, in US cents or as much of another currency."),
        source="step C, invoice window",
    ),
    Definition(
        name="billing.window_unpaid_days",
        kind=Kind.INTEGER,
        unit="days",
        default=3,
        minimum=1,
        maximum=21,
        what=N_("How long seats stay that could not be charged when their invoice was due; then the newest go back."),
        source="step C, invoice window",
    ),
    Definition(
        name="billing.carts_per_hour",
        kind=Kind.INTEGER,
        unit="clicks",
        default=120,
        minimum=1,
        maximum=100_000,
        what=N_("How often one network address may put something into a cart in an hour."),
        source="step A, buying",
    ),
    Definition(
        name="billing.entitlements_fresh_seconds",
        kind=Kind.SECONDS,
        default=10,
        minimum=0,
        maximum=3_600,
        what=N_("How long a program may take an answer about a feature as still true without asking again."),
        source="step C, entitlements",
    ),
    Definition(
        name="billing.reconcile_hour",
        kind=Kind.INTEGER,
        unit="hours",
        default=2,
        minimum=0,
        maximum=23,
        what=N_("The hour (UTC) from which the nightly comparison with Stripe starts."),
        source="step B, operators",
    ),
    Definition(
        name="billing.reconcile_invoice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=40,
        minimum=1,
        maximum=3_650,
        what=N_("How far back the nightly comparison reads invoices. Open ones are always read."),
        source="step B, operators",
    ),
    Definition(
        name="billing.reconcile_past_nights",
        kind=Kind.INTEGER,
        unit="days",
        default=30,
        minimum=1,
        maximum=365,
        what=N_("In how many nights the comparison goes once through all invoices that are older than that."),
        source="step B, operators",
    ),
    Definition(
        name="billing.command_alarm_minutes",
        kind=Kind.INTEGER,
        unit="minutes",
        default=60,
        minimum=5,
        maximum=2_880,
        what=N_("How long a Stripe command may be under way before it is reported as a difference."),
        source="step B, operators",
    ),
    Definition(
        name="billing.discount_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_("How long before a discount ends its end is announced. 0: never."),
        source="step B, promotions",
    ),
    Definition(
        name="billing.trial_first_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_("How long before a trial ends its end is announced first; from then on it can be made longer. 0: never."),
        source="step B, trials",
    ),
    Definition(
        name="billing.trial_last_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=1,
        minimum=0,
        maximum=30,
        what=N_("How long before a trial ends its end is announced last. 0: never."),
        source="step B, trials",
    ),
    Definition(
        name="billing.trial_extension_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_("How much longer a customer can make a trial, once. 0: not at all."),
        source="step B, trials",
    ),
    Definition(
        name="billing.pilot_first_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=14,
        minimum=0,
        maximum=120,
        what=N_("How long before a pilot ends its end is announced first. 0: never."),
        source="step B, pilots",
    ),
    Definition(
        name="billing.pilot_second_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_("How long before a pilot ends its end is announced again. 0: never."),
        source="step B, pilots",
    ),
    Definition(
        name="billing.pilot_last_notice_days",
        kind=Kind.INTEGER,
        unit="days",
        default=1,
        minimum=0,
        maximum=30,
        what=N_("How long before a pilot ends its end is announced last. 0: never."),
        source="step B, pilots",
    ),
    Definition(
        name="billing.tax_pending_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_("How long a VAT id that is being checked already counts for reverse charge."),
        source="step B, tax",
    ),
    Definition(
        name="billing.tax_warning_days",
        kind=Kind.INTEGER,
        unit="days",
        default=2,
        minimum=0,
        maximum=30,
        what=N_("How long before that the customer is told that tax will be added."),
        source="step B, tax",
    ),
)

# Per group of the staff, in US cents: at once, and to one organization in 30 days (billing.rules.giving_back).
GIVING = {
    "support": (10_000, 20_000),
    "csm": (25_000, 50_000),
    "manager": (200_000, 500_000),
    "revenue_operations": (500_000, 1_000_000),
    "finance": (2_500_000, 5_000_000),
}
# Nothing until somebody decides: a program gives money back without a person looking.
KEYS_LIMITS = {
    "billing.give_back_keys_minor": N_("How much a vendor-wide API key may refund or credit at once, in US cents. 0: nothing."),
    "billing.give_back_keys_month_minor": N_(
        "How much one organization may get back in 30 days, from whomever, when an API key adds to it. In US cents."
    ),
}
DEFINITIONS += (
    *(
        Definition(name=name, kind=Kind.MINOR, default=0, minimum=0, maximum=100_000_000, what=what, source="step B, API")
        for name, what in KEYS_LIMITS.items()
    ),
    Definition(
        name="billing.usd_rates",
        kind=Kind.TEXTS,
        default=["eur 1.20", "gbp 1.40", "jpy 0.0075"],
        maximum=50,
        what=N_("What one unit of a currency counts in dollars for limits of refunds and credits: for example eur 1.20."),
        source="step B, operators; rounded up, so that limits rather hold",
    ),
    *(
        Definition(
            name=f"billing.give_back_{group}_minor",
            kind=Kind.MINOR,
            default=at_once,
            minimum=0,
            maximum=100_000_000,
            what=N_(
                "How much somebody of this group may refund or credit at once, in US cents or as much of another currency."
            ),
            source="step B, operators",
        )
        for group, (at_once, _month) in GIVING.items()
    ),
    *(
        Definition(
            name=f"billing.give_back_{group}_month_minor",
            kind=Kind.MINOR,
            default=month,
            minimum=0,
            maximum=100_000_000,
            what=N_(
                "How much one organization may get back in 30 days, from whomever, when somebody of this group adds to it."
            ),
            source="step B, operators",
        )
        for group, (_at_once, month) in GIVING.items()
    ),
)
