"""Moving in: five hundred contracts twice, Stripe's own subscriptions, and nothing sent or charged before the release."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import Invitation, Organization, OutgoingMail
from billing import gateway, gateway_adoptions
from billing.models import Adoption, Customer, Plan, SeatLedgerEntry, StripeCommand, Subscription, Terms
from billing.queries import adoptions, entitlements
from billing.rules import adoption as rules
from billing.services import commands
from billing.services.agreeing import terms_sweep
from billing.services.reconciliation import reconciling
from config import clock
from tests.shop import text

HEADING = [*rules.REQUIRED, "net_days", "stripe_customer", "stripe_subscription"]


@pytest.fixture
def people(cast):
    return {name: cast.staff_member(name) for name in ("finance", "revenue_operations")}


def line(number, **more):
    renews = clock.now().date() + timedelta(days=20 + number % 300)
    said = {
        "reference": f"C-{number}",
        "customer_id": f"crm-{number}",
        "company": f"Customer {number}",
        "country": "US",
        "people": ("10-49", "100-499", "1000-4999")[number % 3],
        "email": f"owner@customer{number}.example",
        "plan": "fieldnote/team",
        "interval": "year",
        "currency": "usd",
        "seats": "10",
        "amount": "1000.00",
        "renews_on": renews.isoformat(),
    }
    return said | more


def write(tmp_path, *lines):
    file = tmp_path / "contracts.csv"
    file.write_text("\n".join([",".join(HEADING), *(",".join(one.get(name, "") for name in HEADING) for one in lines)]))
    return file


def run(*args, **options):
    out = io.StringIO()
    call_command("adopt", *map(str, args), stdout=out, **options)
    return out.getvalue()


def counts():
    models = (Organization, Subscription, SeatLedgerEntry, Terms, StripeCommand, Adoption, Customer, OutgoingMail, Invitation)
    return [model.objects.count() for model in models]


def test_five_hundred_contracts_are_taken_over_once(shop, cast, people, tmp_path, django_assert_max_num_queries):
    file = write(tmp_path, *(line(number, net_days="45" if number % 2 else "") for number in range(500)))
    before = counts()
    shop.control("DELETE", "calls")
    assert "500 contracts can be taken over, 0 were before, 0 problems." in run(file)
    assert counts() == before  # it was a dry run
    with django_assert_max_num_queries(45):
        assert "500 contracts taken over" in run(file, "--write", "--by", people["finance"].email)
    after = counts()
    assert after != before
    assert "0 contracts can be taken over, 500 were before" in run(file, "--write", "--by", people["finance"].email)
    assert counts() == after
    assert [after[place] - before[place] for place in (1, 2, 4, 5, 6, 7, 8)] == [500, 500, 500, 500, 0, 0, 0]
    assert {(row.delta, row.quantity_after, row.kind) for row in SeatLedgerEntry.objects.all()} == {(10, 10, "started")}
    board = adoptions.board()
    assert (sum(one.adopted for one in board.totals), sum(one.adopted_minor for one in board.totals)) == (500, 50_000_000)
    assert {one.segment for one in board.months} == {"smb", "mid_market", "enterprise"}
    assert commands.drain(clock.wall()).handled == 0  # no command is due before the release
    assert reconciling.go_on(reconciling.begin()).found == 0  # what waits for its release is no difference to Stripe


def test_what_is_wrong_is_said_by_line_and_nothing_is_written(shop, cast, people, tmp_path):
    cast.globex.__class__.objects.filter(pk=cast.globex.pk).update(domain="globex.example")
    file = write(tmp_path, line(1), line(2, plan="fieldnote/huge"), line(3, seats="x"), line(4, customer_id="crm-1"))
    with pytest.raises(CommandError, match="nothing was written"):
        run(file, "--write", "--by", people["finance"].email)
    assert not Adoption.objects.exists()
    said = run(file)
    assert "line 3, plan: is 'fieldnote/huge'. Write one of: fieldnote/" in said
    assert "line 4, seats: is 'x'. Write a whole number, in digits alone." in said
    assert 'line 5, plan: is "crm-1\'s fieldnote", as in line 2.' in said
    run(file, "--write", "--partly", "--by", people["finance"].email)
    assert Adoption.objects.filter(reference="C-1").exists()
    with pytest.raises(CommandError, match="no member of staff"):
        run(file, "--write", "--by", cast.owner.email)


def test_a_contract_begins_at_stripe_only_when_a_second_person_releases_it(shop, cast, people, tmp_path):
    first = line(1, people="10-49", net_days="45")
    file = write(tmp_path, first, line(2))
    run(file, "--write", "--by", people["finance"].email)
    row = Subscription.objects.get(organization__external_id="crm-1")
    assert entitlements.several(row.organization_id, features=[], now=clock.now()).entitlements
    assert {(one.kind, one.state) for one in Terms.objects.filter(organization=row.organization)} >= {
        ("payment_terms", "proposed"),
        ("discount", "proposed"),
    }
    own = run("--release", "--by", people["finance"].email)
    assert "C-1: was taken over by the same person" in own
    cast.staff_member("revenue_operations")
    said = run("--release", "--reference", "C-1", "--by", people["revenue_operations"].email)
    assert "1 contracts are being released, 0 left." in said, said
    shop.settle()
    adoption, row = Adoption.objects.get(reference="C-1"), shop.fresh(row)
    assert (adoption.state, adoption.message, row.quantity, row.status) == ("released", "", 10, "active")
    there = gateway.subscription(row.stripe_id)
    assert (there.collection_method, there.days_until_due, there["items"].data[0].quantity) == ("send_invoice", 45, 10)
    assert row.period_ends_at.date().isoformat() == first["renews_on"]
    assert not there.latest_invoice or there.latest_invoice.total == 0  # what was paid elsewhere is not charged
    assert OutgoingMail.objects.filter(recipient="owner@customer1.example").count() == 1
    terms_sweep.sweep_all(clock.now())
    shop.settle()
    assert row.discounts.get(ended_at=None).terms.kind == "discount"
    assert Adoption.objects.get(reference="C-2").state == "adopted"
    assert run("--release", "--reference", "C-1", "--by", people["revenue_operations"].email).startswith("0 contracts")


def test_a_subscription_of_stripes_is_kept_at_the_plans_price(shop, cast, people, tmp_path):
    there = sold_elsewhere(shop)
    file = tmp_path / "stripe.csv"
    assert "1 subscriptions written" in run("--from-stripe", file)
    heading, said = (row.split(",") for row in file.read_text().splitlines())
    cells = dict(zip(heading, said, strict=True))
    assert (cells["company"], cells["seats"], cells["amount"], cells["plan"]) == ("Hooli", "7", "70.00", "")
    assert "people: is empty. Every contract needs one." in run(file)
    cells |= {"people": "10-49", "plan": "fieldnote/team"}
    file.write_text("\n".join([",".join(heading), ",".join(cells.values())]))
    run(file, "--write", "--by", people["finance"].email)
    row = Subscription.objects.get(stripe_id=there.id)
    assert (row.organization.customer.stripe_id, row.quantity, row.price.stripe_price_id) == (
        there.customer,
        7,
        row.price.stripe_price_id,
    )
    assert gateway.subscription(there.id)["items"].data[0].price.id != row.price.stripe_price_id  # nothing was changed yet
    run("--release", "--by", people["revenue_operations"].email)
    shop.settle()
    now, row = gateway.subscription(there.id), shop.fresh(row)
    assert Adoption.objects.get().state == "released", Adoption.objects.get().message
    assert (now["items"].data[0].price.id, now.latest_invoice) == (row.price.stripe_price_id, there.latest_invoice)
    assert row.period_ends_at.timestamp() == now["items"].data[0].current_period_end
    assert run("--from-stripe", file).startswith("0 subscriptions")


def sold_elsewhere(shop):
    """A subscription at Stripe that the store never sold: ten dollars a seat, seven seats, by invoice."""
    product = Plan.objects.get(code="team", line__code="fieldnote").stripe_product_id
    price = gateway.create_price(
        {"product": product, "currency": "usd", "unit_amount": 1_000, "recurring": {"interval": "month"}}, key="price"
    )
    customer = gateway.create_customer(
        {"name": "Hooli", "email": "h@hooli.example", "address": {"country": "US"}}, key="customer"
    )
    params = {"customer": customer.id, "items": [{"price": price.id, "quantity": 7}], "proration_behavior": "none"}
    params |= {"collection_method": "send_invoice", "days_until_due": 30}
    params["billing_cycle_anchor"] = int((clock.now() + timedelta(days=12)).timestamp())
    return gateway_adoptions.create_subscription(params, key="subscription")


def test_the_board_is_in_the_admin(shop, people, tmp_path, client):
    run(write(tmp_path, line(1), line(4)), "--write", "--by", people["finance"].email)
    client.force_login(people["revenue_operations"])
    page = text(client.get(reverse("admin:billing_adoption_changelist")))
    assert "C-1" in page
    assert "$2,000" in page
    ids = list(Adoption.objects.values_list("pk", flat=True))
    client.post(reverse("admin:billing_adoption_changelist"), {"action": "release", "_selected_action": ids})
    assert set(Adoption.objects.values_list("state", flat=True)) == {"releasing"}
