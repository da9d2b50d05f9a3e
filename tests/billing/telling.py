"""The story of one organization, told step by step: each is done as its page would do it, or refused for a reason."""

from datetime import timedelta

import hypothesis

from accounts.models import Role
from billing import gateway
from billing.models import Addon, ChangeState, Invoice, ScheduledChange, ScheduledState, SeatChange
from billing.models.seats import CancelReason
from billing.queries import overview
from billing.rules.terms import Wrong
from billing.services import commands, people
from billing.services.agreeing import terms
from billing.services.changes import addons, plan_changes, promotions, scheduled, seat_increases, seats
from billing.services.leaving import resuming
from billing.services.mirroring import tax_ids
from billing.services.quoting import quotes
from billing.services.quoting import terms as quote_terms
from billing.services.selling import carts, checkout, collecting, returning
from billing.services.tax import tax_details
from config import clock
from tests import factories
from tests.billing.agreeing import Agreeing
from tests.billing.holding import Holding
from tests.billing.leaving import Leaving
from tests.billing.paying import Paying
from tests.billing.renewing import Renewing

REFUSALS = (
    tax_ids.Known,
    tax_ids.TooMany,
    promotions.CodeRefused,
    promotions.Stale,
    seats.SeatsError,
    commands.Busy,
    checkout.CheckoutError,
    carts.CartError,
    collecting.CollectingError,
    quotes.QuoteError,
    quote_terms.NotQuotable,
    terms.TermsError,
    Wrong,
    gateway.Declined,
    gateway.Refused,
    resuming.NoCard,
)

IN_DOLLARS = ("once7",)  # codes that take off an amount


