"""A pilot in the cart: what it is, what it costs, and why it cannot be had."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from billing.models import Cart
from billing.queries import catalog, pilot_words, pilots
from billing.rules.pilots import Refusal
from storefront import pilot_words as refusals
from storefront.queries import cart_tax


@dataclass(frozen=True)
class PilotInCart:
    """`path` ("line/pilot"); `people` is "up to 20 people". With a `refusal` there is no receipt, and `plan_url` leads on."""

    name: str
    pitch: str
    people: str
    path: str
    days: int
    refusal: str
    receipt: dict[str, Any]
    plan_url: str


def ask(cart: Cart, organization: Organization | None) -> pilots.Answer | None:
    """Whether whoever looks can have the cart's pilot; None where it holds none. No query for a visitor, else two at most."""
    if cart.pilot_id is None:
        return None
    return pilots.ask(organization, line_id=cart.plan.line_id) if organization is not None else pilots.Answer()


def of(cart: Cart, answer: pilots.Answer | None, taxed: cart_tax.Taxed) -> PilotInCart | None:
    """One query: the fee, which is read from the database as all money is."""
    held = cart.pilot
    if held is None or answer is None:
        return None
    fee = pilots.fee_of(cart)
    if fee is None:
        answer = pilots.Answer(refusal=Refusal.NOT_OFFERED)
    is_open = fee is not None and answer.refusal is None
    return PilotInCart(
        name=catalog.text(held.name),
        pitch=catalog.text(held.pitch),
        people=pilot_words.how_many(held.seats),
        path=f"{cart.plan.line.code}/{held.code}",
        days=held.days,
        refusal=refusals.refusal(answer, cart),
        receipt=_receipt(cart, fee.amount_minor, taxed) if fee is not None and is_open else {},
        plan_url=_plan_url(cart),
    )


def _plan_url(cart: Cart) -> str:
    wanted = {
        "plan": f"{cart.plan.line.code}/{cart.plan.code}",
        "seats": cart.plan.seats_min,
        "interval": cart.interval,
        "currency": cart.currency,
    }
    return f"{reverse('storefront:cart_new')}?{urlencode(wanted)}"


def _receipt(cart: Cart, fee_minor: int, taxed: cart_tax.Taxed) -> dict[str, Any]:
    """The pilot in the cart: its fee, once."""
    pilot = cart.pilot
    assert pilot is not None
    return {
        "title": _("Your order"),
        "currency": cart.currency,
        "lines": [
            {
                "label": _("Pilot of %(plan)s") % {"plan": cart.plan.name},
                "note": pilot_words.terms(seats=pilot.seats, days=pilot.days),
                "amount_minor": fee_minor,
            }
        ],
        "subtotal_minor": None,
        "taxes": taxed.lines((fee_minor,)),
        "total_minor": fee_minor + taxed.levy.added(fee_minor),
        "total_label": taxed.label,
        "next_text": refusals.after(plan=cart.plan.name, is_credited=pilot.is_credited),
    }
