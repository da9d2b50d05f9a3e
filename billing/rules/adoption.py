"""Contracts that were sold elsewhere, as a file says them: read line by line, and mapped to a plan and exceptions.

Everything wrong with the file is said at once: line, field, what is wrong and what to write instead. Source: step C, moving in;
docs/moving-in.md.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from billing.rules import intervals, money, terms

REQUIRED: Final = (
    *("reference", "customer_id", "company", "country", "people", "email"),
    *("plan", "interval", "currency", "seats", "amount", "renews_on"),
)
OPTIONAL: Final = (
    *("domain", "industry", "locale", "starts_on", "exception_until", "payment", "net_days", "purchase_order"),
    *("stripe_customer", "stripe_subscription"),
)
COLUMNS: Final = (*REQUIRED, *OPTIONAL)
INTERVALS: Final = ("month", "year")
MONTHS_A_YEAR: Final = 12
USUAL_DAYS: Final = 30
MOST_TEXT: Final = 120


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong in a line of the file (the heading is line 1), in which field, and what to write instead."""

    line: int
    field: str
    text: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.field}" if self.field else "")
        return f"{where}: {self.text} {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One line. `amount_minor` is what a whole interval costs before tax; days are UTC's; `net_days` 0: paid by card."""

    line: int
    reference: str
    customer_id: str
    company: str
    country: str
    people: str
    email: str
    plan: str
    interval: str
    currency: str
    seats: int
    amount_minor: int
    renews_on: date
    starts_on: date
    exception_until: date
    net_days: int
    domain: str = ""
    industry: str = ""
    locale: str = "en"
    purchase_order: str = ""
    stripe_customer: str = ""
    stripe_subscription: str = ""

    @property
    def arr_minor(self) -> int:
        return self.amount_minor * (MONTHS_A_YEAR if self.interval == "month" else 1)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.starts_on, time(), UTC)

    @property
    def period(self) -> tuple[datetime, datetime]:
        """The one that ends at the renewal."""
        ends_at = datetime.combine(self.renews_on, time(), UTC)
        months = 1 if self.interval == "month" else MONTHS_A_YEAR
        return intervals.months_after(ends_at, -months), ends_at


@dataclass
class Line:
    """A line of the file while it is read: what is wrong with it is noted, and something of the type goes on."""

    number: int
    said: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, name: str, text: str, remedy: str) -> None:
        self.problems.append(Problem(self.number, name, text, remedy))

    def text(self, name: str, *, most: int = MOST_TEXT) -> str:
        found = self.said.get(name, "").strip()
        if not found and name in REQUIRED:
            self.wrong(name, "is empty.", "Every contract needs one.")
        if len(found) > most:
            self.wrong(name, f"is longer than {most} characters.", "Write a shorter one.")
        return found

    def one_of(self, name: str, choices: Sequence[str], default: str = "") -> str:
        found = self.text(name) or default
        if found and found not in choices:
            self.wrong(name, f"is {found!r}.", f"Write one of: {', '.join(choices)}.")
        return found

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        found = self.text(name)
        if not found and default is not None:
            return default
        if found and not found.isdecimal():
            self.wrong(name, f"is {found!r}.", "Write a whole number, in digits alone.")
        elif found and not least <= int(found) <= most:
            self.wrong(name, f"is {found}.", f"Write a number from {least} to {most}.")
        return int(found) if found.isdecimal() else least

    def day(self, name: str, default: date) -> date:
        found = self.text(name)
        if not found:
            return default
        try:
            return date.fromisoformat(found)
        except ValueError:
            self.wrong(name, f"is {found!r}.", "Write a day as year-month-day, for example 2027-03-01.")
            return default

    def amount(self, name: str, currency: str) -> int:
        found = self.text(name)
        is_number = re.fullmatch(r"\d{1,12}(\.\d{1,6})?", found) is not None
        minor = Decimal(found).scaleb(money.exponent(currency)) if is_number else Decimal(0)
        if (found and not is_number) or minor != minor.to_integral_value() or minor > terms.MOST_MINOR:
            remedy = f"Write what a whole interval costs in {currency.upper()} before tax, for example 1200.00."
            self.wrong(name, f"is {found!r}.", remedy)
            return 0
        return int(minor)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What lines are checked against: codes of the store's, in its spelling."""

    countries: Sequence[str]
    brackets: Sequence[str]
    industries: Sequence[str]
    locales: Sequence[str]
    currencies: Sequence[str]
    plans: Sequence[str]
    today: date


def read(text: str, known: Known) -> tuple[list[Contract], list[Problem]]:
    """The contracts of a CSV file (comma or semicolon, with a heading), and everything wrong with it."""
    head = text.lstrip("\ufeff").split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";" if head.count(";") > head.count(",") else ",")
    heading = [name.strip().lower() for name in next(rows, [])]
    problems = _check_heading(heading)
    if problems:
        return [], problems
    contracts: list[Contract] = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        line = Line(number, dict(zip(heading, cells, strict=False)))
        found = _contract(line, known)
        problems += line.problems
        contracts += [found] if not line.problems else []
    twice = _twice(contracts)
    wrong = {one.line for one in twice}
    return [one for one in contracts if one.line not in wrong], problems + twice


