"""Everything about a case on one page: the customer, what they have and owe, the cart, what happened, what is next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import Journal, Organization, User
from billing.models import Cart
from billing.queries import carts, invoices, overview
from billing.queries.carts import Priced
from billing.queries.invoices import Owed
from billing.queries.overview import Standing, State
from config.admin import facts
from offramps.models import Countdown, CountdownState, DealVersion, Lead, LeadNote, LeadTrigger, NextStep, Offer, Rep
from offramps.queries import deals, offer_words

MOST_EVENTS = 100
EARLIER = 5
OVER = (CountdownState.CONTACTED, CountdownState.OVER)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened: when, what, by whom, and what more there is to say."""

    at: datetime
    what: str
    who: str = ""
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the page draws. `cart` is open and costs `priced` now; panels whose data is missing are empty and hide."""

    lead: Lead
    running: Countdown | None
    triggers: list[LeadTrigger]
    standings: list[Standing]
    owed: list[Owed]
    cart: Cart | None
    priced: Priced | None
    earlier: list[Lead]
    events: list[Event]
    notes: list[LeadNote]
    step: NextStep | None
    deals: list[DealVersion]


def find(rep: Rep | None, public_id: str) -> Lead | None:
    """A lead that somebody may open: a manager (`rep` None) each, a rep their own, those of their pools, and once offered."""
    rows = Lead.objects.filter(public_id=public_id)
    if rep is not None:
        rows = rows.filter(Q(rep=rep) | Q(pool__members__rep=rep) | Q(countdowns__offers__rep=rep)).distinct()
    return rows.select_related("organization__profile", "cart__plan__line", "pool", "rep__user", "user").first()


def case(lead: Lead, at: datetime) -> Case:
    """Thirteen queries at most; six of somebody without an organization or a cart."""
    organization = lead.organization
    countdowns = list(lead.countdowns.select_related("rep__user").order_by("-pk"))
    cart = _cart(lead)
    return Case(
        lead=lead,
        running=next((held for held in countdowns if held.state not in OVER), None),
        triggers=list(lead.triggers.select_related("hand_raise", "version__rule").order_by("-pk")),
        standings=[one for one in overview.standings(organization) if one.state != overview.State.ENDED]
        if organization
        else [],
        owed=invoices.owed(organization) if organization else [],
        cart=cart,
        priced=carts.price(cart, at) if cart else None,
        earlier=_earlier(lead),
        events=sorted(_events(lead, countdowns), key=lambda event: event.at, reverse=True)[:MOST_EVENTS],
        notes=list(lead.notes.select_related("author").order_by("-pk")),
        step=lead.steps.filter(done_at=None).select_related("author").first(),
        deals=deals.of_lead(lead),
    )


def _live(organization: Organization) -> list[Standing]:
    return [one for one in overview.standings(organization) if one.state != State.ENDED]


def _cart(lead: Lead) -> Cart | None:
    """The cart that travelled along while it can be bought, else the customer's newest open one."""
    if lead.cart is not None and lead.cart.state == "open":
        return lead.cart
    return carts.latest_of(lead.organization) if lead.organization else None


def _earlier(lead: Lead) -> list[Lead]:
    whose = Q(organization=lead.organization) if lead.organization else Q(contact_email__iexact=lead.contact_email)
    rows = Lead.objects.filter(whose).exclude(pk=lead.pk).select_related("rep__user")
    return list(rows.order_by("-opened_at")[:EARLIER])


def _events(lead: Lead, countdowns: list[Countdown]) -> Iterator[Event]:
    """The journal's entries of this case, and each offer with what came of it."""
    if lead.organization_id is not None:
        entries = Journal.objects.filter(organization=lead.organization_id, occurred_at__gte=lead.opened_at)
        named = entries.filter(kind__startswith="offramps.", data__lead=lead.public_id).select_related("actor")
        for entry in named.order_by("-occurred_at", "-id")[:MOST_EVENTS]:
            yield Event(at=entry.occurred_at, what=facts.kind(entry.kind), who=_name(entry.actor), more=_more(entry.data))
    offers = Offer.objects.filter(countdown__in=countdowns).select_related("rep__user").order_by("-pk")
    for offer in offers:
        yield Event(at=offer.offered_at, what=offer_words.rang(offer.rep), more=offer_words.answered(offer))


def _more(data: Mapping[str, Any]) -> str:
    """The facts that add to the entry's name."""
    return facts.told({name: value for name, value in data.items() if name in ("to", "reason", "starts_at", "after_seconds")})


def _name(actor: User | None) -> str:
    return actor.get_short_name() if actor else ""
