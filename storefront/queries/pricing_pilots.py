"""Pilots on the pricing page: what is had, for what fee, and what comes after it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries import catalog
from billing.queries.catalog import LineOnSale, PilotOnSale
from config import words
from storefront import pilot_words


@dataclass(frozen=True)
class PilotCard:
    """A pilot of the line in the chosen currency."""

    name: str
    terms: str
    pitch: str
    fee_minor: int
    currency: str
    after: str
    action_label: str
    action_url: str


def cards(line: LineOnSale, currency: str) -> tuple[PilotCard, ...]:
    """Those that are offered in this currency."""
    return tuple(_card(pilot, currency) for pilot in line.pilots if currency in pilot.fees)


def _card(pilot: PilotOnSale, currency: str) -> PilotCard:
    fee = words.money(pilot.fees[currency], currency, whole=True)
    query = urlencode({"pilot": pilot.path, "currency": currency})
    return PilotCard(
        name=catalog.text(pilot.name),
        terms=_("Pilot: %(terms)s") % {"terms": pilot_words.terms(seats=pilot.seats, days=pilot.days)},
        pitch=catalog.text(pilot.pitch),
        fee_minor=pilot.fees[currency],
        currency=currency,
        after=pilot_words.after(plan=pilot.plan_name, is_credited=pilot.is_credited),
        action_label=_("Start the pilot for %(fee)s") % {"fee": fee},
        action_url=f"{reverse('storefront:cart_new')}?{query}",
    )
