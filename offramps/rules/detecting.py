"""Rules that notice who needs a person without being asked: conditions as data, read strictly, held against facts.

A rule holds when every condition of `all` does, and one of `any` does if there are some. What is not known fulfils no
condition, whichever way round it is put. A rule watches one occasion, which its conditions decide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Value = int | bool | tuple[str, ...]
Facts = Mapping[str, "int | bool | str | None"]
MOST_CONDITIONS: Final = 12
MOST_NUMBER: Final = 10**13
MOST_DAYS: Final = 90  # visits are not kept longer


class Kind(StrEnum):
    NUMBER = "number"
    MINOR = "minor"  # US cents, whatever the currency
    CHOICE = "choice"
    YES = "yes"


class Occasion(StrEnum):
    """What has just happened when a rule is asked."""

    CART = "cart"
    ABANDONED = "abandoned"
    DECLINED = "declined"
    VISITS = "visits"
    ASKED = "asked"


class Op(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    IS = "is"


OPS: Final[Mapping[Kind, tuple[Op, ...]]] = {
    Kind.NUMBER: (Op.AT_LEAST, Op.AT_MOST),
    Kind.MINOR: (Op.AT_LEAST, Op.AT_MOST),
    Kind.CHOICE: (Op.ONE_OF, Op.NONE_OF),
    Kind.YES: (Op.IS,),
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`told_by`: the occasions that know it (none named: known of every customer). `in_days`: counted over some days."""

    kind: Kind
    told_by: tuple[Occasion, ...] = ()
    choices: tuple[str, ...] = ()
    in_days: bool = False


_CARTS = (Occasion.CART, Occasion.ABANDONED)
FACTS: Final[Mapping[str, Fact]] = {
    "cart_seats": Fact(kind=Kind.NUMBER, told_by=_CARTS),
    "cart_year_minor": Fact(kind=Kind.MINOR, told_by=_CARTS),
    "abandoned_hours": Fact(kind=Kind.NUMBER, told_by=(Occasion.ABANDONED,)),
    "declined_minor": Fact(kind=Kind.MINOR, told_by=(Occasion.DECLINED,)),
    "pricing_people": Fact(kind=Kind.NUMBER, told_by=(Occasion.VISITS,), in_days=True),
    "seats_asked": Fact(kind=Kind.NUMBER, told_by=(Occasion.ASKED,)),
    "employees": Fact(kind=Kind.NUMBER),
    "segment": Fact(kind=Kind.CHOICE, choices=("smb", "mid_market", "enterprise")),
    "region": Fact(kind=Kind.CHOICE, choices=("na", "latam", "europe", "mea", "apac")),
    "is_named_account": Fact(kind=Kind.YES),
    "is_free_mail": Fact(kind=Kind.YES),
    "is_competitor": Fact(kind=Kind.YES),
    "is_customer": Fact(kind=Kind.YES),
}


class Problem(StrEnum):
    """What is wrong with conditions; offramps.queries.rule_words says the remedy."""

    SHAPE = "shape"
    EMPTY = "empty"
    TOO_MANY = "too_many"
    UNKNOWN_FACT = "unknown_fact"
    OPERATOR = "operator"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_A_CHOICE = "not_a_choice"
    DAYS = "days"
    NO_OCCASION = "no_occasion"
    MIXED = "mixed"
    CONTRADICTION = "contradiction"


