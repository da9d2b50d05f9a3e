"""Buyers on their way to Stripe's payment page and back: where they are stopped, and what must be true in the end."""

from dataclasses import dataclass

import requests

from accounts.models import Journal, Organization, OutgoingMail, User
from accounts.origin import Origin
from accounts.services import legal
from billing.models import Cart, CheckoutAttempt, Customer, Invoice, StripeCommand, Subscription
from config import clock
from tests import shop
from tests.faults import store as stores
from tests.faults import wire


@dataclass
class Buyer:
    """One organization that buys ten seats."""

    organization: Organization
    owner: User
    cart: Cart
    session: requests.Session
    moment: object = None
    page: str = ""

    def attempt(self):
        return CheckoutAttempt.objects.get(organization=self.organization)

    def look(self):
        """Where one is: before the payment page, or back from it."""
        found = CheckoutAttempt.objects.filter(organization=self.organization, state__in=("open", "applied")).first()
        self.page = found.public_id if found else ""

    def press(self, url):
        """On to the payment page, or back from it. The answer's status; None when the server was gone."""
        form = {"cart": self.cart.public_id, "accept": "yes", "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        try:
            if self.page:
                return self.session.get(f"{url}/checkout/{self.page}/", params={"paid": 1}, timeout=20).status_code
            return self.session.post(f"{url}/checkout/", data=form, allow_redirects=False, timeout=20).status_code
        except requests.ConnectionError:
            return None


def queue(count):
    """`count` buyers with full carts; the terms are accepted, or the first would hold up the others' acceptance."""
    found = []
    for number in range(count):
        organization, owner = stores.new_customer(f"buyer{number}")
        cart = shop.Shop(None, organization, owner).cart(seats=stores.BOUGHT)
        legal.accept(organization=organization, user=owner, origin=Origin.system(), at=clock.now())
        found.append(Buyer(organization, owner, cart, stores.signed_in(owner)))
    return found


# --- Opening the payment page -----------------------------------------------------------------------------------------


def opening_begun(traps, buyer):
    """The attempt is about to be written."""
    grip = traps.grip().row(buyer.organization)
    yield
    grip.wait_for_victim("SELECT")


def customer_made(traps, buyer):
    """Stripe has made the customer, the answer has not come."""
    hold = traps.hold("POST", "/v1/customers", wire.ANSWER, says=buyer.organization.public_id)
    yield
    hold.wait()


def page_not_asked(traps, buyer):
    """Stripe has not heard of the session."""
    hold = traps.hold("POST", "/v1/checkout/sessions", wire.REQUEST, says=buyer.organization.public_id)
    yield
    hold.wait()


def page_not_answered(traps, buyer):
    """Stripe has opened the page, the answer has not come."""
    hold = traps.hold("POST", "/v1/checkout/sessions", wire.ANSWER, says=buyer.organization.public_id)
    yield
    hold.wait()


def page_not_committed(traps, buyer):
    """Breath 3 has written the attempt; it is not committed (the currency comes last, on the organization's row)."""
    hold = traps.hold("POST", "/v1/checkout/sessions", wire.ANSWER, says=buyer.organization.public_id)
    yield
    hold.wait()
    grip = traps.grip().row(buyer.organization)
    hold.let_go()
    grip.wait_for_victim("UPDATE")


OPENING = (opening_begun, customer_made, page_not_asked, page_not_answered, page_not_committed)


# --- Coming back, paid ------------------------------------------------------------------------------------------------


def paid_not_answered(traps, buyer):
    """Stripe is asked how the session stands."""
    hold = traps.hold("GET", f"/v1/checkout/sessions/{buyer.attempt().stripe_session_id}", wire.ANSWER)
    yield
    hold.wait()


def paid_not_booked(traps, buyer):
    """Stripe has said "complete"; nothing is written."""
    grip = traps.grip().row(buyer.organization)
    yield
    grip.wait_for_victim("SELECT")


def paid_not_committed(traps, buyer):
    """Subscription, ledger, journal, seat and mail are written, and not committed."""
    hold = traps.hold("GET", f"/v1/checkout/sessions/{buyer.attempt().stripe_session_id}", wire.ANSWER)
    yield
    grip = traps.grip().stripe_object(hold.wait()["subscription"]["id"])
    hold.let_go()
    grip.wait_for_victim("INSERT INTO billing_stripeobject")


def paid_booked(traps, buyer):
    """All is committed, and whoever did it does not know yet."""
    grip = traps.grip().row(buyer.owner)
    yield
    grip.wait_for_victim("COMMIT")


RETURNING = (paid_not_answered, paid_not_booked, paid_not_committed, paid_booked)


# --- What must be true ------------------------------------------------------------------------------------------------


def pay(found):
    """Everybody pays on Stripe's page."""
    for buyer in found:
        shop.Shop(None, buyer.organization, buyer.owner).pay(buyer.attempt().url)


def _theirs(kind, buyer):
    listed = stores.at_stripe(kind)
    return [one for one in listed if one["metadata"].get("organization") == buyer.organization.public_id]


def assert_one_page(buyer):
    """One customer at Stripe, one open payment page, and it is the attempt's."""
    attempt = buyer.attempt()
    assert attempt.state == "open", buyer.moment
    assert [one["id"] for one in _theirs("checkout/sessions", buyer)] == [attempt.stripe_session_id], buyer.moment
    assert [one["id"] for one in _theirs("customers", buyer)] == [
        Customer.objects.get(organization=buyer.organization).stripe_id
    ]
    assert list(StripeCommand.objects.filter(organization=buyer.organization).values_list("state", flat=True)) == ["done"]


def assert_bought_once(buyer):
    """One subscription, booked once, paid once, welcomed once."""
    row = Subscription.objects.get(organization=buyer.organization)
    assert (buyer.attempt().state, row.status, row.quantity) == ("applied", "active", stores.BOUGHT), buyer.moment
    assert [entry.delta for entry in row.ledger.all()] == [stores.BOUGHT]
    assert [one["id"] for one in _theirs("subscriptions", buyer)] == [row.stripe_id]
    invoices = Invoice.objects.filter(subscription=row).values_list("status", "amount_paid_minor")
    taken = stores.at_stripe("payment_intents", customer=row.organization.customer.stripe_id)
    assert list(invoices) == [("paid", one["amount_received"]) for one in taken]
    assert len(taken) == 1
    assert OutgoingMail.objects.filter(organization=buyer.organization, kind="billing/welcome").count() == 1
    assert Journal.objects.filter(organization=buyer.organization, kind="billing.subscription.started").count() == 1
