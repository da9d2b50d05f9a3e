"""What hangs on a subscription, as frozen data: the unpaid invoice, what pays, the trial and the pilot it began with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from billing.models import FIRST_PAYMENTS, OWING_STATUSES, ChangeKind, Customer, ScheduledKind, Subscription
from billing.rules import addons, promotions, tax
from billing.rules.dunning import STEPS, Missing, Step


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """A change that waits for `effective_at`; `delta` is 0 for the end, `leaving` the people named who lose a seat."""

    public_id: str
    kind: str
    delta: int
    effective_at: datetime
    reason_code: str
    created_at: datetime
    by: str
    external_id: str | None = None
    addon: str = ""
    addon_name: Mapping[str, str] | None = None
    addon_after: int | None = None
    leaving: int = 0
    plan: Mapping[str, Any] | None = None
    """Of another plan or interval: its code, path (line/plan), name, interval, scheme and tiers."""
    is_booked: bool = False
    """A committed term has to be over for it: until its period begins it changes nothing."""

    @property
    def is_addon(self) -> bool:
        return self.kind == ScheduledKind.ADDON

    @property
    def is_end(self) -> bool:
        return self.kind == ScheduledKind.END

    @property
    def is_plan(self) -> bool:
        return self.plan is not None


@dataclass(frozen=True, kw_only=True)
class OpenChange:
    """An increase that is being made or waits for its payment, until `expires_at`; or a first charge that does."""

    public_id: str
    kind: str
    state: str
    quantity_before: int
    quantity_after: int
    due_now_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime | None
    external_id: str | None = None
    addon_name: Mapping[str, str] | None = None
    plan_name: str | None = None

    @property
    def is_waiting(self) -> bool:
        return self.state == "waiting"

    @property
    def is_of_window(self) -> bool:
        """Whether the seats are had already, and their invoice waits."""
        return self.kind == ChangeKind.WINDOW

    @property
    def is_first(self) -> bool:
        """Whether the trial goes on, or the pilot becomes the plan, once it is paid."""
        return self.kind in FIRST_PAYMENTS


@dataclass(frozen=True, kw_only=True)
class OpenInvoice:
    """A charge that was tried and failed; `next_attempt_at` is when Stripe tries again (None: not any more).

    With `due_at` it was sent to be paid by then, and nothing is tried.
    """

    stripe_id: str
    number: str
    remaining_minor: int
    currency: str
    next_attempt_at: datetime | None
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Owing:
    """What of a subscription was billed and not paid."""

    row: Subscription
    overdue: tuple[OpenInvoice, ...] = ()
    """All that could not be charged, or was not paid by its date: the oldest first, as it is paid (billing.queries.unpaid)."""
    sent: tuple[OpenInvoice, ...] = ()
    """Invoices to be paid by a date that has not passed yet."""

    @cached_property
    def overdue_minor(self) -> int:
        """What is missing: of all that is overdue together."""
        return sum(invoice.remaining_minor for invoice in self.overdue)

    @cached_property
    def next_attempt_at(self) -> datetime | None:
        """When something of it is tried again; None: not any more by itself."""
        tries = (invoice.next_attempt_at for invoice in self.overdue)
        return min((at for at in tries if at is not None), default=None)

    @cached_property
    def is_behind(self) -> bool:
        """Whether a payment is missing. Stripe calls past due what is due on this very day; it is overdue after it."""
        return bool(self.overdue) or (self.row.status in OWING_STATUSES and not self.sent)


@dataclass(frozen=True, kw_only=True)
class Late(Missing):
    """A missing payment with the episode it is of; `is_cancelled_then`: the subscription ends with its access."""

    episode: int
    is_cancelled_then: bool

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Late":
        return cls(
            since=plain["started_at"],
            step=str(STEPS.get(plain["reached"], Step.FAILED)),
            read_only_at=plain["read_only_at"],
            off_at=plain["off_at"],
            episode=plain["id"],
            is_cancelled_then=plain["is_cancelled_then"],
        )


@dataclass(frozen=True, kw_only=True)
class WindowFacts:
    """`seats` that are had and billed at `closes_at` for `due_minor`, unless something changes.

    `due_minor` is with tax, and after credit. `release_at`: it was not paid, and they are had until then.
    """

    seats: int
    due_minor: int
    currency: str
    opened_at: datetime
    closes_at: datetime
    release_at: datetime | None
    balance_minor: int = 0
    """What of the customer's credit is used for it (positive), or of a debt collected with it."""
    carried_minor: int = 0
    """What is below the smallest charge: nothing is charged then, and it comes with the next invoice."""

    @property
    def is_unpaid(self) -> bool:
        return self.release_at is not None


