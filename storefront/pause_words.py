"""Pauses in words: what a pause means, until when, and why it cannot be had."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries import policies
from billing.models import TermsKind
from billing.queries.overview import Standing, State
from billing.rules import pauses as rules
from billing.rules.pauses import Refusal
from billing.services.leaving import pauses
from config import words
from storefront import seat_problems


def url(standing: Standing, **query: Any) -> str:
    return f"{reverse('storefront:pause')}?{urlencode({'line': standing.row.line.code, **query})}"


def most(segment: str, at: datetime) -> int:
    """How many months a pause may be."""
    return int(policies.value("billing.pause_months", at, segment))


def looks_possible(standing: Standing, at: datetime) -> bool:
    """Whether to lead there at all: monthly, by card, and nothing in the way. No query; the page itself says the rest."""
    is_calm = standing.state is State.ACTIVE or standing.state is State.ARRANGING
    is_monthly = standing.row.price.interval == "month" and standing.card is not None and not standing.row.is_invoiced
    is_committed = any(one.kind == TermsKind.TERM and one.is_of_line and one.is_in_force for one in standing.agreed)
    return is_calm and is_monthly and not is_committed and most("", at) > 0


def can_be_offered(standing: Standing, *, segment: str, before: Sequence[datetime], at: datetime) -> bool:
    """The same by the numbers of its segment, and not where a pause was had lately. No query."""
    per_year = policies.value("billing.pauses_per_year", at, segment)
    is_free = per_year > 0 and rules.next_at(before, per_year=per_year, now=at) is None
    return looks_possible(standing, at) and most(segment, at) > 0 and is_free


def problem(refused: pauses.Refused, standing: Standing) -> seat_problems.Problem:
    """Why not, and what to do instead."""
    why = refused.why
    title = _("It can't be paused now")
    if why is Refusal.TOO_SOON and refused.next_at is not None:
        text = _("It was paused within a year. The next pause can begin on %(day)s.") % {"day": words.day(refused.next_at)}
    elif why is Refusal.TOO_LONG:
        text = _("A pause is up to %(months)s.") % {"months": words.months(refused.most_months)}
    elif why is Refusal.NOT_MONTHLY:
        text = _("Only what is paid monthly can be paused: a year is paid for until it is over.")
    elif why is Refusal.NO_CARD:
        return seat_problems.Problem(
            title=_("Add a card first"),
            text=_("A subscription goes on by itself after a pause, so it is paid by card."),
            action_label=_("Add a card"),
            action_url=reverse("storefront:payment_method"),
        )
    elif why is Refusal.UNBILLED:
        text = _("Seats that you have added are not billed yet, which takes a day at most. Pause it after that.")
    elif why is Refusal.IN_TRIAL:
        text = _("A trial costs nothing, so there is nothing to pause.")
    else:
        text = _("Pausing is not offered here. Talk to us, we find a way.")
    return seat_problems.Problem(title=title, text=text, status=422)
