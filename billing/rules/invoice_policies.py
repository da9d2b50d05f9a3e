"""The numbers of paying on invoice. Each may differ by segment."""

from accounts.rules.policy import N_, Definition, Kind

SOURCE = "step C, paying like a business"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.payment_days",
        kind=Kind.INTEGER,
        unit="days",
        default=0,
        segments={"mid_market": 30, "enterprise": 30},
        minimum=0,
        maximum=120,
        what=N_("How long after its date an invoice is to be paid, for who may pay on invoice. 0: a card is needed."),
        source=SOURCE,
    ),
    Definition(
        name="billing.invoice_reminder_days",
        kind=Kind.INTEGER,
        unit="days",
        default=7,
        minimum=0,
        maximum=60,
        what=N_(
            "How long before an invoice is due its payer is reminded. 0: not before. Afterwards failed payments' days count."
        ),
        source=SOURCE,
    ),
    Definition(
        name="billing.bank_transfers",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("Whether invoices can be paid by bank transfer to an account that Stripe keeps for each customer."),
        source=SOURCE,
    ),
)
