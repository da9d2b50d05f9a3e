"""Staff refund and credit: within limits, as the preview showed, once, told to the customer, and seen everywhere."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import rendering
from billing import gateway, gateway_refunds
from billing.models import Adjustment, AdjustmentKind, AdjustmentReason, CreditNote, Customer, Invoice, StripeCommand
from billing.queries import giving_back as queries
from billing.rules import giving_back as rule
from billing.rules.giving_back import Limit, Line
from billing.services import commands
from billing.services.changes import scheduled
from billing.services.refunds import giving_back
from config import clock
from tests import factories
from tests.shop import text

KIND, REASON = AdjustmentKind, AdjustmentReason


# --- Rules ------------------------------------------------------------------------------------------------------------


def test_a_share_goes_back_with_its_discount_and_tax():
    """EUR 100.00 less 10%, plus 19%: 107.10. Of 21.42, each part is a fifth."""
    line = Line("il_1", 10_000, (1_000,), (1_710,))
    assert rule.gross(line, 10_000) == 10_710
    shares, total = rule.shares([line], 2_142)
    assert ([(one.stripe_id, one.amount_minor) for one in shares], total) == ([("il_1", 2_000)], 2_142)


@pytest.mark.parametrize("wanted", [1, 2, 99, 1_234, 5_000, 10_709])
def test_never_more_than_wanted_goes_back_and_hardly_less(wanted):
    lines = [Line("a", 7_000, (), (1_330,)), Line("b", 2_000, (), (380,))]
    shares, total = rule.shares(lines, wanted)
    assert wanted - 2 <= total <= wanted
    by_id = {line.stripe_id: line for line in lines}
    assert sum(rule.gross(by_id[one.stripe_id], one.amount_minor) for one in shares) == total
    assert rule.shares(lines, 10_710)[1] == 10_710


def test_limits_count_in_dollars_and_name_who_may():
    assert rule.us_cents(10_000, "eur", ["gbp 1.40", "eur 1.20"]) == 12_000
    assert rule.us_cents(1_000, "jpy", ["jpy 0.0075"]) == 750
    with pytest.raises(rule.NoRate):
        rule.us_cents(1, "chf", ["eur 1.20"])
    limits = {"finance": Limit(50_000, 90_000), "support": Limit(100, 200), "manager": Limit(20_000, 30_000)}
    assert rule.who_may(limits, 15_000, 10_000) == ["manager", "finance"]
    assert rule.who_may(limits, 15_000, 20_000) == ["finance"]
    assert not rule.allows(limits["support"], 100, 150)


# --- With Stripe ------------------------------------------------------------------------------------------------------


def paid_invoice(shop):
    return Invoice.objects.select_related("organization").get(subscription=shop.kept("bought", lambda: shop.buy(seats=10)))


def wanted(kind=KIND.REFUND, amount_minor=2_000, nonce="once"):
    return giving_back.Wanted(kind=kind, amount_minor=amount_minor, reason=REASON.ORDER_CHANGE, note="T-7", nonce=nonce)


def by(person):
    return Origin(actor=person, source=Source.ADMIN)


def form(page, **said):
    nonce = re.search(r'name="nonce" value="([0-9a-f]+)"', page)[1]
    return {"amount": "20.00", "kind": "refund", "reason": "order_change", "note": "T-7", "nonce": nonce, **said}


def test_a_refund_is_previewed_confirmed_and_told(shop, cast, client):
    """The whole way, by the pages: form, Stripe's figures, one credit note for two clicks, mail, invoice, credit-note page."""
    invoice = paid_invoice(shop)
    client.force_login(cast.staff_member("support"))
    url = reverse("admin:billing_adjustment_refund", args=[invoice.pk])
    assert url in text(client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])))
    data = form(text(client.get(url)))
    shown = text(client.post(url, {**data, "preview": "yes"}))
    assert "Give $20.00 back" in shown
    assert not Adjustment.objects.exists()
    changed = client.post(url, {**data, "shown": "1999"})
    assert (changed.status_code, Adjustment.objects.exists()) == (409, False)
    for _click in range(2):
        done = client.post(url, {**data, "shown": "2000"})
    row = Adjustment.objects.get()
    assert done.headers["Location"] == reverse("admin:billing_adjustment_change", args=[row.pk])
    assert (row.state, row.amount_minor, row.us_cents, row.actor) == ("done", 2_000, 2_000, cast.staff_member("support"))
    shop.settle()
    note, invoice = CreditNote.objects.get(), Invoice.objects.get()
    assert (note.total_minor, note.refunded_minor, note.credited_minor) == (2_000, 2_000, 0)
    assert (invoice.refunded_minor, invoice.credited_minor, invoice.status) == (2_000, 0, "paid")
    assert shop.fresh(invoice.subscription).quantity == 10
    mail = OutgoingMail.objects.get(kind="billing/given_back", recipient=shop.owner.email)
    assert (mail.context["amount_minor"], mail.context["refunded_minor"]) == (2_000, 2_000)
    kinds = Journal.objects.filter(organization=invoice.organization, data__amount_minor=2_000).order_by("id")
    assert [row.kind for row in kinds] == [
        *("billing.adjustment.asked", "billing.adjustment.done", "billing.credit_note.issued"),
    ]
    client.force_login(shop.owner)
    assert "$20.00 came back" in text(client.get(reverse("storefront:invoices")))
    page = text(client.get(reverse("storefront:credit_notes", args=[invoice.stripe_id])))
    assert note.number in page
    assert "$20.00 to your card" in page


