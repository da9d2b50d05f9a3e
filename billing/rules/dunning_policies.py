"""The numbers of failed and disputed payments. Each may differ by segment; an episode keeps those that it began with."""

from accounts.rules.policy import N_, Definition, Kind


def _days(name: str, default: int, what: str, *, minimum: int = 0, maximum: int = 90) -> Definition:
    return Definition(
        name=f"billing.dunning_{name}",
        kind=Kind.INTEGER,
        unit="days",
        default=default,
        minimum=minimum,
        maximum=maximum,
        what=what,
        source="step C, dunning",
    )


DEFINITIONS: tuple[Definition, ...] = (
    _days("second_days", 3, N_("How long after a payment failed it is said a second time. 0: left out.")),
    _days("third_days", 7, N_("How long after a payment failed it is said a third time. 0: left out.")),
    _days(
        *("read_only_days", 14, N_("How long after a payment failed what there is can only be read. A weekend is waited out.")),
        minimum=1,
    ),
    _days(
        *("grace_days", 21, N_("How long after a payment failed access ends. A weekend is waited out.")),
        minimum=1,
        maximum=180,
    ),
    _days("notice_days", 3, N_("How long before access becomes less it must have been announced, by a mail that went out.")),
    Definition(
        name="billing.dunning_cancels",
        kind=Kind.BOOLEAN,
        default=True,
        what=N_("Whether the subscription is cancelled when access ends. If not, it waits for its payment."),
        source="step C, dunning",
    ),
    Definition(
        name="billing.dispute_read_only",
        kind=Kind.BOOLEAN,
        default=False,
        what=N_("Whether what a disputed charge paid for can only be read while the bank decides. If not, nothing changes."),
        source="step C, dunning",
    ),
)
