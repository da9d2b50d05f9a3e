"""The nightly comparison with Stripe: each kind of difference by itself, what is repaired, what is left alone, and the buttons."""

import pytest

from billing.models import Difference, Reconciliation, StripeObject, Subscription
from billing.services import reconciling


def run(organization=None):
    return reconciling.go_on(reconciling.begin(organization))


def open_rows():
    return {(row.kind, row.subject) for row in Difference.objects.open()}


def plant(shop, kind, identity, **values):
    """Change an object behind Stripe's back: no event tells of it."""
    row = shop.account.store.get(kind, identity)
    shop.account.write({kind: {identity: {**row, **values}}})


def plant_item(shop, subscription, **values):
    row = shop.account.store.get("subscription", subscription.stripe_id)
    item = {**row["items"]["data"][0], **values}
    plant(shop, "subscription", subscription.stripe_id, items={**row["items"], "data": [item, *row["items"]["data"][1:]]})


@pytest.fixture
def bought(shop):
    return shop.buy(seats=10)


def test_a_store_that_agrees_has_no_difference(bought):
    done = run()
    assert done.finished_at is not None
    assert (done.found, done.repaired) == (0, 0)
    assert done.compared >= 3
    assert not Difference.objects.exists()


def test_seats_differ(shop, bought):
    plant_item(shop, bought, quantity=12)
    assert run().found == 1
    row = Difference.objects.get()
    assert (row.kind, row.subject, row.ours, row.stripes) == ("quantity", bought.stripe_id, {"quantity": 10}, {"quantity": 12})
    assert (row.organization, row.subscription) == (bought.organization, bought)
    assert run().found == 0
    assert Subscription.objects.get(pk=bought.pk).quantity == 10
