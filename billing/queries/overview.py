"""What an organization has, what it costs and what happens next: one query, as frozen data that pages and API read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import takewhile
from typing import Any

from accounts.models import Organization
from billing.models import Subscription, TermsKind
from billing.queries import coming, coming_charges, payers, standing_facts, standing_rows
from billing.queries.coming_charges import Due
from billing.queries.standing_facts import (
    Agreed,
    Bank,
    Between,
    Card,
    Debit,
    Late,
    NextCharge,
    OpenChange,
    OpenInvoice,
    Owing,
    PauseFacts,
    PilotFacts,
    Scheduled,
    SunsetFacts,
    TrialFacts,
    WindowFacts,
)
from billing.rules import addons, balances, collecting, intervals, pricing, tax
from billing.rules import promotions as rules
from billing.rules.collecting import How


class State(StrEnum):
    """What matters most about a subscription right now; the first that holds, in this order."""

    ENDED = "ended"
    PAUSED = "paused"  # a trial ended without a card, its owners paused it, or a person of ours stopped it
    PAST_DUE = "past_due"
    WAITING = "waiting"  # an increase, or the first charge after a pilot, waits for its payment
    BEING_MADE = "being_made"  # a change is on its way to Stripe
    PILOT = "pilot"
    ENDING = "ending"
    ARRANGING = "arranging"  # Stripe does not know the newest scheduled change yet
    TRIAL = "trial"
    ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class Standing(Owing):
    """One subscription with everything that hangs on it. `in_use` counts people, `held` seats kept for the invited."""

    in_use: int
    held: int
    scheduled: tuple[Scheduled, ...]
    discounts: tuple[rules.Held, ...]
    change: OpenChange | None
    card: Card | None
    balance_minor: int
    is_busy: bool
    is_asked: bool
    trial: TrialFacts | None = None
    levy: tax.Levy = tax.UNTAXED
    begun_as: PilotFacts | None = None
    held_addons: tuple[addons.Item, ...] = ()
    usages: tuple[Mapping[str, Any], ...] = ()
    missing: Late | None = None
    pause: PauseFacts | None = None
    window: WindowFacts | None = None
    bank: Bank | None = None
    debit: Debit | None = None
    agreed: tuple[Agreed, ...] = ()
    """Exceptions that hold, will hold, or have held."""
    sunset: SunsetFacts | None = None
    put_off: tuple[Scheduled, ...] = ()
    """What comes with a later period, as a committed term lasts until then: the end, fewer seats, a smaller plan."""
    beside: tuple["Standing", ...] = ()
    """The customer's other subscriptions: what they are charged before takes its part of the balance."""

    @cached_property
    def agreed_seats(self) -> int:
        """How many seats self-service sells of any plan of the line, by an exception; 0: there is none."""
        ceilings = (one for one in self.agreed if one.kind == TermsKind.SEAT_CEILING and one.is_of_line and one.is_in_force)
        return max((one.value["seats"] for one in ceilings), default=0)

    @property
    def booked(self) -> Scheduled | None:
        """The end that a committed term puts off."""
        return next((one for one in self.put_off if one.is_end), None)

    @cached_property
    def commitment(self) -> Agreed | None:
        """The committed term that holds and says seats or a plan that are had until then; None: there is none."""
        held = (one for one in self.agreed if one.kind == TermsKind.TERM and one.is_of_line and one.is_in_force and one.value)
        return max(held, key=lambda one: one.ends_at, default=None)

    @cached_property
    def seats_max(self) -> int:
        """How many seats self-service sells: what the plan says, or more where that was agreed."""
        return max(self.row.plan.seats_max, self.agreed_seats)

    @cached_property
    def coming_addons(self) -> tuple[addons.Item, ...]:
        """Those of the next period. No query; up to three where another plan waits and there are add-ons."""
        waiting = (change for change in self.scheduled if change.is_addon)
        left = addons.after(self.held_addons, [addons.Wanted(code=one.addon, number=one.addon_after or 0) for one in waiting])
        plan = self.coming_plan
        if plan is None:
            return left
        place = {"line_id": self.row.line_id, "plan": plan["code"], "interval": plan["interval"]}
        return coming.along(left, coming.Place(**place, currency=self.row.currency))

    @cached_property
    def coming_plan(self) -> Mapping[str, Any] | None:
        """The plan, or the same at another interval, of the next period; None: it stays."""
        return next((change.plan for change in self.scheduled if change.is_plan), None)

    @cached_property
    def trial_ends_at(self) -> datetime | None:
        """When the trial that goes on ends; None: none does."""
        is_trial = self.row.status == "trialing" and self.row.is_in_trial and self.begun_as is None
        return self.row.trial_ends_at if is_trial else None

    @cached_property
    def pilot(self) -> PilotFacts | None:
        """The pilot that runs: its seats are in its fee, and it ends by itself."""
        return self.begun_as if self.row.status == "trialing" and self.row.is_in_trial else None

    @cached_property
    def past_pilot(self) -> PilotFacts | None:
        """The pilot that has ended without becoming the plan: what was made can be read."""
        return self.begun_as if self.row.is_in_trial and not self.row.is_live else None

    @cached_property
    def is_trial_over(self) -> bool:
        """Whether it waits, read-only, for a card: its trial ended without one."""
        return self.row.status == "paused" and self.row.is_in_trial

    @cached_property
    def is_resting(self) -> bool:
        """Whether it is paused after having been paid for: `pause` says until when, unless a person of ours paused it."""
        return self.row.status == "paused" and not self.row.is_in_trial

    @cached_property
    def resumption_minor(self) -> int:
        """What going on is charged, less the credit there is, as far as it is known here."""
        charged = self.charged_minor(self.quantity, self.pause.resumes_at if self.pause else self.row.period_ends_at)
        return max(charged + self.balance_minor, 0)

    @cached_property
    def first_payment(self) -> OpenChange | None:
        """The first charge that waits because the bank wants to be asked."""
        return self.change if self.change is not None and self.change.is_waiting and self.change.is_first else None

    @cached_property
    def how(self) -> How:
        """How it is collected: what words it is told in (billing.queries.collecting_words)."""
        return collecting.how(is_invoiced=self.row.is_invoiced, method_kind=self.bank.kind if self.bank else "")

    @property
    def last4(self) -> str:
        """How what pays ends, a card or a bank account; empty: nothing pays yet."""
        pays = self.card or self.bank
        return pays.last4 if pays else ""

    @cached_property
    def quantity(self) -> int:
        return self.row.quantity

    @cached_property
    def credit_minor(self) -> int:
        """What the organization has to its credit."""
        return max(-self.balance_minor, 0)

    @cached_property
    def free(self) -> int:
        return max(self.quantity - self.in_use - self.held, 0)

    @cached_property
    def end(self) -> Scheduled | None:
        """The end that somebody has asked for and can take back; a pilot's own is none of those."""
        return None if self.pilot else next((change for change in self.scheduled if change.is_end), None)

    @cached_property
    def ends_at(self) -> datetime | None:
        """When it ends (or ended), if that is settled."""
        if self.pilot is not None:
            return self.row.trial_ends_at
        return self.row.ended_at or (self.end.effective_at if self.end else self.row.cancel_at)

    @cached_property
    def coming(self) -> int:
        """Seats from the next period on; 0 when it ends."""
        if self.ends_at is not None:
            return 0
        return self.quantity + sum(change.delta for change in self.scheduled)

    @cached_property
    def unseated(self) -> int:
        """Seats in use or held beyond what there is from the next period on, that nobody was named for: the newest go then."""
        if self.ends_at is not None:
            return 0
        return max(self.in_use + self.held - sum(change.leaving for change in self.scheduled) - self.coming, 0)

    @cached_property
    def rate(self) -> pricing.Rate:
        """Of this period."""
        return _rate(self.row.price.tiers, self.row.price.scheme, self.row.price.interval)

    @cached_property
    def coming_rate(self) -> pricing.Rate:
        """Of the next."""
        plan = self.coming_plan
        return _rate(plan["tiers"], plan["scheme"], plan["interval"]) if plan else self.rate

    def parts(self, seats: int) -> tuple[int, ...]:
        """The next period's price with `seats` seats: the plan's part, then those of the add-ons there are then."""
        return addons.parts(self.coming_rate.total(seats), self.coming_addons, seats) if seats else (0,)

    def total_minor(self, seats: int) -> int:
        """The same in one."""
        return sum(self.parts(seats))

    def discount_minor(self, seats: int, at: datetime) -> int:
        """What its discounts take off a period with `seats` seats that is charged at `at`."""
        return sum(addons.off(self.renewal_discounts, self.parts(seats), at))

    def net_parts(self, seats: int, at: datetime) -> tuple[int, ...]:
        """The parts after discounts."""
        parts = self.parts(seats)
        return tuple(part - off for part, off in zip(parts, addons.off(self.renewal_discounts, parts, at), strict=True))

    def charged_minor(self, seats: int, at: datetime) -> int:
        """What a period with `seats` seats comes to at `at`, after discounts and with tax, before the balance."""
        net = self.net_parts(seats, at)
        return sum(net) + self.levy.added(*net)

    @cached_property
    def period_charge_minor(self) -> int:
        """What the next period would cost if nobody had cancelled, with discounts and tax."""
        seats = self.quantity + sum(change.delta for change in self.scheduled)
        return self.charged_minor(seats, self.row.period_ends_at)

    @property
    def renews(self) -> bool:
        return self.coming >= 1 and self.row.is_live and self.row.status != "paused"

    @cached_property
    def next_charge(self) -> NextCharge | None:
        if not self.renews:
            return None
        total = self.total_minor(self.coming)
        net = self.net_parts(self.coming, self.row.period_ends_at)
        off, taxes = total - sum(net), self.levy.on(*net)
        return NextCharge(
            at=self.row.period_ends_at,
            seats=self.coming,
            unit_minor=self.coming_rate.unit(self.coming),
            total_minor=total,
            balance_minor=balances.applied_minor(self.renewal_balance_minor, sum(net) + tax.on_top(taxes)),
            currency=self.row.currency,
            discount_minor=off,
            discounts=tuple(one for one in self.renewal_discounts if one.off(total, self.row.period_ends_at)),
            taxes=taxes,
            plan_minor=self.coming_rate.total(self.coming),
            held_addons=self.coming_addons,
            is_before_tax=self.levy.is_automatic and self.levy.exempt == tax.Exempt.NONE,
        )

    @cached_property
    def months(self) -> tuple[Between, ...]:
        """The charges by the month that come before the renewal (or end) of a plan by the year."""
        if not self.row.is_live or self.row.status == "paused":
            return ()
        own = [item for item in addons.between(self.held_addons, self.row.price.interval) if item.period_ends_at is not None]
        return tuple(coming_charges.months(self.row, own, self.scheduled, self.discounts, self.levy))

    @cached_property
    def renewal_discounts(self) -> tuple[rules.Held, ...]:
        """Those that there are at the renewal: one for a single invoice may be used by a month before."""
        return tuple(coming_charges.lasting(self.discounts, self.months))

    @cached_property
    def between(self) -> Between | None:
        """The first of those; None: there is none."""
        return coming_charges.with_balance(self.months, self._dues_beside, self._free_balance_minor)

    @cached_property
    def renewal_balance_minor(self) -> int:
        """The customer's balance as the renewal finds it, after all that is charged before."""
        charged = coming_charges.in_order(self.months, self._dues_beside)
        return balances.left_minor(self._free_balance_minor, (due.minor for due in charged), self.row.currency)

    @property
    def _free_balance_minor(self) -> int:
        """The balance without what the windows' charges use; what they could not charge is owed."""
        windows = (one.window for one in (self, *self.beside) if one.window is not None)
        return self.balance_minor + sum(one.balance_minor + one.carried_minor for one in windows)

    @property
    def _dues_beside(self) -> list[Due]:
        until = self.row.period_ends_at
        return [due for other in self.beside for due in takewhile(lambda one: one.at < until, other.dues())]

    def dues(self) -> Iterator[Due]:
        """What is charged from now on, before the balance: without end where it renews."""
        yield from coming_charges.in_order(self.months, ())
        at, until = self.row.period_ends_at, self.next_period_ends_at
        while self.renews:
            yield Due(at, self.charged_minor(self.coming, at))
            at, until = until, intervals.following(at, until, self.coming_rate.interval)

    @cached_property
    def next_period_ends_at(self) -> datetime:
        interval, starts_at, ends_at = self.coming_rate.interval, self.row.period_starts_at, self.row.period_ends_at
        if interval != self.row.price.interval:
            return intervals.end(ends_at, interval)
        return intervals.following(starts_at, ends_at, interval)

    @cached_property
    def state(self) -> State:
        row, change = self.row, self.change
        found = (
            (State.ENDED, not row.is_live),
            (State.PAUSED, row.status == "paused"),
            (State.PAST_DUE, self.is_behind),
            (State.WAITING, change is not None and change.is_waiting and not change.is_of_window),
            (
                State.BEING_MADE,
                (change is not None and not change.is_of_window) or (self.is_busy and not row.is_being_arranged),
            ),
            (State.PILOT, self.pilot is not None),
            (State.ENDING, self.ends_at is not None),
            (State.ARRANGING, row.is_being_arranged),
            (State.TRIAL, self.trial_ends_at is not None),
        )
        return next((state for state, holds in found if holds), State.ACTIVE)


