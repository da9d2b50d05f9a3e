"""What programs are told of a missing payment: since when, how far it has come, and what happens when."""

from typing import Any

from billing.api import overdue
from billing.queries.overview import Standing
from billing.rules.dunning import Missing
from billing.services.recovery import dunning_mails


def dates(missing: Missing | None) -> dict[str, Any] | None:
    if missing is None:
        return None
    return {"since": missing.since, "read_only_at": missing.read_only_at, "access_ends_at": missing.off_at}


def of_standing(standing: Standing) -> dict[str, Any] | None:
    missing = standing.missing
    if missing is None:
        return None
    return {
        **(dates(missing) or {}),
        "step": missing.step,
        "access": standing.row.access,
        "amount_minor": standing.overdue_minor if standing.overdue else None,
        "invoices": overdue.of_standing(standing),
        "is_cancelled_then": missing.is_cancelled_then,
        "fix_url": dunning_mails.fix_url(missing.episode),
    }
