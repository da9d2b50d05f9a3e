"""What holds of a story after each of its steps: Stripe, ledger and rows are equal, and what was shown is what is charged."""

from django.db.models import F

from accounts.models import Journal
from billing import gateway
from billing.models import (
    LIVE_STATUSES,
    RUNNING,
    ChangeKind,
    ChangeState,
    Customer,
    InvoiceWindow,
    LedgerKind,
    Price,
    ScheduledState,
    SeatAssignment,
    SeatChange,
    SeatLedgerEntry,
    StripeCommand,
    StripeObject,
    Subscription,
    TaxStanding,
)
from billing.queries import overview
from billing.rules import addons as addon_rules
from billing.rules import debits
from billing.services.changes import change_prices
from billing.services.leaving import endings, pauses, resuming
from billing.services.mirroring import mirror


class Holding:
    """For a story with `organization`, `row` and `shop`."""

    def settle(self):
        """Everything heard of and done, the schedules too that Stripe refused once: they are due again half a minute later."""
        self.shop.settle()
        behind = Subscription.objects.filter(
            pk=self.row.pk, projection_done__lt=F("projection_wanted"), status__in=LIVE_STATUSES
        )
        for _half_minute in range(3):
            if not behind.update(projection_due_at=None):
                return
            self.shop.settle()
        assert not behind.exists()

    def check(self):
        self.settle()
        row = Subscription.objects.select_related("price", "plan", "line").get(pk=self.row.pk)
        there = gateway.subscription(row.stripe_id)
        item = there["items"].data[0]
        ledger_sum = sum(row.ledger.values_list("delta", flat=True))
        at_stripe = int(item.quantity) if there.status != "canceled" else 0
        assert row.quantity == ledger_sum
        assert row.billed == at_stripe
        running = InvoiceWindow.objects.filter(subscription=row, state__in=RUNNING).first()
        assert row.unbilled == (running.seats if running else 0)
        assert row.status == there.status
        assert row.period_ends_at.timestamp() == item.current_period_end
        assert row.pending_quantity == (there.pending_update.subscription_items[0].quantity if there.pending_update else None)
        assert SeatAssignment.objects.filter(subscription=row, ended_at=None).count() <= row.quantity
        self._check_mrr(row)
        self._check_coming(row, there)
        self._check_charges(row)
        self.check_invoices()
        self._check_lines(row)
        self._check_credit()
        self.check_agreed(row)
        self.check_prices(row)
        self._check_tax(row, there)
        self._check_charge_to_come(row, there)
        assert not StripeCommand.objects.filter(state="open").exists()
        assert list(StripeObject.objects.exclude(error="").values_list("key", "error")) == []
        assert not Journal.objects.filter(kind="billing.charge.differed").exists()

    def _check_mrr(self, row):
        standing = overview.standing(self.organization)
        yearly = row.price.interval == "year"
        counted = standing.held_addons if row.quantity and row.status != "paused" else ()
        apart = addon_rules.between(counted, row.price.interval)
        parts = addon_rules.parts(standing.rate.total(row.quantity), [one for one in counted if one not in apart], row.quantity)
        total = sum(parts) if row.quantity and row.status != "paused" else 0
        booked = sum(row.ledger.values_list("mrr_delta_minor", flat=True)) - sum(one.total(row.quantity) for one in apart)
        assert abs(booked - (total / 12 if yearly else total)) <= 0.5 if yearly else booked == total

    def _check_coming(self, row, there):
        if not row.is_live:
            assert not row.scheduled.filter(state=ScheduledState.PENDING).exists()
            return
        if row.status == "paused":
            assert there.schedule is None  # what waits is put in place when it goes on
            return
        pending = row.scheduled.filter(state=ScheduledState.PENDING)
        coming_delta = sum(pending.values_list("delta", flat=True))
        if pending.filter(kind="end").exists():
            closing = there.schedule and gateway.schedule(mirror.stripe_id(there.schedule)).end_behavior == "cancel"
            assert there.cancel_at_period_end or there.cancel_at or closing
        elif coming_delta or pending.filter(kind__in=("addon", "plan")).exists():
            phase = gateway.schedule(there.schedule if isinstance(there.schedule, str) else there.schedule.id).phases[-1]
            plan = pending.filter(kind="plan").first()
            assert phase["items"][0].quantity == row.quantity + coming_delta
            assert phase["items"][0].price == (plan.price_after if plan else row.price).stripe_price_id
        else:
            assert there.schedule is None
            assert not there.cancel_at_period_end

    def _check_charges(self, row):
        gathered = SeatChange.objects.filter(subscription=row, kind=ChangeKind.SEATS).exclude(window=None)
        done = SeatChange.objects.filter(subscription=row, state=ChangeState.DONE).exclude(stripe_invoice_id="")
        assert not gathered.exclude(stripe_invoice_id="").exists()
        for change in done.exclude(pk__in=self.compared):
            self.compared.add(change.pk)
            invoice = gateway.invoice(change.stripe_invoice_id)
            agreed = change.preview
            assert invoice.total == agreed["total_minor"]
            # In whichever order: what is given back and what is charged may be taxed by two countries.
            said_taxes = sorted(tax.amount for tax in invoice.total_taxes)
            assert said_taxes == sorted(tax["amount_minor"] for tax in agreed["taxes"] if tax["percent"])
            assert invoice.amount_due == agreed["due_now_minor"] == change.due_now_minor
            assert invoice.status == "paid" or agreed["payable_at"] or self.is_lent(row)
            # What the price grew by in the meantime is a line of its own.
            own = [line for line in invoice.lines.data if not change_prices.is_taken_off(line)]
            said = [(line.amount, line.quantity) for line in own]
            lines = [(line["amount_minor"], line["quantity"]) for line in agreed["lines"]]
            if change.kind == ChangeKind.PLAN and len(own) < len(invoice.lines.data):
                assert [line for line in said if line[0] > 0] == [line for line in lines if line[0] > 0]
            else:
                assert said == lines

    def _check_tax(self, row, there):
        """Stripe taxes as the store says that it does, but while an increase waits for its payment."""
        standing = TaxStanding.objects.select_related("rate").get(organization=self.organization)
        waits = SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING).exists()
        assert standing.is_behind <= waits
        if standing.is_behind or not row.is_live:
            return
        assert [rate.id for rate in there.default_tax_rates] == ([standing.rate.stripe_id] if standing.rate else [])
        assert gateway.customer(self.organization.customer.stripe_id).tax_exempt == standing.exempt

    def _check_charge_to_come(self, row, there):
        """What is mirrored is what Stripe has, and the next charge that pages show is the one that Stripe would make."""
        held = set(row.discounts.filter(ended_at=None).values_list("stripe_id", flat=True))
        assert held == ({one.id for one in there.discounts} if row.is_live else set())
        standing = overview.standing(self.organization)
        charge, between = standing.next_charge, standing.between
        if charge is None or there.status != "active" or there.pending_update is not None or row.unbilled:
            return
        asked = {"customer": self.organization.customer.stripe_id, "subscription": row.stripe_id}
        without = self._without_what_ends(row, charge.at)
        if without and there.schedule:
            return  # a phase has discounts of its own until the sweep takes one off: what is charged is compared in `renew`
        coming = gateway.preview_invoice(asked | without)
        if between is not None:
            assert (coming.total, coming.amount_due) == (between.charged_minor, between.due_minor)
            return
        assert coming.total == charge.total_minor - charge.discount_minor + charge.tax_minor
        assert coming.amount_due == charge.due_minor

    def _without_what_ends(self, row, at):
        """An agreed discount is taken off on its last day, which Stripe cannot know."""
        held = list(row.discounts.filter(ended_at=None).select_related("terms"))
        stays = [{"discount": one.stripe_id} for one in held if one.terms is None or one.terms.ends_at > at]
        return {"discounts": stays or ""} if len(stays) < len(held) else {}

    def _check_lines(self, row):
        """Whatever was billed is explained by what happened: an order, a change, a period that began, a rest or an end."""
        mine = {"subscription__organization": self.organization}
        changed = set(SeatChange.objects.filter(**mine).values_list("stripe_invoice_id", flat=True))
        booked = list(SeatLedgerEntry.objects.filter(**mine).order_by("pk"))
        begun = {one.stripe_invoice_id for one in booked if one.kind == LedgerKind.STARTED}
        counts = {one.quantity_after for one in booked} | {one.quantity_after - one.delta for one in booked}
        explained = changed | begun | self._left()
        known = set(Price.objects.values_list("stripe_price_id", flat=True))
        for there in self.at_stripe("invoice"):
            said = f"{there['number'] or there['id']} ({there['billing_reason']}, {there['total']})"
            is_period = there["billing_reason"] == "subscription_cycle"
            assert is_period or there["id"] in explained, f"{said} is explained by nothing"
            for line in there["lines"]["data"] if is_period else ():
                price = ((line["pricing"] or {}).get("price_details") or {}).get("price")
                if price in known and not self.is_proration(line):
                    assert line["quantity"] in counts, f"{said} is for {line['quantity']} seats, which nobody had"

    def _left(self):
        """The invoices of rests and ends."""
        left = StripeCommand.objects.filter(organization=self.organization, kind__in=(endings.KIND, pauses.KIND, resuming.KIND))
        results = list(left.values_list("result", flat=True))
        return {one.get("invoice") for one in results}.union(*(one.get("touched", ()) for one in results))

    def _check_credit(self):
        """Nobody has more credit than they paid, still owe, or were given."""
        sums = [(one["status"], one["amount_paid"], one["amount_remaining"]) for one in self.at_stripe("invoice")]
        worth = sum(paid + (owed if status == "open" else 0) for status, paid, owed in sums)
        assert -gateway.customer(self.organization.customer.stripe_id).balance <= worth + self.given

    def is_lent(self, row):
        """Whether what is added is had before it is paid."""
        return row.is_invoiced or Customer.objects.get(organization=self.organization).method_kind in debits.DEBITS

    def is_waiting(self, row):
        return SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING).exists()

    def is_proration(self, line):
        parent = line["parent"] or {}
        return any((parent.get(one) or {}).get("proration") for one in ("subscription_item_details", "invoice_item_details"))
