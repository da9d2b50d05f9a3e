"""The exception budget in words. No query."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from billing.models import ExceptionBudget
from billing.rules.exception_budget import Standing
from config import words


def full(budget: ExceptionBudget, standing: Standing, raisers: Sequence[str]) -> str:
    """Whose ceiling it is, how much of it is used, and who can raise it."""
    values = {
        "segment": budget.get_segment_display(),
        "quarter": budget.quarter,
        "share": words.percent(standing.share_bps),
        "ceiling": words.percent(standing.ceiling_bps),
        "names": ", ".join(raisers) or _("revenue operations"),
    }
    text = _(
        "Exceptions of %(segment)s in %(quarter)s are at %(share)s, with a ceiling of %(ceiling)s: one more would pass it. "
        "Who can raise it: %(names)s."
    )
    return text % values
