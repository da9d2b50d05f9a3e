"""Two organizations that are one customer: looked at, kept whole at Stripe, moved in one transaction, never undone."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Journal, Membership, Organization, OrganizationMerge, OutgoingMail
from accounts.services import closure
from billing import gateway
from billing.models import Cart, Customer, Invoice, StripeCommand, Subscription
from billing.queries import invoices
from billing.services import merging
from config import clock
from tests import factories
from tests.billing.calling import Program
from tests.shop import text


@pytest.fixture
def two(shop, cast):
    """Acme, which has ended its plan and keeps an invoice, and Globex, its other name."""
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    Subscription.objects.filter(pk=row.pk).update(status="canceled", ended_at=clock.now())
    Organization.objects.filter(pk=cast.acme.pk).update(external_id="crm-7")
    for one in (cast.acme, cast.globex):
        one.refresh_from_db()
    return cast.acme, cast.globex


def merge(shop, source, target, **more):
    said = {"typed_name": source.name, "reason": "Asked by both owners, called back"} | more
    return merging.merge(source, target, **said, origin=shop.origin, at=clock.now())


def test_people_and_invoices_go_on_and_stripe_stays_whole(shop, two, cast):
    source, target = two
    factories.InvitationFactory(organization=source, email="new@acme.example")
    factories.InvitationFactory(organization=source, email=cast.stranger.email)  # is in the other one already
    cart = shop.cart(source)
    before = merging.outlook(source, target)
    assert (before.obstacles, before.moved["members"], before.moved["invoices"], before.moved["invitations"]) == ((), 3, 1, 1)
    made = merge(shop, source, target)
    assert made.moved == before.moved
    assert merge(shop, source, target).pk == made.pk  # a double click
    roles = dict(Membership.objects.live().filter(organization=target).values_list("user__email", "role"))
    assert roles[cast.owner.email] == "billing_admin"  # ownership is not ours to give
    assert roles[cast.stranger.email] == "owner"
    assert not Membership.objects.live().filter(organization=source).exists()
    assert [one.stripe_id for one in invoices.page(target).invoices] == [Invoice.objects.get().stripe_id]
    for row in (source, target, cart):
        row.refresh_from_db()
    assert (source.closed_at is not None, source.external_id, target.external_id, cart.state) == (
        True,
        None,
        "crm-7",
        "replaced",
    )
    customer = Customer.objects.get(organization=source)  # it stays what it was, and says where it went
    assert gateway.metadata(gateway.customer(customer.stripe_id), "merged_into") == target.public_id
    assert StripeCommand.objects.get(kind="customer.merged").state == "done"
    assert Program(cast.organization_key).get("invoices").status_code == 401
    assert OutgoingMail.objects.filter(kind="accounts/merged").count() == 3
    assert Journal.objects.filter(kind="accounts.organization.merged").count() == 2
    with pytest.raises(closure.TooLate):
        closure.reopen(organization=source, reason="x", origin=shop.origin, at=clock.now())


def test_what_is_in_the_way_is_named_and_nothing_moves(shop, two):
    source, target = two
    Subscription.objects.update(status="active", ended_at=None)
    Invoice.objects.update(status="open")
    Customer.objects.filter(organization=source).update(balance_minor=-500)
    with pytest.raises(merging.InTheWay) as refused:
        merge(shop, source, target)
    assert refused.value.obstacles == ("live", "invoices", "credit")
    assert merging.outlook(target, target).obstacles[0] == "same"
    assert Membership.objects.live().filter(organization=source).count() == 3
    assert not OrganizationMerge.objects.exists()
    assert Cart.objects.exclude(state="ordered").count() == 0


def test_staff_look_first_and_type_the_name(two, cast, client):
    source, target = two
    with pytest.raises(ValidationError):
        merging.merge(source, target, typed_name="Acme?", reason="x", origin=None, at=clock.now())
    url = f"/admin/accounts/organizationmerge/of/{source.pk}/"
    said = {"target": target.public_id, "reason": "Asked by both owners"}
    for group in ("csm", "finance"):
        client.force_login(cast.staff_member(group))
        assert client.post(url, said | {"typed_name": "acme"}).status_code == 403
    client.force_login(cast.admin)
    page = text(client.post(url, said | {"preview": "1"}))
    assert "Members who move" in page
    assert "Merge them for good" in page
    assert not OrganizationMerge.objects.exists()
    assert "This is not the name of the one that goes" in text(client.post(url, said | {"typed_name": "Globex"}))
    assert client.post(url, said | {"typed_name": "acme"}).status_code == 302
    assert OrganizationMerge.objects.get().merged_by == cast.admin
