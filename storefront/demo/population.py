"""Two hundred made-up customers and what each does in a year: the same for everybody who starts the demo.

Most are small, few are large, and those few bring much of the revenue; they came faster the younger the store's year grew.
Plain data: storefront.demo.lives lives it.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum import luhn
from stdnum.at import uid

from storefront.demo import names
from storefront.demo.companies import Company, Person

SEED: Final = "fieldnote"
COUNT: Final = 200
EXTERNAL_ID: Final = "demo-past-"


class What(StrEnum):
    JOIN = "join"
    LEAVE = "leave"
    INVITE = "invite"
    ADD = "add"
    REMOVE = "remove"
    BUY = "buy"
    DECLINE = "decline"
    DETAILS = "details"
    END = "end"
    STAY = "stay"


class Fate(StrEnum):
    """The main thing that happens to a company."""

    STEADY = "steady"
    GROWS = "grows"
    SHRINKS = "shrinks"
    LEFT = "left"
    LEAVES = "leaves"
    OWES = "owes"
    RECOVERED = "recovered"
    LOST = "lost"
    LOOKS = "looks"
    WIDENS = "widens"
    STAYED = "stayed"


# Of twenty companies in a row.
FATES: Final = (
    *(Fate.STEADY, Fate.GROWS, Fate.RECOVERED, Fate.SHRINKS, Fate.LEFT, Fate.GROWS, Fate.STEADY, Fate.OWES, Fate.STEADY),
    *(Fate.WIDENS, Fate.GROWS, Fate.LOOKS, Fate.STEADY, Fate.LEAVES, Fate.STEADY, Fate.SHRINKS, Fate.LOST, Fate.GROWS),
    *(Fate.STAYED, Fate.STEADY),
)
# The shortest past in which it can happen, in days; whom a bank refuses, or who left, must have paid by the month.
SHORTEST: Final = {
    Fate.SHRINKS: 40,
    Fate.LEFT: 75,
    Fate.OWES: 32,
    Fate.RECOVERED: 50,
    Fate.LOST: 60,
    Fate.WIDENS: 30,
    Fate.STAYED: 25,
}
MONTHLY: Final = frozenset({Fate.LEFT, Fate.OWES, Fate.RECOVERED, Fate.LOST})

COUNTRIES: Final = dict(US=34, DE=19, GB=13, FR=7, NL=5, AT=4, CA=4, ES=3, IT=3, JP=3, AU=3, IE=2)  # noqa: C408 - a table in a line
CURRENCY: Final = {"GB": "gbp", "JP": "jpy", **dict.fromkeys(("DE", "FR", "NL", "AT", "ES", "IT", "IE"), "eur")}
# Employees, how many of a hundred companies, plan, and the fewest and most seats of the first purchase.
SIZES: Final = (
    ("1-9", 36, "starter", 1, 6),
    ("10-49", 30, "starter", 4, 16),
    ("10-49", 10, "team", 8, 24),
    ("50-99", 10, "team", 15, 40),
    ("100-499", 8, "team", 40, 80),
    ("500-999", 3, "business", 60, 110),
    ("1000-4999", 2, "business", 110, 150),
    ("5000+", 1, "business", 140, 170),
)
INSPECT: Final = ("essential", "complete")
# Beside the owner: more say nothing more, and each takes its time.
MOST_PEOPLE: Final = 12
# Seats from which somebody in an office wants an order's number on the invoice.
ORDERLY: Final = 40
LARGEST: Final = {"starter": 25, "team": 100, "business": 200}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that somebody did. `number`: seats more or fewer, how many people join, who leaves, refusals of the bank."""

    days_ago: float
    what: What
    number: int = 0
    plan: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Life:
    """A company, what it bought first, and its steps, oldest first. `renewed`: its last renewal lies so many days back."""

    number: int
    company: Company
    fate: Fate
    days_ago: float
    plan: str
    seats: int
    interval: str
    currency: str
    code: str = ""
    tax_id: str = ""
    renewed_within: float | None = None
    steps: tuple[Step, ...] = ()


def life(number: int) -> Life:
    """The company of this number, from 0 to COUNT."""
    chance = random.Random(f"{SEED}:{number}")  # noqa: S311 - made-up companies, the same every time
    fate = FATES[number % len(FATES)]
    bracket, _weight, plan, fewest, most = chance.choices(SIZES, [size[1] for size in SIZES])[0]
    country = chance.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]
    is_yearly = fate not in MONTHLY and chance.random() < (0.6 if plan == "business" else 0.3)
    shortest = SHORTEST.get(fate, 4)
    # Squared: half of all came in the last quarter of the year. Some yearly ones have renewed already.
    days_ago = shortest + (364 - shortest) * chance.random() ** 2
    if is_yearly and chance.random() < 0.12:
        days_ago = chance.uniform(367, 390)
    seats = chance.randint(fewest, most)
    company = _company(number, chance, bracket, country, 0 if fate is Fate.LOOKS else seats)
    return Life(
        number=number,
        company=company,
        fate=fate,
        days_ago=days_ago,
        plan=f"fieldnote/{plan}",
        seats=seats,
        interval="year" if is_yearly else "month",
        currency=CURRENCY.get(country, "usd"),
        code=_code(chance, plan=plan, is_yearly=is_yearly),
        tax_id=_tax_id(number, country),
        renewed_within=2.5 if fate is Fate.OWES else None,
        steps=tuple(
            sorted(
                [
                    *_own_steps(chance, fate, days_ago, seats, plan),
                    *_comings(chance, fate, days_ago, len(company.people) - 1),
                    *([_step(What.DETAILS, days_ago - 0.02)] if seats >= ORDERLY and fate is not Fate.LOOKS else []),
                ],
                key=lambda step: -step.days_ago,
            )
        ),
    )