def _check_heading(heading: Sequence[str]) -> list[Problem]:
    missing = [name for name in REQUIRED if name not in heading]
    strange = [name for name in heading if name not in COLUMNS]
    found = [Problem(1, name, "is no column of the file.", "Add it to the heading, in any place.") for name in missing]
    allowed = f"Leave it out, or name one of: {', '.join(COLUMNS)}."
    return found + [Problem(1, name, "is not known.", allowed) for name in strange]


def _contract(line: Line, known: Known) -> Contract:
    currency = line.one_of("currency", known.currencies)
    interval = line.one_of("interval", INTERVALS)
    renews_on = line.day("renews_on", known.today)
    months = 1 if interval == "month" else MONTHS_A_YEAR
    begun = intervals.months_after(datetime.combine(renews_on, time(), UTC), -months).date()
    contract = Contract(
        line=line.number,
        reference=line.text("reference", most=60),
        customer_id=line.text("customer_id"),
        company=line.text("company"),
        country=line.one_of("country", known.countries),
        people=line.one_of("people", known.brackets),
        email=line.text("email", most=254).lower(),
        plan=line.one_of("plan", known.plans),
        interval=interval,
        currency=currency,
        seats=line.whole("seats", 1, terms.MOST_SEATS),
        amount_minor=line.amount("amount", currency if currency in known.currencies else "usd"),
        renews_on=renews_on,
        starts_on=line.day("starts_on", begun),
        exception_until=line.day("exception_until", renews_on),
        net_days=_net_days(line),
        domain=line.text("domain").lower(),
        industry=line.one_of("industry", known.industries),
        locale=line.one_of("locale", known.locales, known.locales[0]),
        purchase_order=line.text("purchase_order"),
        stripe_customer=line.text("stripe_customer"),
        stripe_subscription=line.text("stripe_subscription"),
    )
    _check(line, contract, known.today)
    return contract


def _net_days(line: Line) -> int:
    if line.one_of("payment", ("invoice", "card"), "invoice") == "card":
        return 0
    return line.whole("net_days", 1, terms.MOST_NET_DAYS, USUAL_DAYS)


def _check(line: Line, contract: Contract, today: date) -> None:
    if contract.renews_on <= today:
        line.wrong("renews_on", f"is {contract.renews_on}, which is over.", "Write the next renewal, after today.")
    if contract.starts_on >= contract.renews_on:
        line.wrong("starts_on", f"is {contract.starts_on}.", "Write a day before the renewal, or leave it empty.")
    if contract.exception_until < contract.renews_on:
        line.wrong("exception_until", f"is {contract.exception_until}.", "Write the renewal or a later day, or leave it empty.")
    if contract.email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", contract.email):
        line.wrong(
            "email", f"is {contract.email!r}.", "Write the owner's address: it is invited when the contract is released."
        )
    if contract.stripe_subscription and not contract.stripe_customer:
        line.wrong("stripe_customer", "is empty.", "Write the customer that Stripe's subscription belongs to.")
    for name, prefix in (("stripe_customer", "cus_"), ("stripe_subscription", "sub_")):
        said = getattr(contract, name)
        if said and not said.startswith(prefix):
            line.wrong(name, f"is {said!r}.", f"Write Stripe's id, which begins with {prefix}.")


def _twice(contracts: Sequence[Contract]) -> list[Problem]:
    """A reference is one contract's; so is a subscription of Stripe's; and a customer has one contract of a product line."""
    found = []
    named: dict[str, Callable[[Contract], str]] = {
        "reference": lambda one: one.reference,
        "stripe_subscription": lambda one: one.stripe_subscription,
        "plan": lambda one: f"{one.customer_id}'s {one.plan.partition('/')[0]}",
    }
    for name, of in named.items():
        first: dict[str, int] = {}
        for one in contracts:
            said = of(one)
            if said and said in first:
                text = f"is {said!r}, as in line {first[said]}."
                found.append(Problem(one.line, name, text, "Each is named once: take one of the two lines out."))
            first.setdefault(said, one.line)
    return found


# --- To a plan, and what is different from it -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Sold:
    """How a plan is sold for a contract's interval and currency: its price for so many seats, and to how many at most."""

    total: Callable[[int], int]
    seats_min: int
    seats_max: int
    is_retired: bool


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What the contract has that the plan has not, until the contract's renewal."""

    kind: terms.Kind
    value: Mapping[str, Any]


def exceptions(contract: Contract, sold: Sold) -> list[Agreed]:
    """In the order in which they are said. One that pays more than the price list has no exception for that."""
    found = []
    list_minor = sold.total(contract.seats)
    if contract.amount_minor < list_minor:
        # Rounded up: nobody pays a cent more than their contract says.
        bps = -(-(list_minor - contract.amount_minor) * terms.WHOLE_BPS // list_minor)
        found.append(Agreed(kind=terms.Kind.DISCOUNT, value={"percent_bps": bps}))
    if sold.is_retired:
        found.append(Agreed(kind=terms.Kind.PRICE_HOLD, value={}))
    if contract.seats > sold.seats_max:
        found.append(Agreed(kind=terms.Kind.SEAT_CEILING, value={"seats": contract.seats}))
    if contract.net_days:
        found.append(Agreed(kind=terms.Kind.PAYMENT_TERMS, value={"net_days": contract.net_days}))
    return found


def written(rows: Sequence[Mapping[str, str]]) -> str:
    """A file of these lines, with every column; what is not known is empty, to be filled in."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
