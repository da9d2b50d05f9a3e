"""Customers of the webhook bench, who buy on the sandbox's payment page as people do. Needs Django."""

from typing import Any

import requests
from django.conf import settings

from accounts.origin import Origin, Source
from billing import gateway
from billing.models import Subscription
from billing.rules import catalog_file
from billing.services.mirroring import poller
from billing.services.offering import catalog
from billing.services.selling import carts, checkout
from config import clock, pulse
from tests import factories

CARD = {
    "action": "pay",
    "card_number": "4242424242424242",
    "card_expiry": "12/40",
    "card_cvc": "123",
    "card_name": "Olive Owner",
    "country": "DE",
}


def sell(count: int) -> list[str]:
    """Put the catalog on sale and sell so many organizations a subscription of 10 seats each; Stripe's ids of them."""
    gateway.forget_client()
    languages = [code for code, _name in settings.LANGUAGES]
    wanted = catalog_file.parse(settings.CATALOG_FILE.read_text(encoding="utf-8"), languages=languages)
    catalog.apply(wanted=wanted, at=clock.now(), origin=Origin.system())
    for _number in range(count):
        _buy()
    poller.look()
    pulse.drain_all()
    return list(Subscription.objects.order_by("pk").values_list("stripe_id", flat=True))


def _buy() -> None:
    owner = factories.UserFactory()
    organization = factories.OrganizationFactory(country="US", region="na")
    factories.MembershipFactory(organization=organization, user=owner, role="owner")
    origin = Origin(actor=owner, source=Source.PAGE)
    choice = carts.Wanted(plan="fieldnote/team", seats=10, interval="month", currency="usd")
    cart = carts.start(wanted=choice, at=clock.now(), origin=origin, organization=organization)
    attempt = checkout.start(cart=cart, organization=organization, origin=origin, at=clock.now())
    form: dict[str, Any] = {**CARD, "email": owner.email}
    requests.post(attempt.url, data=form, allow_redirects=False, timeout=30).raise_for_status()
