"""Steps of a story that leave: ending at once, pausing and going on, each for exactly what was shown."""

from billing import gateway
from billing.models import Invoice
from billing.models.seats import CancelReason
from billing.services.changes import seats
from billing.services.leaving import endings, pauses, resuming
from config import clock


class Leaving:
    """For a story with `organization`, `shop` and `settle`."""

    def end_now(self, _nothing):
        row, before = seats.current(self.organization), self._balance()
        offered = endings.offer(row, is_owner=True, at=clock.now())
        said = {"reason_code": CancelReason.OTHER, "reason": "", "origin": self.shop.origin, "at": clock.now()}
        endings.end(row, token=offered.token, is_owner=True, **said)
        self.settle()
        assert gateway.subscription(row.stripe_id).status == "canceled"
        if offered.terms.gives_back and not offered.credit.charge_minor:
            assert before - self._balance() == offered.credit.credit_minor
        if offered.terms.invoices != "none":
            assert not Invoice.objects.filter(subscription=row, status="open").exists()

    def pause(self, months):
        row, before = seats.current(self.organization), self._balance()
        offered = pauses.offer(row, months=months, at=clock.now())
        made = pauses.pause(row, token=offered.token, origin=self.shop.origin, at=clock.now())
        self.settle()
        made.refresh_from_db()
        if made.state == "on" and not offered.credit.charge_minor:
            assert before - self._balance() == offered.credit.credit_minor

    def go_on(self, _nothing):
        row = seats.current(self.organization)
        offered = resuming.offer(row)
        command = resuming.resume(row, token=offered.token, origin=self.shop.origin, at=clock.now())
        self.settle()
        command.refresh_from_db()
        invoice = gateway.subscription(row.stripe_id).latest_invoice
        if command.state == "done" and self.shop.fresh(row).status == "active":
            assert invoice.amount_due == offered.charge.due_minor

    def _balance(self):
        return gateway.customer(self.organization.customer.stripe_id).balance