def test_an_invoice_goes_back_as_credit_and_no_more_than_was_paid(shop, cast):
    invoice = paid_invoice(shop)
    with pytest.raises(giving_back.TooMuch) as refused:
        giving_back.offer(invoice, kind=KIND.REFUND, amount_minor=invoice.total_minor + 1)
    assert refused.value.left_minor == invoice.amount_paid_minor
    given = wanted(KIND.NOTE, invoice.total_minor)
    origin = by(cast.admin)
    row = giving_back.give_back(invoice, wanted=given, shown_minor=invoice.total_minor, origin=origin, at=clock.now())
    shop.settle()
    assert row.state == "done"
    assert Customer.objects.get().balance_minor == -invoice.total_minor
    invoice.refresh_from_db()
    assert (invoice.credited_minor, invoice.refunded_minor) == (invoice.total_minor, 0)
    with pytest.raises(giving_back.NothingLeft):
        giving_back.offer(invoice, kind=KIND.REFUND, amount_minor=None)


def test_a_lost_connection_gives_back_once(shop, cast):
    invoice = paid_invoice(shop)
    give = {"wanted": wanted(), "shown_minor": 2_000, "origin": by(cast.admin), "at": clock.now()}
    shop.control("POST", "faults", match="POST /v1/credit_notes", kind="drop", times=3)
    row = giving_back.give_back(invoice, **give)
    assert row.state == "sending"
    assert giving_back.give_back(invoice, **give) == row
    commands.execute(row.command.pk)  # as the pulse does
    assert Adjustment.objects.get().state == "done"
    assert len(gateway_refunds.credit_notes(invoice.stripe_id)) == 1


def test_limits_hold_at_once_and_in_a_month(shop, cast, client):
    invoice = paid_invoice(shop)
    support = cast.staff_member("support")
    client.force_login(support)
    url = reverse("admin:billing_adjustment_credit", args=[invoice.organization_id])
    page = client.get(url)
    data = form(text(page), kind="", reason="goodwill")
    refused = text(client.post(url, {**data, "amount": "100.01", "preview": "yes"}))
    assert "up to $100.00 at once" in refused
    assert "They may: Customer success, Managers" in refused
    for nonce in ("a", "b"):
        client.post(url, {**data, "amount": "90", "nonce": nonce, "shown": "9000"})
    refused = client.post(url, {**data, "amount": "90", "nonce": "c", "shown": "9000"})
    assert (refused.status_code, Adjustment.objects.filter(state="done").count()) == (422, 2)
    assert "$20.00 more to this customer" in text(refused)
    shop.settle()
    assert Customer.objects.get().balance_minor == -18_000
    assert OutgoingMail.objects.filter(kind="billing/credited", recipient=shop.owner.email).count() == 2
    assert len(gateway_refunds.balance_transactions(invoice.organization.customer.stripe_id)) == 2


