"""A thousand differences of all kinds, over a few hundred subscriptions: exactly these are named, and nothing else happens."""

from accounts.models import Journal
from billing.models import Difference, Invoice, StripeObject, Subscription
from billing.services.reconciliation import reconciling
from tests.billing.planting import Company


def run():
    return reconciling.go_on(reconciling.begin())


def plant(company):
    made = [company.missing(n) for n in range(50)]
    made += [company.quantity(n) for n in range(50, 150)]
    made += [company.price_of(n) for n in range(150, 200)]
    made += [company.unknown_price(n) for n in range(200, 250)]
    made += [company.currency(n) for n in range(250, 270)]
    made += [company.ending(n) for n in range(270, 320)]
    made += [company.phases(n) for n in range(320, 370)]
    made += [company.discount(n) for n in range(50, 180)]
    made += [company.item(n) for n in range(270, 320)]
    made += [company.coupon(n) for n in range(300, 320)]
    made += [company.tax(n) for n in range(250, 400)]
    made += [company.amount(n) for n in range(50, 120)]
    made += [company.old_amount(n) for n in range(120, 200)]
    made += [company.stranger("duplicate", f"second{n}", f"cus_firm{n}") for n in range(330, 370)]
    company.customers_of("new", 40)
    made += [company.stranger("unknown", f"new{n}", f"cus_new{n}") for n in range(40)]
    company.bring([{"object": "customer", "id": f"cus_nobody{n}"} for n in range(40)])
    made += [company.stranger("foreign", f"nobody{n}", f"cus_nobody{n}") for n in range(40)]
    made += [company.command(n) for n in range(10)]
    return made


def test_a_thousand_planted_differences_are_named_and_none_else(shop):
    company = Company(shop, 400)
    with company.together():
        made = plant(company)
    assert len({one.key for one in made}) == len(made) == 1000
    before = sorted(Subscription.objects.values_list("pk", "quantity", "price_id", "status"))
    shop.control("DELETE", "calls")

    done = run()
    assert set(Difference.objects.open().values_list("kind", "subject")) == {one.key for one in made}
    assert (done.found, done.gone, done.finished_at is not None) == (1000, 0, True)
    assert Journal.objects.filter(kind="billing.difference.found").count() == 1000
    # Nothing was taken over on the way, and nothing said to Stripe.
    assert sorted(Subscription.objects.values_list("pk", "quantity", "price_id", "status")) == before
    assert not Invoice.objects.exclude(amount_paid_minor=19_000).exists()
    assert {call["method"] for call in shop.control("GET", "calls")["data"]} == {"GET"}

    again = run()
    assert (again.found, again.gone) == (0, 0)
    assert Difference.objects.count() == 1000

    mended, left = made[::2], made[1::2]
    for one in mended:
        one.undo()
    third = run()
    assert (third.found, third.gone) == (0, 500)
    assert set(Difference.objects.open().values_list("kind", "subject")) == {one.key for one in left}
    assert set(Difference.objects.filter(state="gone").values_list("kind", "subject")) == {one.key for one in mended}
    assert {call["method"] for call in shop.control("GET", "calls")["data"]} == {"GET"}
    assert not StripeObject.objects.exclude(error="").exists()
