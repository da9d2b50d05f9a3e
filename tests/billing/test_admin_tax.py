"""How customers are taxed, as staff see it: in words, filtered, and one click from rate, organization and id."""

import pytest
from django.urls import reverse

from billing.models import BillingDetails, TaxId, TaxRate, TaxStanding
from config import clock
from tests.shop import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def rate(cast):
    return TaxRate.objects.create(stripe_id="txr_de", country="DE", name="VAT", percent="19", is_ours=True)


@pytest.fixture
def page(client, cast, rate):
    """Two organizations: one taxed, one reversed whose standing Stripe refused."""
    client.force_login(cast.admin)
    at = clock.now()
    TaxStanding.objects.create(organization=cast.acme, reason="home", rate=rate, wanted=1, done=1)
    TaxStanding.objects.create(organization=cast.globex, reason="confirmed", exempt="reverse", message="No such place.")
    TaxId.objects.create(
        organization=cast.globex, type="eu_vat", value="FR40303265045", country="FR", state="verified", added_at=at
    )
    BillingDetails.objects.create(organization=cast.globex, legal_name="Globex SARL", country="FR", updated_at=at)

    def get(model, of=None, **query):
        name, args = ("change", [of.pk]) if of else ("changelist", [])
        return text(client.get(reverse(f"admin:billing_{model}_{name}", args=args), query))

    return get


def test_standings_say_how_why_and_whether_stripe_knows(page):
    said = page("taxstanding")
    for word in ("VAT 19%", "Reverse charge", "seller's own country", "The VAT ID is confirmed", "Refused by Stripe"):
        assert word in said, word
    assert "Acme" not in page("taxstanding", told="refused")
    assert "Globex" not in page("taxstanding", exempt="none")
    assert "Acme" not in page("taxstanding", q="FR40303265045")


def test_a_rate_leads_to_its_customers(page, rate):
    assert f"?rate__id__exact={rate.pk}" in page("taxrate", of=rate)
    assert "Globex" not in page("taxstanding", rate__id__exact=rate.pk)


def test_ids_and_details_are_found(page, client, cast):
    assert "FR40303265045" in page("taxid", q="globex")
    assert "Globex SARL" in page("billingdetails", q="SARL")
    shown = text(client.get(reverse("admin:accounts_organization_change", args=[cast.globex.pk])))
    assert "FR40303265045" in shown
