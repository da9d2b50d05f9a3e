"""The numbers of renewals: defaults, bounds and where each comes from. Rows of the policy register override them."""

from accounts.rules.policy import N_, Definition, Kind

# As the triggers of the database know it: no notice and no review comes earlier (billing_renewalwatch).
LONGEST_DAYS = 120


def _days(name: str, default: int, maximum: int, what: str, source: str = "step C, renewals") -> Definition:
    return Definition(
        name=f"billing.{name}",
        kind=Kind.INTEGER,
        unit="days",
        default=default,
        minimum=0,
        maximum=maximum,
        what=what,
        source=source,
    )


DEFINITIONS: tuple[Definition, ...] = (
    _days(
        "renewal_first_notice_days",
        30,
        LONGEST_DAYS,
        N_("How long before a yearly renewal its amount is announced first. 0: never."),
    ),
    _days(
        "renewal_last_notice_days",
        7,
        60,
        N_("How long before a yearly renewal it is announced again, with what has changed since. 0: never."),
    ),
    _days(
        "renewal_change_notice_days",
        7,
        20,
        N_("How long before a monthly renewal it is announced, if its plan or price is another one. 0: never."),
    ),
    _days(
        "renewal_review_days",
        60,
        LONGEST_DAYS,
        N_("How long before a yearly renewal one of us looks at the account, where its coverage tier asks for it. 0: never."),
    ),
    Definition(
        name="billing.renewal_review_tiers",
        kind=Kind.TEXTS,
        default=["1"],
        maximum=3,
        what=N_("The coverage tiers whose yearly renewals one of us looks at beforehand, one a line: 1, 2 or 3."),
        source="step C, renewals",
    ),
    _days(
        "old_price_days",
        365,
        3_650,
        N_(
            "How long whoever has a price keeps it once it is sold no more. From the first renewal after that on they are "
            "asked: the new price, or another plan."
        ),
        "step C, renewals: grandfathered until the policy's date",
    ),
    _days(
        "old_price_notice_days",
        60,
        LONGEST_DAYS,
        N_("How long before that renewal they are asked. 0: never, and the old price stays for good."),
    ),
    Definition(
        name="billing.old_price_ends",
        kind=Kind.BOOLEAN,
        default=False,
        what=N_("Whether the subscription of whoever does not answer ends then. Otherwise it goes on at the old price."),
        source="step C, renewals: without a click they stay or end, and never pay more",
    ),
    Definition(
        name="billing.cart_reminder_hours",
        kind=Kind.INTEGER,
        unit="hours",
        default=24,
        minimum=1,
        maximum=720,
        what=N_("How long after its last change somebody is reminded of a cart, if they asked for that."),
        source="step C, abandoned carts",
    ),
    _days(
        "card_first_notice_days",
        30,
        80,
        N_("How long before the end of the month in which a card expires that is announced. 0: not."),
    ),
    _days("card_last_notice_days", 7, 60, N_("How long before that it is announced again. 0: not.")),
    _days(
        "card_charge_notice_days",
        7,
        60,
        N_("How long before a charge is announced that it will fail, as the card has expired. 0: not."),
    ),
    _days("seat_active_days", 28, 365, N_("How long after its holder was seen last a seat counts as used.")),
    Definition(
        name="billing.expansion_undo_hours",
        kind=Kind.INTEGER,
        unit="hours",
        default=72,
        minimum=0,
        maximum=720,
        what=N_("How long seats that were added by themselves can be given back for all that they cost. 0: not at all."),
        source="step C, auto-expansion",
    ),
    Definition(
        name="billing.seat_headroom_bps",
        kind=Kind.BPS,
        default=500,
        minimum=0,
        maximum=10_000,
        what=N_("How many more seats than are used are recommended for a renewal."),
        source="step C, renewals: 38 used, 40 recommended",
    ),
)
