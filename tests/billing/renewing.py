"""Steps of a story about renewals and prices: a catalog that costs more, an answer to it, and what was announced, charged."""

import re
from datetime import timedelta

from accounts.models import OutgoingMail
from billing.models import CheckoutAttempt, Price, PriceMove, PriceMoveState, RenewalNotice, SeatChange, Terms, TermsKind
from billing.models.terms import TermsState
from billing.queries import catalog as catalog_queries
from billing.queries import overview, renewals
from billing.services.offering import catalog
from billing.services.renewing import price_moves
from config import clock
from storefront import renewal_words
from tests import shelf
from tests.billing import agreeing

ANNOUNCED = timedelta(days=6)  # so long before its end, at the least, a yearly renewal was announced
DRAFTED = timedelta(hours=2)  # an invoice is a draft for an hour
DEARER = ("[lines.fieldnote.plans.team]", "[lines.crew.plans.crew]")


def raised(text, percent):
    """A catalog whose plans that stories begin with cost so much more."""
    for plan in DEARER:
        before, after = text.split(plan)
        own, bracket, rest = after.partition("\n[")
        dearer = re.sub(r"(?m)^prices\..*$", lambda line: _times(line[0], 100 + percent), own)
        text = before + plan + dearer + bracket + rest
    return text


def _times(line, percent):
    return re.sub(r"\d{3,}", lambda one: str(int(one[0]) * percent // 100), line)


class Renewing:
    """For a story with `organization`, `row`, `shop` and `settle`."""

    def reprice(self, said):
        """From now on it costs more; who has an old price is asked, and without an answer keeps it, or ends."""
        percent, ends = said
        agreeing.rule("billing.old_price_days", 0)
        agreeing.rule("billing.old_price_ends", ends)
        catalog.apply(wanted=shelf.read(raised(self.shop.sold, percent)), at=clock.now(), origin=self.shop.origin)
        catalog_queries.refresh()

    def answer(self, _nothing):
        """Yes to the new price, for the amount that is shown."""
        standing = overview.standing(self.organization)
        asked = renewals.use(standing, clock.now()).asked if standing and standing.next_charge else None
        if asked is None or asked.price is None or asked.amount_minor is None:
            return
        said = {"price": asked.price, "amount_minor": asked.amount_minor, "origin": self.shop.origin, "at": clock.now()}
        price_moves.accept(standing, **said)
        assert overview.standing(self.organization).next_charge.due_minor == asked.amount_minor

    def renew(self, _nothing):
        """To some days before the period's end and over it: what pages and mails say then is what is charged."""
        if not self.is_live:
            return
        if (ahead := self.shop.fresh(self.row).period_ends_at - ANNOUNCED) > clock.now():
            self.shop.advance_to(ahead)
            self.check()
        row, now = self.shop.fresh(self.row), clock.now()
        standing = overview.standing(self.organization)
        charge = standing.next_charge
        self.shop.advance_to(row.period_ends_at + DRAFTED)
        if charge is None or row.status != "active" or not self._is_as_told(row, now):
            return
        made = self._charged(row, charge.at)
        assert made is not None or self.shop.fresh(row).status != "active"
        if made is None:
            return
        assert made["total"] == charge.total_minor - charge.discount_minor + charge.tax_minor
        assert made["amount_due"] == charge.due_minor
        assert renewal_words.receipt(standing)["total_minor"] == charge.due_minor
        told = RenewalNotice.objects.filter(subscription=row, period_ends_at=row.period_ends_at, sent_at__gte=now - DRAFTED)
        for notice in told:
            assert notice.amount_minor == made["amount_due"]
            mails = OutgoingMail.objects.filter(kind="billing/renewal", subject_row=f"renewal_notice:{notice.pk}")
            assert {mail.context["amount_minor"] for mail in mails} <= {made["amount_due"]}

    def _is_as_told(self, row, since):
        """Nothing has happened meanwhile that nobody could have said: an agreed discount that began, or a late failure."""
        begun = Terms.objects.filter(organization=self.organization, kind=TermsKind.DISCOUNT, began_at__gt=since)
        return not begun.exists()

    def _charged(self, row, at):
        """The renewal's invoice, as Stripe has it."""
        mine = (one for one in self.at_stripe("invoice") if one["billing_reason"] == "subscription_cycle")
        return next((one for one in mine if one["created"] == int(at.timestamp()) and one["status"] != "draft"), None)

    # What holds after each.

    def check_prices(self, row):
        """Nobody has a price that they did not choose, and nobody is asked to leave one that is held."""
        bought = CheckoutAttempt.objects.filter(subscription=row).values_list("price__stripe_price_id", flat=True)
        clicked = SeatChange.objects.filter(subscription=row).values_list("preview__price_id", flat=True)
        booked = row.scheduled.values_list("price_after__stripe_price_id", flat=True)
        chosen = Price.objects.filter(stripe_price_id__in={*bought, *clicked, *booked} - {None})
        assert row.price in chosen
        asked = PriceMove.objects.filter(subscription=row, state=PriceMoveState.OPEN, period_ends_at=row.period_ends_at)
        held = Terms.objects.filter(organization=self.organization, kind=TermsKind.PRICE_HOLD, state=TermsState.APPROVED)
        begun = held.filter(began_at__isnull=False, ends_at__gt=row.period_ends_at, line=row.line)
        assert not (begun.exists() and asked.filter(price_before=row.price).exists())