class Unfit(ValueError):
    """Conditions that say nothing, or not one thing. `place` is "all.0.value", or empty for the whole."""

    def __init__(self, problem: Problem, place: str = "", **said: str) -> None:
        super().__init__(f"{place or 'conditions'}: {problem} {said or ''}".strip())
        self.problem, self.place, self.said = problem, place, said


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`value` is a number, yes or no, or codes; `days` of a fact that is counted over some (else 0)."""

    fact: str
    op: Op
    value: Value
    days: int = 0

    @property
    def key(self) -> str:
        """Under which its fact is known: "cart_seats", "pricing_people:14"."""
        return f"{self.fact}:{self.days}" if self.days else self.fact

    def holds(self, facts: Facts) -> bool:
        seen = facts.get(self.key)
        if seen is None:
            return False
        if self.op is Op.AT_LEAST or self.op is Op.AT_MOST:
            assert isinstance(seen, int)
            assert isinstance(self.value, int)
            return seen >= self.value if self.op is Op.AT_LEAST else seen <= self.value
        if self.op is Op.IS:
            return seen is self.value
        assert isinstance(self.value, tuple)
        return (seen in self.value) is (self.op is Op.ONE_OF)

    def as_data(self) -> dict[str, Any]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"fact": self.fact, "op": str(self.op), "value": value, **({"days": self.days} if self.days else {})}


@dataclass(frozen=True, kw_only=True)
class Conditions:
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @property
    def each(self) -> tuple[Condition, ...]:
        return (*self.all, *self.any)

    @property
    def occasion(self) -> Occasion:
        """What the rule is asked at. Raises Unfit for conditions that name none, or more than one."""
        told = [set(FACTS[one.fact].told_by) for one in self.each if FACTS[one.fact].told_by]
        if not told:
            raise Unfit(Problem.NO_OCCASION)
        common = set.intersection(*told)
        if not common:
            raise Unfit(Problem.MIXED)
        return min(common, key=list(Occasion).index)

    def met(self, facts: Facts) -> tuple[Condition, ...]:
        """The conditions that make the rule hold; none: it does not."""
        if not all(one.holds(facts) for one in self.all):
            return ()
        some = tuple(one for one in self.any if one.holds(facts))
        return (*self.all, *some) if some or not self.any else ()

    def least(self, fact: str) -> int:
        """What a number has to be at least, whatever else holds: below it nothing need be looked at. 0: nothing is said."""
        floors = (one.value for one in self.all if one.fact == fact and one.op is Op.AT_LEAST)
        return max((value for value in floors if isinstance(value, int)), default=0)

    @property
    def days(self) -> tuple[int, ...]:
        """The spans that its facts are counted over."""
        return tuple(sorted({one.days for one in self.each if one.days}))

    def as_data(self) -> dict[str, Any]:
        return {"all": [one.as_data() for one in self.all], "any": [one.as_data() for one in self.any]}


def read(data: object) -> Conditions:
    """Conditions as they are kept: {"all": [{"fact", "op", "value", "days"?}], "any": [...]}. Raises Unfit."""
    if not isinstance(data, Mapping) or set(data) - {"all", "any"}:
        raise Unfit(Problem.SHAPE)
    parts = {name: _read_all(name, data.get(name, [])) for name in ("all", "any")}
    found = Conditions(all=parts["all"], any=parts["any"])
    if not found.each:
        raise Unfit(Problem.EMPTY)
    if len(found.each) > MOST_CONDITIONS:
        raise Unfit(Problem.TOO_MANY)
    _check_bounds(found.all)
    if found.occasion is Occasion.VISITS and len(found.days) > 1:
        raise Unfit(Problem.MIXED)
    return found


def _read_all(name: str, items: object) -> tuple[Condition, ...]:
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise Unfit(Problem.SHAPE, name)
    return tuple(_read_one(f"{name}.{number}", item) for number, item in enumerate(items))


def _read_one(place: str, item: object) -> Condition:
    if not isinstance(item, Mapping) or set(item) - {"fact", "op", "value", "days"}:
        raise Unfit(Problem.SHAPE, place)
    name, op = item.get("fact"), item.get("op")
    fact = FACTS.get(name) if isinstance(name, str) else None
    if fact is None:
        raise Unfit(Problem.UNKNOWN_FACT, f"{place}.fact", fact=str(name))
    if op not in OPS[fact.kind]:
        raise Unfit(Problem.OPERATOR, f"{place}.op", fact=str(name))
    days = item.get("days", 0)
    if not _is_whole(days) or (fact.in_days and not 1 <= days <= MOST_DAYS) or (days and not fact.in_days):
        raise Unfit(Problem.DAYS, f"{place}.days", fact=str(name))
    return Condition(fact=str(name), op=Op(op), value=_value(fact, item.get("value"), f"{place}.value"), days=days)


def _value(fact: Fact, said: object, place: str) -> Value:
    if fact.kind is Kind.YES:
        if not isinstance(said, bool):
            raise Unfit(Problem.NOT_YES_OR_NO, place)
        return said
    if fact.kind is Kind.CHOICE:
        chosen = tuple(said) if isinstance(said, Sequence) and not isinstance(said, str) else ()
        if not chosen or any(one not in fact.choices for one in chosen):
            raise Unfit(Problem.NOT_A_CHOICE, place, choices=", ".join(fact.choices))
        return chosen
    if not isinstance(said, int) or not _is_whole(said) or not 0 <= said <= MOST_NUMBER:
        raise Unfit(Problem.NOT_A_NUMBER, place)
    return said


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_bounds(conditions: Iterable[Condition]) -> None:
    """A number that has to be at least so much and at most less can never be."""
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    for one in conditions:
        if isinstance(one.value, int) and one.op is Op.AT_LEAST:
            least[one.key] = max(least.get(one.key, 0), one.value)
        elif isinstance(one.value, int) and one.op is Op.AT_MOST:
            most[one.key] = min(most.get(one.key, MOST_NUMBER), one.value)
    for key, low in least.items():
        if low > most.get(key, MOST_NUMBER):
            raise Unfit(Problem.CONTRADICTION, fact=key.partition(":")[0])
