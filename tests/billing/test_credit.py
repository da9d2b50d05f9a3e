"""What a customer may owe: over all open invoices, by the policy of its segment."""

from accounts.models import OrganizationProfile
from billing.models import Invoice
from billing.queries import credit
from config import clock
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
    assert credit.of(organization, at).left == 1_000
    assert not credit.covers(organization, 1_001, "usd", at)
