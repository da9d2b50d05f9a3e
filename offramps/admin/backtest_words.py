"""What a rule would have done, as rows of an act's page."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config import words
from config.admin import acts
from offramps.queries import rule_words
from offramps.queries.backtests import Backtest, Became, Raised

MOST_ROWS: Final = 100
BECAME: Final[Mapping[Became, Any]] = {
    Became.WON: _("won"),
    Became.LOST: _("lost"),
    Became.BOUGHT: _("bought without a person"),
    Became.NOTHING: _("nothing yet"),
}


def rows(found: Backtest) -> list[acts.Row]:
    """The numbers first, then each lead, the newest first."""
    text = ngettext("%(leads)s lead, %(won)s of them won", "%(leads)s leads, %(won)s of them won", found.count())
    numbers = {"leads": words.number(found.count()), "won": words.number(found.count(Became.WON))}
    said = [acts.Row(gettext("Would have raised"), text % numbers, is_sum=True)]
    others = (Became.LOST, Became.BOUGHT, Became.NOTHING)
    said += [acts.Row(capfirst(BECAME[became]), words.number(found.count(became))) for became in others]
    said += [_row(one) for one in found.raised[:MOST_ROWS]]
    if len(found.raised) > MOST_ROWS:
        more = gettext("and %(count)s more") % {"count": words.number(len(found.raised) - MOST_ROWS)}
        said.append(acts.Row("", more))
    if found.is_cut:
        said.append(acts.Row("", gettext("There was more than is looked at together: choose fewer days.")))
    return said


def _row(one: Raised) -> acts.Row:
    times = gettext("%(count)s times") % {"count": words.number(one.times)} if one.times > 1 else ""
    said = "; ".join(part for part in (*rule_words.seen(one.saw), times, str(BECAME[one.became])) if part)
    return acts.Row(f"{one.organization.name}, {words.day(one.at.date())}", said)