def standings(organization: Organization) -> list[Standing]:
    """The organization's subscriptions, live ones first, then by line and age; those never paid are left out. One query."""
    found = [_standing(row) for row in standing_rows.of(organization)]
    live = [one for one in found if one.row.is_live]
    return [replace(one, beside=tuple(other for other in live if other is not one)) if len(live) > 1 else one for one in found]


def standing(organization: Organization, line: str = "") -> Standing | None:
    """The organization's standing with one product line, or the first there is. One query."""
    found = standings(organization)
    return next((one for one in found if not line or one.row.line.code == line), None)


def _standing(row: standing_rows.Row) -> Standing:
    subscription = row.subscription
    customer = payers.of(subscription)
    scheduled = [Scheduled(**standing_rows.instants(plain)) for plain in row.scheduled]
    return Standing(
        row=subscription,
        in_use=row.people,
        held=row.held,
        scheduled=tuple(one for one in scheduled if not one.is_booked),
        put_off=tuple(one for one in scheduled if one.is_booked),
        discounts=tuple(rules.Held(**standing_rows.instants(plain)) for plain in row.discounts),
        change=OpenChange(**standing_rows.instants(row.change)) if row.change else None,
        card=None if subscription.is_invoiced else standing_facts.card_of(customer),
        balance_minor=customer.balance_minor if customer and customer.balance_currency in ("", subscription.currency) else 0,
        is_busy=row.is_busy,
        is_asked=row.is_asked,
        trial=TrialFacts(**standing_rows.instants(row.trial)) if row.trial else None,
        levy=tax.Levy(**row.levy) if row.levy else tax.UNTAXED,
        begun_as=PilotFacts(**standing_rows.instants(row.pilot)) if row.pilot else None,
        held_addons=tuple(addons.Item.of_plain(standing_rows.instants(plain)) for plain in row.addons),
        usages=tuple(standing_rows.instants(plain) for plain in row.usages),
        missing=Late.of_plain(standing_rows.instants(row.late)) if row.late else None,
        pause=PauseFacts(**standing_rows.instants(row.pause)) if row.pause else None,
        window=WindowFacts(**standing_rows.instants(row.window)) if row.window else None,
        agreed=tuple(Agreed.of_plain(standing_rows.instants(plain)) for plain in row.agreed),
        overdue=tuple(OpenInvoice(**standing_rows.instants(plain)) for plain in row.overdue),
        sent=tuple(OpenInvoice(**standing_rows.instants(plain)) for plain in row.sent),
        bank=None if subscription.is_invoiced else standing_facts.bank_of(customer),
        debit=Debit.of_plain(standing_rows.instants(row.debit)) if row.debit else None,
        sunset=SunsetFacts(**standing_rows.instants(row.sunset)) if row.sunset else None,
    )


def is_customer(organization: Organization) -> bool:
    """Whether something runs: paid for, in a trial, or paused after one."""
    return Subscription.objects.live().filter(organization=organization).exists()


def _rate(tiers: Sequence[Mapping[str, Any]], scheme: str, interval: str) -> pricing.Rate:
    return pricing.Rate(tuple(pricing.Tier(**tier) for tier in tiers), scheme, interval)