def test_what_is_given_back_in_the_dashboard_is_seen_too(shop):
    invoice = paid_invoice(shop)
    found = gateway.invoice(invoice.stripe_id)
    intent = found.payments.data[0].payment.payment_intent
    gateway.refund({"payment_intent": intent, "amount": 500}, key="by-hand")
    shop.settle()
    invoice.refresh_from_db()
    assert (invoice.refunded_minor, Adjustment.objects.count()) == (500, 0)


@pytest.mark.parametrize(("group", "may"), [("finance", True), ("rep", False), ("marketing", False)])
def test_who_may_give(cast, client, group, may):
    client.force_login(cast.staff_member(group))
    answer = client.get(reverse("admin:billing_adjustment_credit", args=[cast.acme.pk]))
    assert answer.status_code == (302 if may else 403)  # acme has bought nothing
    assert not StripeCommand.objects.exists()


def test_a_refund_is_split_between_card_and_credit(shop, cast, client):
    invoice = paid_invoice(shop)
    client.force_login(cast.staff_member("support"))
    url = reverse("admin:billing_adjustment_refund", args=[invoice.pk])
    data = form(text(client.get(url)), as_credit="5.00")
    assert "what paid it gets the rest" in text(client.post(url, {**data, "as_credit": "20.00", "preview": "yes"}))
    shown = text(client.post(url, {**data, "preview": "yes"}))
    assert ("$15.00" in shown, "$5.00" in shown) == (True, True)
    done = text(client.post(url, {**data, "shown": "2000"}, follow=True))
    assert "$15.00 to what paid it, $5.00 as credit" in done
    shop.settle()
    note, invoice = CreditNote.objects.get(), Invoice.objects.get()
    assert (note.total_minor, note.refunded_minor, note.credited_minor, note.lowered_minor) == (2_000, 1_500, 500, 0)
    assert (invoice.refunded_minor, invoice.credited_minor) == (1_500, 500)
    assert Customer.objects.get().balance_minor == -500


def test_an_open_invoice_is_lowered(shop, cast, client):
    row = shop.buy(seats=10)
    shop.control("POST", "next_payment", outcome="declined", customer=row.organization.customer.stripe_id)
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    invoice = Invoice.objects.get(status="open")
    left = invoice.amount_remaining_minor
    client.force_login(cast.staff_member("support"))
    url = reverse("admin:billing_adjustment_refund", args=[invoice.pk])
    assert "Lower it" in text(client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])))
    data = form(text(client.get(url)))
    assert "Take $20.00 off" in text(client.post(url, {**data, "preview": "yes"}))
    client.post(url, {**data, "shown": "2000"})
    shop.settle()
    note = CreditNote.objects.get()
    invoice.refresh_from_db()
    assert (note.lowered_minor, note.refunded_minor, note.credited_minor) == (2_000, 0, 0)
    assert (invoice.status, invoice.amount_remaining_minor) == ("open", left - 2_000)
    mail = OutgoingMail.objects.get(kind="billing/given_back", recipient=shop.owner.email)
    assert mail.context["lowered_minor"] == 2_000
    client.force_login(shop.owner)
    assert "$20.00 less to pay" in text(client.get(reverse("storefront:credit_notes", args=[invoice.stripe_id])))


def test_all_lines_of_a_long_invoice_are_read(monkeypatch):
    pages = {"": ["a", "b"], "b": ["c"]}

    def page(_invoice, params):
        rows = [SimpleNamespace(id=name) for name in pages[params.get("starting_after", "")]]
        return SimpleNamespace(data=rows, has_more=rows[-1].id == "b")

    monkeypatch.setattr(gateway_refunds, "_invoice_lines", page)
    assert [line.id for line in gateway_refunds.invoice_lines("in_1")] == ["a", "b", "c"]