class Story(Leaving, Paying, Agreeing, Renewing, Holding):
    """One organization with one subscription, bought in `way`, and the steps that can be taken with it.

    `way`: card, invoice, bank (a debit), quote (accepted by card) or quote_invoice. `staff`: who proposes exceptions, and who
    approves them.
    """

    def __init__(self, shop, staff, *, way, currency, code, **wanted):
        self.shop, self.staff, self.way, self.currency = shop, staff, way, currency
        self.organization = factories.OrganizationFactory(country="US", region="na")
        self.owner = factories.UserFactory()
        factories.MembershipFactory(organization=self.organization, user=self.owner, role=Role.OWNER)
        shop.organization, shop.owner = self.organization, self.owner
        self.given, self.compared = 0, set()
        self.may_pay_later()
        cart = shop.cart(currency=currency, **wanted)
        if code and (currency == "usd" or code not in IN_DOLLARS):
            cart = carts.enter_code(cart=cart, code=code, at=clock.now(), origin=shop.origin)
        self.row = self._buy(cart)
        self.organization = shop.organization = self.row.organization  # which has a customer now

    def tell(self, name, value):
        """Take a step; what became of it is printed of the shortest story that fails."""
        said = f"{clock.now():%d %b %H:%M}  {name}({'' if value is None else repr(value)})"
        try:
            getattr(self, name)(value)
        except REFUSALS as error:
            hypothesis.note(f"{said}: refused, {type(error).__name__}: {error}")
        except BaseException:
            hypothesis.note(said)
            raise
        else:
            hypothesis.note(said)

    def _buy(self, cart):
        """The cart's subscription, paid in the story's way."""
        if self.way == "invoice":
            attempt = self.buy_on_invoice(cart)
        elif self.way.startswith("quote"):
            attempt = self.buy_by_quote(cart, "invoice" if self.way == "quote_invoice" else "card")
        else:
            attempt = checkout.start(cart=cart, organization=self.organization, origin=self.shop.origin, at=clock.now())
            if self.way == "bank":
                self.pay_by_debit(attempt.url, "pays")
            else:
                self.shop.pay(attempt)
        self.shop.settle()
        attempt.refresh_from_db()
        return self.shop.fresh(attempt.subscription) if attempt.state == "applied" else self.row

    def come_back(self, _nothing):
        """With what one had, once it has ended."""
        if not self.is_live:
            self.row = self._buy(returning.fill(self.row, origin=self.shop.origin, at=clock.now()))

    @property
    def is_live(self):
        return self.shop.fresh(self.row).is_live

    def at_stripe(self, kind):
        """What Stripe holds of the customer, as it stands there."""
        return self.shop.account.store.find(kind, "customer", self.organization.customer.stripe_id)

    # Steps: each may be refused, for a reason that the store names.

    def more(self, count):
        row = seats.current(self.organization)
        now = clock.now()
        offered = seats.offer(row, seats=row.quantity + count, at=now)
        change = seats.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()
        if change.due_now_minor and change.state == ChangeState.DONE and self.is_lent(row):
            self.within_the_limit()

    def less(self, count):
        """Back, of what was added in the same invoice window."""
        self.more(-count)

    def have(self, addon):
        code, number = addon
        row = seats.current(self.organization)
        now = clock.now()
        offered = addons.offer(row, code=code, number=number, at=now)
        change = addons.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()

    def give_back(self, said):
        code, number = said
        row = seats.current(self.organization)
        addon = Addon.objects.filter(line=row.line, code=code).first()
        if addon is not None:
            scheduled.change_addon(row, addon=addon, number=number, origin=self.shop.origin, at=clock.now())

    def plan(self, code, interval=""):
        row = seats.current(self.organization)
        now = clock.now()
        price = plan_changes.price_for(row, code, interval)
        if not plan_changes.is_now(row, price):
            wanted = {"plan": code, "interval": interval or row.price.interval, "origin": self.shop.origin, "at": now}
            plan_changes.schedule_for(row, **wanted)
            return
        offered = plan_changes.offer(row, plan=code, interval=interval, quantity=None, at=now)
        change = plan_changes.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()

    def interval(self, interval):
        self.plan(seats.current(self.organization).plan.code, interval)

    def later(self, delta):
        row = seats.current(self.organization)
        coming = overview.standing(self.organization).coming
        scheduled.change_seats(row, seats_after=coming + delta, releases=[], origin=self.shop.origin, at=clock.now())

    def take_back(self, which):
        pending = list(ScheduledChange.objects.filter(subscription=self.row, state=ScheduledState.PENDING))
        if pending:
            scheduled.take_back(pending[which % len(pending)], origin=self.shop.origin, at=clock.now())

    def wait(self, seconds):
        self.shop.advance_to(clock.now() + timedelta(seconds=seconds))

    def fail(self, outcome):
        self.shop.control("POST", "next_payment", outcome=outcome, customer=self.organization.customer.stripe_id)

    def pay(self, _nothing):
        for invoice in Invoice.objects.filter(organization=self.organization, status="open"):
            gateway.pay_invoice(invoice.stripe_id, {}, key=f"pay:{invoice.pk}:{clock.now().timestamp()}")

    def drop(self, _nothing):
        change = SeatChange.objects.filter(subscription=self.row, state=ChangeState.WAITING).first()
        if change is not None:
            seat_increases.drop(change, origin=self.shop.origin, at=clock.now())

    def seat(self, count):
        row = seats.current(self.organization)
        members = [factories.MembershipFactory(organization=self.organization).pk for _each in range(count)]
        people.assign_where_possible(subscription=row, membership_ids=members, origin=self.shop.origin, at=clock.now())

    def end(self, _nothing):
        scheduled.end(
            seats.current(self.organization), reason_code=CancelReason.OTHER, reason="", origin=self.shop.origin, at=clock.now()
        )

    def promote(self, code):
        row = seats.current(self.organization)
        offered = promotions.offer(row, code=code, at=clock.now())
        promotions.confirm(row, token=offered.token, origin=self.shop.origin, at=clock.now())

    def credit(self, amount):
        customer = self.organization.customer.stripe_id
        key = f"credit:{clock.now().timestamp()}"
        gateway.credit_customer(customer, amount_minor=amount, currency=self.currency, description="x", key=key)
        self.given += amount

    def move(self, country):
        tax_details.save(self.organization, {"country": country}, origin=self.shop.origin, at=clock.now())

    def tax_id(self, number):
        """Confirmed a moment of Stripe's later: then, in France, nobody is taxed."""
        tax_ids.add(self.organization, country="FR", kind="eu_vat", typed=number, origin=self.shop.origin, at=clock.now())

    def lose(self, kind):
        self.shop.control("POST", "faults", match="POST /v1/subscriptions/*", kind=kind)
