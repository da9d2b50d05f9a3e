"""Numbers of paying by other ways than a card: defaults, bounds and sources. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="billing.credit_limit",
        kind=Kind.MINOR,
        default=1_000_000,
        segments={"enterprise": 5_000_000},
        minimum=0,
        maximum=1_000_000_000,
        what=N_(
            "How much may be open or on its way from a bank before a customer is asked to pay first, in US cents or as much of "
            "another currency."
        ),
        source="step C, paying like a business",
    ),
    Definition(
        name="billing.payment_methods",
        kind=Kind.TEXTS,
        default=["eur: card, sepa_debit", "usd: card, us_bank_account"],
        maximum=20,
        what=N_(
            "What may be paid with, by currency: a line as “eur: card, sepa_debit”. Other currencies are paid by card. Bank "
            "debits (sepa_debit in EUR, us_bank_account in USD) are offered as far as the credit limit goes."
        ),
        source="step C, paying like a business",
    ),
    Definition(
        name="billing.sepa_debit_days",
        kind=Kind.INTEGER,
        unit="working days",
        default=5,
        minimum=1,
        maximum=14,
        what=N_("After how many working days a SEPA direct debit has usually arrived; customers are told that day."),
        source="Stripe's guide of SEPA Direct Debit: 5 business days, up to 14",
    ),
    Definition(
        name="billing.us_bank_account_days",
        kind=Kind.INTEGER,
        unit="working days",
        default=4,
        minimum=1,
        maximum=14,
        what=N_("After how many working days an ACH debit has usually arrived; customers are told that day."),
        source="Stripe's guide of ACH Direct Debit: 4 business days",
    ),
)
