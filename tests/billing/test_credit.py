"""What a customer may owe: over all open invoices, by the policy of its segment."""

from accounts.models import Organization, OrganizationProfile
from billing.models import Invoice
from billing.queries import credit
from config import clock
from storefront import credit_words
from tests import factories


def test_open_invoices_use_the_limit_of_the_segment(shop):
    row = shop.kept("a team of ten", lambda: shop.buy(seats=10))
    organization, at = row.organization, clock.now()
    found = credit.of(organization, at)
    assert (found.used, found.left) == (0, found.limit)
    assert credit.covers(organization, found.limit, "usd", at)
    assert not credit.covers(organization, found.limit + 1, "usd", at)
    assert credit.covers(organization, 0, "xxx", at)
    assert not credit.covers(organization, 1, "xxx", at)  # nobody knows what that is worth

    Invoice.objects.update(status="open", amount_remaining_minor=19_000)
    OrganizationProfile.objects.update_or_create(organization=organization, defaults={"segment": "mid_market"})
    factories.rule("billing.credit_limit", 20_000, segment="mid_market")
    organization = Organization.objects.get(pk=organization.pk)  # as another request reads it
    assert credit.of(organization, at).left == 1_000
    assert not credit.covers(organization, 1_001, "usd", at)


def test_the_limit_is_said_in_the_customers_currency(cast):
    at = clock.now()
    factories.rule("billing.usd_rates", ["eur 1.20"])
    factories.rule("billing.credit_limit", 100_000)
    found = credit.of(cast.acme, at, currency="eur")
    assert (found.limit, found.limit_minor, found.open_minor) == (100_000, 83_333, 0)  # rounded down: 1,000 dollars at 1.20
    said = credit_words.figures(credit.Beyond(credit=found, order_minor=90_000, currency="eur"))
    assert said == "Up to €833.33 may be open together, €0.00 is open now, and this comes to €900.00."
    unknown = credit.Beyond(credit=credit.of(cast.acme, at, currency="chf"), order_minor=100, currency="chf")
    assert "nothing may be open in this currency" in credit_words.figures(unknown)