@dataclass(frozen=True, kw_only=True)
class NextCharge:
    """The renewal: `total_minor` for `seats` (`plan_minor`) and add-ons, less `discount_minor`, and `taxes` on that.

    `balance_minor` is taken from credit (negative) or added. `is_before_tax`: Stripe Tax adds what is due when it charges.
    """

    at: datetime
    seats: int
    unit_minor: int
    total_minor: int
    balance_minor: int
    currency: str
    discount_minor: int = 0
    discounts: tuple[promotions.Held, ...] = ()
    taxes: tuple[tax.TaxLine, ...] = ()
    is_before_tax: bool = False
    plan_minor: int = 0
    held_addons: tuple[addons.Item, ...] = ()

    @property
    def reduction_minor(self) -> int:
        """What the discounts take off, as a negative amount."""
        return -self.discount_minor

    @property
    def tax_minor(self) -> int:
        """What the taxes add."""
        return tax.on_top(self.taxes)

    @property
    def due_minor(self) -> int:
        return max(self.total_minor - self.discount_minor + self.tax_minor + self.balance_minor, 0)


@dataclass(frozen=True, kw_only=True)
class Between:
    """What is charged by the month beside a plan by the year: `items` at the instant `at`, and each month from then on.

    Minor units of `currency`; `total_minor` is before `discount_minor` and `taxes`, `charged_minor` after them. Of the first
    `balance_minor` is taken from credit (negative) or added; `credit_minor` is the credit that all before the renewal use.
    """

    at: datetime
    items: tuple[addons.Item, ...]
    total_minor: int
    discount_minor: int
    taxes: tuple[tax.TaxLine, ...]
    currency: str
    balance_minor: int = 0
    credit_minor: int = 0

    @property
    def tax_minor(self) -> int:
        """What the taxes add."""
        return tax.on_top(self.taxes)

    @property
    def charged_minor(self) -> int:
        """What a month costs."""
        return self.total_minor - self.discount_minor + self.tax_minor

    @property
    def due_minor(self) -> int:
        """What is paid for the first one."""
        return self.charged_minor + self.balance_minor


@dataclass(frozen=True, kw_only=True)
class Card:
    brand: str
    last4: str
    exp_month: int
    exp_year: int

    @property
    def expires_on(self) -> date:
        """The first day on which it no longer works."""
        return date(self.exp_year + self.exp_month // 12, self.exp_month % 12 + 1, 1)

    def works_on(self, day: date) -> bool:
        return day < self.expires_on


@dataclass(frozen=True, kw_only=True)
class Bank:
    """The account that is debited: `kind` as Stripe names the debit; `name` is empty where only the IBAN is known."""

    kind: str
    name: str
    last4: str


@dataclass(frozen=True, kw_only=True)
class Debit:
    """`amount_minor` is on its way from the bank since `begun_at`, and has usually arrived by `arrives_on`."""

    amount_minor: int
    currency: str
    number: str
    begun_at: datetime
    arrives_on: date

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Debit":
        return cls(**{**plain, "arrives_on": date.fromisoformat(plain["arrives_on"])})


@dataclass(frozen=True, kw_only=True)
class TrialFacts:
    """What was agreed of the trial it began with."""

    starts_at: datetime
    extended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PauseFacts:
    """It rests since `began_at` for `months` months, and goes on by itself then; `message`: why it could not."""

    public_id: str
    months: int
    began_at: datetime
    resumes_at: datetime
    credit_minor: int
    tries: int
    due_at: datetime | None
    message: str


@dataclass(frozen=True, kw_only=True)
class PilotFacts:
    """The pilot it began as: `seats` people for `days` days, until `ends_at`, for one fee (before tax)."""

    code: str
    name: Mapping[str, str]
    seats: int
    days: int
    fee_minor: int
    is_credited: bool
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    converted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """An exception of the customer's (`is_of_line`: of this line), `[starts_on, ends_on)`; `ended_at`: over, or ended early."""

    public_id: str
    kind: str
    value: Mapping[str, Any]
    state: str
    starts_on: date
    ends_on: date
    starts_at: datetime
    ends_at: datetime
    is_of_line: bool
    began_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Agreed":
        days = {name: date.fromisoformat(plain[name]) for name in ("starts_on", "ends_on")}
        return cls(**{**plain, **days})

    @property
    def is_in_force(self) -> bool:
        """Begun and not over."""
        return self.state == "approved" and self.began_at is not None


def card_of(customer: Customer | None) -> Card | None:
    """The card on file, if there is one that we know of."""
    if customer is None or not customer.card_last4 or not customer.card_exp_month or not customer.card_exp_year:
        return None
    return Card(
        brand=customer.card_brand,
        last4=customer.card_last4,
        exp_month=customer.card_exp_month,
        exp_year=customer.card_exp_year,
    )


def bank_of(customer: Customer | None) -> Bank | None:
    """The account that is debited, where that is what pays."""
    if customer is None or not customer.bank_last4:
        return None
    return Bank(kind=customer.method_kind, name=customer.bank_name, last4=customer.bank_last4)


@dataclass(frozen=True, kw_only=True)
class SunsetFacts:
    """The plan ends for this customer at `renews_at`: told so often, and `chosen` (a name) instead; "": nothing yet.

    `is_end`: without a choice the subscription ends then.
    """

    renews_at: datetime
    is_end: bool
    told: int
    chosen: str