# --- A second person, and time ----------------------------------------------------------------------------------------


@pytest.fixture
def asked(shop, cast, client):
    """What support may not give alone, asked for by the page."""
    invoice = paid_invoice(shop)
    _staff = [cast.admin, *(cast.staff_member(group) for group in ("manager", "rep", "support"))]
    client.force_login(cast.staff_member("support"))
    url = reverse("admin:billing_adjustment_refund", args=[invoice.pk])
    data = form(text(client.get(url)), amount="150.00")
    shown = text(client.post(url, {**data, "preview": "yes"}))
    assert "Ask for approval of $150.00" in shown
    assert "They may: Customer success, Managers" in shown
    assert client.post(url, {**data, "shown": "15000"}).status_code == 422, "not without asking"
    for _click in range(2):
        client.post(url, {**data, "shown": "15000", "asks": "True"})
    return Adjustment.objects.get()


def decide(client, row, verb, **said):
    return client.post(reverse(f"admin:billing_adjustment_{verb}", args=[row.pk]), {"note": "Fine.", **said}, follow=True)


def _told(kind):
    return list(OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk"))


def test_who_may_approve_it_is_asked_by_mail_once_and_whoever_wanted_it_told(cast, client, asked):
    mails = _told("approval_asked")
    assert {mail.user for mail in mails} == {cast.staff_member("manager"), cast.admin}  # within whose limit it is
    assert len(mails) == 2, "two clicks asked"
    assert reverse("admin:billing_adjustment_change", args=[asked.pk]) in rendering.message(mails[0]).body
    client.force_login(cast.staff_member("manager"))
    decide(client, asked, "decline", note="Ask them first.")
    (answer,) = _told("approval_decided")
    assert (answer.user, answer.organization) == (asked.actor, None)
    assert "declined what you asked for" in rendering.message(answer).body
    assert "Ask them first." in rendering.message(answer).body


def test_beyond_ones_limit_a_second_person_gives_it(shop, cast, client, asked):
    """Asked, waiting with nothing given or counted, refused to the first person and to small bands, given by a manager."""
    assert (asked.state, asked.actor, asked.command) == ("asked", cast.staff_member("support"), None)
    assert queries.given(asked.organization, clock.now()) == 0
    assert decide(client, asked, "approve").status_code == 409
    page = text(client.get(reverse("admin:billing_adjustment_change", args=[asked.pk])))
    assert (f"/{asked.pk}/withdraw/" in page, f"/{asked.pk}/approve/" in page) == (True, False)
    factories.rule("billing.give_back_csm_minor", 14_999)
    client.force_login(cast.staff_member("csm"))
    assert "up to $149.99 at once" in text(decide(client, asked, "approve"))
    client.force_login(cast.staff_member("manager"))
    assert "Asked for by" in text(client.get(reverse("admin:billing_adjustment_approve", args=[asked.pk])))
    assert "$150.00 given back" in text(decide(client, asked, "approve"))
    shop.settle()
    asked.refresh_from_db()
    assert (asked.state, asked.approver, asked.decision_note) == ("done", cast.staff_member("manager"), "Fine.")
    assert (CreditNote.objects.get().refunded_minor, queries.given(asked.organization, clock.now())) == (15_000, 15_000)
    late = decide(client, asked, "approve")
    assert (late.status_code, "<textarea" in text(late)) == (409, False)
    assert "approved what you asked for" in rendering.message(_told("approval_decided")[0]).body
    kinds = Journal.objects.filter(kind__startswith="billing.adjustment").order_by("id").values_list("kind", "actor__email")
    assert [(kind.rpartition(".")[2], email) for kind, email in kinds] == [
        ("proposed", asked.actor.email),
        ("approved", asked.approver.email),
        ("done", asked.approver.email),
    ]


def test_what_has_changed_meanwhile_is_asked_anew(shop, cast, client, asked):
    giving_back.give_back(
        asked.invoice, wanted=wanted(amount_minor=2_000), shown_minor=2_000, origin=by(cast.admin), at=clock.now()
    )
    shop.settle()
    client.force_login(cast.staff_member("manager"))
    refused = decide(client, asked, "approve")
    assert (refused.status_code, "At most $140.00 can go back" in text(refused)) == (409, True)
    assert "Nothing is given" in text(decide(client, asked, "decline"))
    asked.refresh_from_db()
    assert (asked.state, asked.approver, CreditNote.objects.count()) == ("declined", cast.staff_member("manager"), 1)


def test_whoever_asked_takes_it_back(cast, client, asked):
    client.force_login(cast.staff_member("manager"))
    assert decide(client, asked, "withdraw").status_code == 409
    client.force_login(asked.actor)
    assert "Nothing is given" in text(decide(client, asked, "withdraw"))
    assert (Adjustment.objects.get().state, CreditNote.objects.exists()) == ("withdrawn", False)


@pytest.mark.parametrize(
    ("span", "charge", "interval", "worth"),
    [
        (rule.Span(2, rule.Unit.MONTHS), 16_000, "month", 32_000),
        (rule.Span(1, rule.Unit.MONTHS), 160_001, "year", 13_334),
        (rule.Span(10, rule.Unit.DAYS), 16_000, "month", 5_162),
    ],
)
def test_what_time_is_worth(span, charge, interval, worth):
    assert rule.worth(span, [rule.Period(charge, interval, days=31)]) == worth


def test_each_period_counts_by_itself_and_all_are_rounded_once():
    year, month = rule.Period(1_001, "year", days=365), rule.Period(1_901, "month", days=31)
    assert rule.worth(rule.Span(1, rule.Unit.MONTHS), [year, month]) == 1_985  # 83.42 and 1,901
    assert rule.worth(rule.Span(10, rule.Unit.DAYS), [year, month]) == 641  # 27.42 and 613.23


def test_a_month_is_given_and_the_next_charge_is_nothing(shop, cast, client):
    """By the page: what it is worth is shown and credited, told in its own words, and the renewal takes it."""
    invoice = paid_invoice(shop)
    row = invoice.subscription
    client.force_login(cast.staff_member("csm"))
    url = reverse("admin:billing_adjustment_time", args=[row.pk])
    assert url in text(client.get(reverse("admin:billing_subscription_change", args=[row.pk])))
    data = {**form(text(client.get(url)), reason="goodwill"), "count": "1", "unit": "months"}
    assert client.post(url, {**data, "count": "13", "preview": "yes"}).status_code == 422
    shown = text(client.post(url, {**data, "preview": "yes"}))
    assert "Give time worth $160.00" in shown
    done = text(client.post(url, {**data, "shown": "16000"}, follow=True))
    assert "Complimentary time: 1 month" in done
    shop.settle()
    assert Customer.objects.get().balance_minor == -16_000
    mail = OutgoingMail.objects.get(kind="billing/credited", recipient=shop.owner.email)
    assert rendering.message(mail).subject == "One month of Team is on us"
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    renewal = Invoice.objects.exclude(pk=invoice.pk).get()
    assert (renewal.total_minor, renewal.amount_paid_minor, renewal.status) == (16_000, 0, "paid")


def test_time_is_worth_nothing_where_nothing_more_is_charged(shop, cast, client):
    row = paid_invoice(shop).subscription
    scheduled.end(row, reason_code="other", reason="", origin=by(shop.owner), at=clock.now())
    shop.settle()
    client.force_login(cast.staff_member("csm"))
    url = reverse("admin:billing_adjustment_time", args=[row.pk])
    data = {**form(text(client.get(url)), reason="goodwill"), "count": "1", "unit": "months", "preview": "yes"}
    refused = client.post(url, data)
    assert (refused.status_code, "Nothing will be charged" in text(refused)) == (422, True)
