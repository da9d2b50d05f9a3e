"""Rules in words: what each condition says, what is wrong with one, and what a rule saw; in the active language."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, Segment
from config import words
from offramps.models import LeadTrigger
from offramps.rules import detecting
from offramps.rules.detecting import Condition, Conditions, Kind, Occasion, Op, Problem, Unfit

FACTS: Final[Mapping[str, Any]] = {
    "cart_seats": _("Seats in the cart"),
    "cart_year_minor": _("Cart, a year"),
    "abandoned_hours": _("Hours since the cart was touched"),
    "declined_minor": _("Payment declined"),
    "pricing_people": _("People of one domain who looked at the prices"),
    "seats_asked": _("Seats asked for"),
    "employees": _("Employees"),
    "segment": _("Segment"),
    "region": _("Region"),
    "is_named_account": _("On the list of named accounts"),
    "is_free_mail": _("A free mail address"),
    "is_competitor": _("A competitor"),
    "is_customer": _("A customer already"),
}
OPS: Final[Mapping[str, Any]] = {
    Op.AT_LEAST: _("at least"),
    Op.AT_MOST: _("at most"),
    Op.ONE_OF: _("one of"),
    Op.NONE_OF: _("none of"),
    Op.IS: _("is"),
}
OCCASIONS: Final[Mapping[str, Any]] = {
    Occasion.CART: _("when a cart is filled or changed"),
    Occasion.ABANDONED: _("when a cart was left alone"),
    Occasion.DECLINED: _("when a payment is declined"),
    Occasion.VISITS: _("when people of one domain look at the prices"),
    Occasion.ASKED: _("when somebody asks for a person"),
}
PROBLEMS: Final[Mapping[Problem, Any]] = {
    Problem.SHAPE: _("These are no conditions: give “all” and “any”, each a list of fact, operator and value."),
    Problem.EMPTY: _("A rule needs a condition: choose what it looks at."),
    Problem.TOO_MANY: _("That is more than twelve conditions: make two rules of them."),
    Problem.UNKNOWN_FACT: _("There is no such fact: choose one from the list."),
    Problem.OPERATOR: _("That comparison does not go with it: numbers are at least or at most, choices one of or none of."),
    Problem.NOT_A_NUMBER: _("Write a whole number of 0 or more."),
    Problem.NOT_YES_OR_NO: _("Write yes or no."),
    Problem.NOT_A_CHOICE: _("Write one or more of: %(choices)s."),
    Problem.DAYS: _("Only people who looked at the prices are counted over days: 1 to 90 there, none elsewhere."),
    Problem.NO_OCCASION: _("Nothing says when to ask: add a condition on a cart, a payment, visits or seats asked for."),
    Problem.MIXED: _("These things don't happen at once: make a rule of each."),
    Problem.CONTRADICTION: _("That can never be: at least is more than at most."),
}


def condition(one: Condition) -> str:
    """ "Seats in the cart: at least 150"."""
    said = f"{FACTS[one.fact]}: {_wanted(one)}"
    return gettext("%(said)s, in %(days)s days") % {"said": said, "days": words.number(one.days)} if one.days else said


def lines(conditions: Conditions) -> list[tuple[str, str]]:
    """What a rule says, a line each: when it is asked, what has to hold, one of what."""
    every = [(gettext("and"), condition(one)) for one in conditions.all]
    some = [(gettext("or"), condition(one)) for one in conditions.any]
    if every:
        every[0] = (gettext("if"), every[0][1])
    if some:
        some[0] = (gettext("and one of") if every else gettext("if one of"), some[0][1])
    return [(gettext("Asked"), str(OCCASIONS[conditions.occasion])), *every, *some]


def sentence(data: object) -> str:
    """Kept conditions in one line, for lists: "Seats in the cart: at least 150; A competitor: no"."""
    found = detecting.read(data)
    between = " " + gettext("or") + " "
    every, some = "; ".join(map(condition, found.all)), between.join(map(condition, found.any))
    return "; ".join(part for part in (every, some) if part)


def saw(trigger: LeadTrigger) -> str:
    """ "Rule Large cart, version 3: Seats in the cart 180 (at least 150)"; empty for a hand-raise."""
    if trigger.version is None:
        return ""
    which = {"name": str(trigger.version.rule), "number": words.number(trigger.version.number)}
    return gettext("Rule %(name)s, version %(number)s") % which + ": " + "; ".join(seen(trigger.saw))


def problem(error: Unfit) -> str:
    """What is wrong, and the remedy."""
    return str(PROBLEMS[error.problem]) % error.said


def value(fact: str, said: Any) -> str:
    """A fact's value in words."""
    kind = detecting.FACTS[fact].kind
    if kind is Kind.YES:
        return gettext("yes") if said else gettext("no")
    if kind is Kind.MINOR:
        return words.money(int(said), "usd", whole=True)
    if kind is Kind.NUMBER:
        return words.number(int(said))
    return ", ".join(_choice(fact, one) for one in ([said] if isinstance(said, str) else said))


def _choice(fact: str, code: str) -> str:
    return str(Segment(code).label if fact == "segment" else Region(code).label)


def _wanted(one: Condition) -> str:
    if one.op is Op.IS:
        return value(one.fact, one.value)
    return f"{OPS[one.op]} {value(one.fact, one.value)}"


def seen(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What a trigger keeps, each condition in words: "Seats in the cart: 180 (at least 150)"."""
    for item in items:
        fact, wanted = str(item["fact"]), f"{OPS[item['op']]} {value(str(item['fact']), item['value'])}"
        said = f"{FACTS[fact]}: {value(fact, item['saw'])}"
        yield said if item["op"] in (Op.IS, Op.ONE_OF) else f"{said} ({wanted})"
