"""The numbers of deals: what is standard, who allows how much more, how long they hold. The register overrides them."""

from accounts.rules.policy import N_, Definition, Kind

SOURCE = "step D, quotes that stay on the rails"
# Per group that decides: months of a term, and how many times the seats sold may be the ceiling. What they may allow of a
# discount and of time to pay is the bands of exceptions (billing.terms_<group>_*); a rep's own are here.
DECIDING = {"rep": (12, 2), "manager": (24, 4), "finance": (36, 10), "revenue_operations": (36, 10)}


def _number(name: str, default: int, bounds: tuple[int, int], unit: str, what: str) -> Definition:
    return Definition(
        name=f"offramps.deal_{name}",
        kind=Kind.INTEGER if unit else Kind.BPS,
        unit=unit,
        default=default,
        minimum=bounds[0],
        maximum=bounds[1],
        what=what,
        source=SOURCE,
    )


DEFINITIONS: tuple[Definition, ...] = (
    _number("standard_months", 12, (1, 36), "months", N_("Up to how long a committed term is as standard as the catalog.")),
    _number("ceiling_times", 2, (1, 20), "times", N_("How many times the seats sold a deal may grow online, by itself.")),
    _number("days", 30, (1, 180), "days", N_("How long the quote of a deal holds.")),
    _number("approval_days", 14, (1, 90), "days", N_("How long a deal waits for a decision, and how long an approval holds.")),
    _number("rep_discount_bps", 500, (0, 10_000), "", N_("The largest discount that a rep may give in a deal alone.")),
    _number("rep_net_days", 30, (0, 180), "days", N_("The longest time to pay that a rep may give in a deal alone.")),
    *(
        _number(f"{group}_months", months, (1, 36), "months", N_("The longest term of a deal that this group may allow."))
        for group, (months, _times) in DECIDING.items()
    ),
    *(
        _number(
            f"{group}_ceiling_times",
            times,
            (1, 1_000),
            "times",
            N_("Up to how many times the seats sold this group may let a deal grow online."),
        )
        for group, (_months, times) in DECIDING.items()
    ),
    Definition(
        name="offramps.deal_wording_groups",
        kind=Kind.TEXTS,
        default=["finance", "revenue_operations"],
        maximum=4,
        what=N_("Which groups may allow a clause of its own in a deal, one a line."),
        source=SOURCE,
    ),
)
