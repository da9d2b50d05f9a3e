"""Pilots in the API's words: what is on offer, the one an organization has, and going on with the plan."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from billing.queries import catalog, pilot_words
from billing.queries.overview import Standing

OFFER: dict[str, Any] = {
    "code": "site",
    "name": "Site pilot",
    "pitch": "One site, one crew, one month.",
    "terms": "30 days, up to 20 people, one fee",
    "seats": 20,
    "days": 30,
    "plan": "fieldnote/team",
    "is_credited": True,
    "fees": [{"currency": "usd", "amount_minor": 29000}],
}


def offer(pilot: catalog.PilotOnSale) -> dict[str, Any]:
    return {
        "code": pilot.code,
        "name": catalog.text(pilot.name),
        "pitch": catalog.text(pilot.pitch),
        "terms": pilot_words.terms(seats=pilot.seats, days=pilot.days),
        "seats": pilot.seats,
        "days": pilot.days,
        "plan": pilot.plan,
        "is_credited": pilot.is_credited,
        "fees": [{"currency": currency, "amount_minor": minor} for currency, minor in pilot.fees.items()],
    }


def of_standing(standing: Standing) -> dict[str, Any] | None:
    facts = standing.begun_as
    if facts is None:
        return None
    return {
        "code": facts.code,
        "name": catalog.text(facts.name),
        "seats": facts.seats,
        "starts_at": facts.starts_at,
        "ends_at": facts.ends_at,
        "fee_minor": facts.fee_minor,
        "is_credited": facts.is_credited,
        "is_running": standing.pilot is not None,
        "converted_at": facts.converted_at,
        "continue_url": f"{settings.STORE_URL}{reverse('storefront:pilot_conversion')}?line={standing.row.line.code}",
    }