def _code(chance: random.Random, *, plan: str, is_yearly: bool) -> str:
    if is_yearly and plan != "starter" and chance.random() < 0.4:
        return "yearly50"
    return "welcome20" if chance.random() < 0.15 else ""


def _tax_id(number: int, country: str) -> str:
    """A made-up VAT ID whose check digits fit, of most companies in Austria and France."""
    if number % 5 == 0:
        return ""
    if country == "AT":
        digits = f"{7_000_000 + number:07d}"
        return f"ATU{digits}{uid.calc_check_digit(f'U{digits}')}"
    if country == "FR":
        digits = f"{70_000_000 + number:08d}"
        siren = f"{digits}{luhn.calc_check_digit(digits)}"
        return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
    return ""


def _company(number: int, chance: random.Random, bracket: str, country: str, seats: int) -> Company:
    industry = chance.choice(list(names.TRADES))
    word = names.word(number)
    domain = f"{word.lower()}.example"
    roles = ["owner", *(["billing_admin"] if seats > 7 else []), *["member"] * MOST_PEOPLE]
    count = 1 + min(round(seats * chance.uniform(0.5, 1.0)), MOST_PEOPLE)
    found = names.people(count, chance)
    return Company(
        external_id=f"{EXTERNAL_ID}{number:03d}",
        name=f"{word} {chance.choice(names.TRADES[industry])}",
        domain=domain,
        country=country,
        employee_bracket=bracket,
        industry=industry,
        people=tuple(
            Person(name, f"{name.lower().replace(' ', '.')}@{domain}", role) for name, role in zip(found, roles, strict=False)
        ),
    )


# --- What happens -----------------------------------------------------------------------------------------------------


def _own_steps(chance: random.Random, fate: Fate, days: float, seats: int, plan: str) -> list[Step]:
    some = max(1, round(seats * chance.uniform(0.1, 0.4)))
    times = chance.randint(1, 3)
    more = max(1, min(some, (LARGEST[plan] - seats) // times))
    leaves = min(days / 2, chance.uniform(1, 9))
    regrets = chance.uniform(0.3, 0.6) * days
    why = chance.choice(("price", "unused", "closed", "missing", "switched"))
    found: dict[Fate, list[Step]] = {
        Fate.GROWS: [_step(What.ADD, chance.uniform(0.05, 0.9) * days, more) for _time in range(times)],
        Fate.SHRINKS: [_step(What.REMOVE, chance.uniform(0.2, 0.9) * days, some, text="A site was finished")],
        Fate.LEFT: [_step(What.END, days - chance.uniform(5, 25), text=why)],
        Fate.LEAVES: [_step(What.END, leaves, text=why)],
        Fate.STAYED: [_step(What.END, regrets, text="price"), _step(What.STAY, regrets - chance.uniform(1, 4))],
        Fate.OWES: [_step(What.DECLINE, 4, 1)],
        Fate.RECOVERED: [_step(What.DECLINE, days - 20, times)],
        Fate.LOST: [_step(What.DECLINE, days - 20, 4)],
        Fate.WIDENS: [
            _step(What.BUY, chance.uniform(0.1, 0.8) * days, max(3, seats // 3), plan=f"inspect/{chance.choice(INSPECT)}")
        ],
    }
    return found.get(fate, [])


def _comings(chance: random.Random, fate: Fate, days: float, count: int) -> list[Step]:
    """Who of `count` people beside the owner joins when: most at once. Some leave; some are invited now."""
    if not count:
        return []
    at_once = max(1, round(count * chance.uniform(0.4, 0.9)))
    steps = [_step(What.JOIN, days - 0.01, at_once)]
    while (left := count - sum(step.number for step in steps)) > 0:
        steps.append(_step(What.JOIN, chance.uniform(0.05, 0.95) * days, min(left, chance.randint(1, 4))))
    if count > 2 and chance.random() < 0.2:
        steps.append(_step(What.LEAVE, chance.uniform(0.01, 0.04) * days, chance.randint(1, count)))
    if chance.random() < 0.3 and fate not in (Fate.LEFT, Fate.LOST):
        steps.append(_step(What.INVITE, chance.uniform(0.1, 0.9) * min(5, days), chance.randint(1, 3)))
    return steps


def _step(what: What, days_ago: float, number: int = 0, *, plan: str = "", text: str = "") -> Step:
    return Step(days_ago=days_ago, what=what, number=number, plan=plan, text=text)
