"""Why an exception is refused, in words: at a form's field, or above it."""

from django.utils.translation import gettext

from billing.admin.giving_back_forms import GROUPS
from billing.queries import budget_words, terms_words
from billing.rules.terms import Why, Wrong
from billing.services.agreeing import terms
from config import words


def problem(error: Exception) -> str:
    """Why a decision was refused."""
    if isinstance(error, terms.BeyondBand):
        names = [str(GROUPS[group]) for group in error.groups] or [gettext("administrators")]
        return gettext("That is more than you may approve. They may: %(groups)s.") % {"groups": ", ".join(names)}
    if isinstance(error, terms.Overlaps):
        return overlaps(error)
    if isinstance(error, terms.OverBudget):
        full = error.full
        return budget_words.full(full.budget, full.standing, full.raisers)
    if isinstance(error, terms.SamePerson):
        return gettext("Whoever proposed it cannot decide it: ask somebody else.")
    if isinstance(error, terms.NotOpen):
        return gettext("It is %(state)s by now.") % {"state": error.row.get_state_display()}
    assert isinstance(error, Wrong)
    return gettext("Say why.") if error.field == "reason" else why(error)


def overlaps(error: terms.Overlaps) -> str:
    """Which other one holds."""
    other = error.other
    text = gettext("One of this kind holds %(days)s already (%(state)s). End that first, or choose other days.")
    return text % {"days": terms_words.days(other.starts_on, other.ends_on), "state": other.get_state_display()}


def why(wrong: Wrong) -> str:
    """What would do instead."""
    if wrong.why is Why.MISSING:
        return gettext("Give one: there is no exception without.")
    if wrong.why is Why.BEFORE_START:
        return gettext("It has to end after its first day.")
    if wrong.why is Why.IN_THE_PAST:
        return gettext("That day is over: choose one to come.")
    if wrong.why is Why.TOO_LONG and isinstance(wrong.most, int):
        return gettext("An exception lasts %(days)s days at most.") % {"days": words.number(wrong.most)}
    if isinstance(wrong.least, int) and isinstance(wrong.most, int):
        bounds = {"least": words.number(wrong.least), "most": words.number(wrong.most)}
        return gettext("Give a whole number from %(least)s to %(most)s.") % bounds
    return gettext("This is not known here.")
