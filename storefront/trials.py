"""What a trial that goes on says about itself at the top of a page: what happens at its end, and whether it can be longer."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from billing.queries import trials as queries
from billing.queries.overview import Standing
from billing.rules import trials as rules
from config import words


@dataclass(frozen=True, kw_only=True)
class Shown:
    """`longer_until`: the end that one click would give, if it can still be had."""

    text: str
    tone: str
    longer_until: datetime | None


def shown(standing: Standing, at: datetime) -> Shown | None:
    """None where no trial goes on, or where it is to end anyway. No query."""
    ends_at = standing.trial_ends_at
    if ends_at is None or standing.ends_at is not None:
        return None
    is_soon = rules.days_left(ends_at, at) <= max(queries.stages(at))
    extended_at = standing.trial.extended_at if standing.trial else None
    return Shown(
        text=_text(standing),
        tone="warn" if is_soon and not standing.last4 else "info",
        longer_until=queries.extended_end(ends_at=ends_at, extended_at=extended_at, at=at) if standing.trial else None,
    )


def _text(standing: Standing) -> str:
    charge = standing.next_charge
    values = {"amount": words.money(charge.due_minor, charge.currency) if charge else ""}
    if not standing.last4:
        said = _(
            "Without a card it pauses then: nothing is charged, and everything is kept. With one it costs %(amount)s then."
        )
        return said % values
    said = _("Then %(amount)s is charged to •••• %(last4)s; a mail tells you before. Cancel any day until then.")
    if standing.bank:
        said = _("Then %(amount)s is debited from •••• %(last4)s; a mail tells you before. Cancel any day until then.")
    return said % (values | {"last4": standing.last4})
