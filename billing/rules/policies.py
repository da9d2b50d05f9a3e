"""Billing's numbers: defaults, bounds and where each comes from. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS = (
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
        name="billing.carts_per_hour",
        kind=Kind.INTEGER,
        unit="clicks",
        default=120,
        minimum=1,
        maximum=100_000,
        what=N_("How often one network address may put something into a cart in an hour."),
        source="step A, buying",
    ),
)
