"""Numbers of quotes: defaults, bounds and where each comes from. The policy register overrides them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.quote_days",
        kind=Kind.INTEGER,
        unit="days",
        default=30,
        minimum=1,
        maximum=180,
        what=N_("How many days a quote holds after the day it was issued, at the price it names."),
        source="step C, standard quotes",
    ),
    Definition(
        name="billing.quote_reminder_days",
        kind=Kind.INTEGER,
        unit="days",
        default=5,
        minimum=0,
        maximum=30,
        what=N_("How many days before a quote lapses its buyer and its approver are reminded. 0: never."),
        source="step C, standard quotes",
    ),
    Definition(
        name="billing.quotes_per_day",
        kind=Kind.INTEGER,
        unit="quotes",
        default=20,
        minimum=1,
        maximum=500,
        what=N_("How many quotes one organization may issue within 24 hours."),
        source="step C, standard quotes",
    ),
)
