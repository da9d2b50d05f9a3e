"""Steps of a story that are agreed upon: quotes that somebody else accepts, and exceptions that begin and end on a day."""

import itertools
from datetime import timedelta

from accounts.models import Policy
from accounts.origin import Origin, Source
from accounts.queries import policies
from billing.models import (
    Cart,
    CheckoutAttempt,
    Quote,
    QuoteState,
    QuoteWay,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    Terms,
    TermsKind,
    TermsState,
)
from billing.services.agreeing import terms, terms_discounts
from billing.services.changes import addons, plan_changes, seats
from billing.services.offering import agreed_coupons
from billing.services.quoting import acceptances, drafts, quotes
from config import clock

_nonces = itertools.count(1)
# What is said of each kind of exception that a story has.
SAID = {
    "discount": {"percent_bps": 1500},
    "price_hold": {},
    "term": {"seats": 8},
    "payment_terms": {"net_days": 45},
    "credit_limit": {"amount_minor": 20_000, "currency": "usd"},
    "seat_ceiling": {"seats": 900},
}
BILLED = ("trialing", "active", "past_due")


def rule(name, value):
    """A policy from now on."""
    now = clock.now()
    Policy.objects.create(name=name, value=value, reason="stories", effective_at=now, created_at=now)
    policies.forget()


class Agreeing:
    """For a story with `organization`, `row`, `shop`, `staff` and `settle`."""

    # Quotes

    def quote(self, said):
        """Of more seats, another plan or an add-on: issued with a number, for whoever has its link."""
        what, value = said
        row, now = seats.current(self.organization), clock.now()
        if what == "seats":
            token = seats.offer(row, seats=row.quantity + value, at=now).token
        elif what == "plan":
            token = plan_changes.offer(row, plan=value, quantity=None, at=now).token
        elif what == "interval":
            token = plan_changes.offer(row, plan=row.plan.code, interval=value, quantity=None, at=now).token
        else:
            token = addons.offer(row, code=value, number=None, at=now).token
        self.issue(drafts.of_token(self.organization, token, origin=self.shop.origin, at=now))

    def issue(self, draft):
        said = quotes.Addressed(approver_email="frida@acme.example")
        return quotes.issue(draft, said=said, origin=self.shop.origin, at=clock.now())

    def accept(self, which):
        """By its link, twice: what was shown is what is charged, once."""
        quote, now = self._quote(which), clock.now()
        if quote is None:
            return
        offered = acceptances.offer(quote, at=now)
        if offered.waiting is not None:
            return
        by = {"approver": acceptances.Approver(name="Frida", email="frida@acme.example"), "due_minor": offered.due_minor}
        by |= {"token": offered.token, "origin": Origin(source=Source.PAGE), "at": now}
        change = acceptances.accept(quote, **by).change
        assert acceptances.accept(quote, **by).change == change
        assert change.due_now_minor == offered.due_minor == offered.shown.due_now_minor

    def withdraw(self, which):
        if (quote := self._quote(which)) is not None:
            quotes.withdraw(quote, origin=self.shop.origin, at=clock.now())

    def again(self, which):
        """What it rests on has moved, or not: the same from what there is today, which takes its place."""
        if (quote := self._quote(which)) is not None:
            self.issue(quotes.again(quote, origin=self.shop.origin, at=clock.now()))
            quote.refresh_from_db()
            assert quote.state == QuoteState.WITHDRAWN

    def buy_by_quote(self, cart, way):
        """The cart as a quote that somebody without an account accepts; the attempt."""
        rows = Cart.objects.select_related("plan__line", "pilot", "organization")
        drawn = drafts.of_cart(rows.get(pk=cart.pk), self.organization, origin=self.shop.origin, at=clock.now())
        quote = self.issue(drawn)
        offered = acceptances.offer(quote, at=clock.now())
        by = {"approver": acceptances.Approver(name="Frida", email="frida@acme.example", way=way), "token": ""}
        by |= {"due_minor": offered.due_minor, "origin": Origin(source=Source.PAGE), "at": clock.now()}
        attempt = acceptances.accept(quote, **by).attempt
        if way == QuoteWay.CARD:
            self.shop.pay(attempt)
        return attempt

    def _quote(self, which):
        found = list(Quote.objects.filter(organization=self.organization, state=QuoteState.OPEN).order_by("pk"))
        return found[which % len(found)] if found else None

    # Exceptions

    def agree(self, said):
        """Proposed by one and approved by another: from a day on, for so many days."""
        kind, starts, days = said
        today, proposer, approver = clock.now().date(), *self.staff
        wanted = terms.Wanted(
            kind=TermsKind(kind),
            raw=SAID[kind],
            line=self.row.line,
            owner=proposer,
            reason="A reference.",
            starts_on=today + timedelta(days=starts),
            ends_on=today + timedelta(days=starts + days),
            nonce=f"story-{next(_nonces)}",
        )
        origin = Origin(actor=proposer, source=Source.ADMIN)
        made = terms.propose(self.organization, wanted=wanted, origin=origin, at=clock.now())
        terms.approve(made.pk, origin=Origin(actor=approver, source=Source.ADMIN), at=clock.now())

    def end_early(self, which):
        held = list(Terms.objects.filter(organization=self.organization, state=TermsState.APPROVED).order_by("pk"))
        if held:
            origin = Origin(actor=self.staff[1], source=Source.ADMIN)
            terms.end_early(held[which % len(held)].pk, reason="No more.", origin=origin, at=clock.now())

    # What holds after each.

    def check_agreed(self, row):
        """Each exception holds on its days and not a day longer; no quote is open beyond its day, and none paid for is."""
        now = clock.now()
        for quote in Quote.objects.filter(organization=self.organization):
            tries = SeatChange.objects.filter(nonce__startswith=f"quote-{quote.public_id}-", state="done")
            paid = CheckoutAttempt.objects.filter(cart=quote.cart_id, state="applied") if quote.cart_id else tries
            assert paid.count() == (quote.state == QuoteState.ACCEPTED)
            assert quote.state != QuoteState.OPEN or quote.lapses_at > now
        for held in Terms.objects.filter(organization=self.organization):
            assert held.state != TermsState.APPROVED or held.ends_at > now
            is_on = held.state == TermsState.APPROVED and held.starts_at <= now
            assert is_on == (held.began_at is not None and held.ended_at is None)
            if held.kind == TermsKind.DISCOUNT and row.status in BILLED and not (held.due_at and held.due_at <= now):
                coupon = agreed_coupons.coupon_id(held)
                is_there = row.discounts.filter(stripe_coupon_id=coupon, ended_at=None).exists()
                assert is_there == terms_discounts.is_wanted(held, row, now) or self.is_waiting(row)
        self._check_term(row)

    def _check_term(self, row):
        """Whoever has agreed to stay has asked for no end before that day, and nothing that was put off is forgotten."""
        until = Terms.objects.filter(organization=self.organization, kind=TermsKind.TERM, state=TermsState.APPROVED)
        end = row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING).first()
        begun = until.filter(began_at__isnull=False).first()
        if end is not None and begun is not None and end.created_at >= begun.began_at:
            assert end.effective_at >= begun.ends_at
        if row.is_live:  # what is booked is of a later period, or has become what waits for this one's end
            assert not row.scheduled.filter(state=ScheduledState.BOOKED, effective_at__lte=row.period_ends_at).exists()
