"""A charge that its holder disputes: the case, what waits meanwhile, the evidence, and how it ends."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Journal, OutgoingMail, Policy
from accounts.queries import policies
from billing import gateway
from billing.models import Dispute, Invoice
from billing.queries import disputes as queries
from billing.queries import entitlements
from billing.rules import disputes as rules
from billing.services import commands
from billing.services.recovery import dispute_answers
from config import clock
from tests.shop import text

DISPUTES = "4000000000000259"


@pytest.fixture
def disputed(shop, cast):
    """Acme bought ten seats with the card that disputes each charge."""
    return shop.kept("disputed", lambda: shop.buy(seats=10, card=DISPUTES))


def case():
    return Dispute.objects.select_related("organization", "invoice", "subscription").get()


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk")


def submit(shop, words):
    evidence = rules.compose(queries.known(case())) | {"uncategorized_text": words}
    command = dispute_answers.answer(case(), evidence=evidence, origin=shop.origin, at=clock.now())
    shop.settle()
    return command


def test_the_case_is_there_with_its_deadline_and_nothing_is_cut_off(disputed, cast):
    held = case()
    assert (held.status, held.reason, held.amount_minor) == ("needs_response", "fraudulent", 16_000)
    assert (held.subscription, held.invoice.status) == (disputed, "paid")
    assert held.due_at - held.opened_at == timedelta(days=14)
    assert entitlements.check(cast.acme, feature="storage_gb", now=clock.now()).entitled
    assert Journal.objects.filter(kind="billing.dispute.opened", data__subscription=disputed.pk).count() == 1
    assert [mail.recipient for mail in mails("dispute_opened")] == [cast.owner.email, cast.billing_admin.email]
    evidence = rules.compose(queries.known(held))
    assert "for 10 people" in evidence["product_description"]


@pytest.mark.parametrize(("status", "back"), [("won", 0), ("lost", 16_000)])
def test_evidence_is_sent_once_and_the_outcome_is_booked(disputed, shop, status, back):
    words = {"won": "winning_evidence", "lost": "losing_evidence"}[status]
    assert submit(shop, words).state == "done"
    held = case()
    assert (held.status, held.answered_by, held.closed_at is not None) == (status, shop.owner, True)
    assert Invoice.objects.get(pk=held.invoice_id).charged_back_minor == back
    assert Journal.objects.filter(kind=f"billing.dispute.{status}", data__dispute=held.pk).count() == 1
    assert mails("dispute_closed").first().context["is_lost"] is (status == "lost")
    with pytest.raises(dispute_answers.TooLate):
        submit(shop, "more")


def test_nobody_answered_in_time(disputed, shop):
    shop.advance_to(case().due_at + timedelta(hours=1))
    assert case().status == "lost"
    with pytest.raises(dispute_answers.TooLate):
        dispute_answers.accept(case(), origin=shop.origin, at=clock.now())


def test_giving_in_and_a_second_click(disputed, shop):
    with pytest.raises(dispute_answers.NoEvidence):
        dispute_answers.answer(case(), evidence={"uncategorized_text": " "}, origin=shop.origin, at=clock.now())
    shop.control("POST", "faults", match="POST /v1/disputes/*", kind="drop", times=9)
    assert dispute_answers.accept(case(), origin=shop.origin, at=clock.now()).state == "open"
    with pytest.raises(commands.Busy):
        dispute_answers.accept(case(), origin=shop.origin, at=clock.now())


def test_by_policy_it_can_only_be_read_until_it_is_decided(shop, cast):
    at = clock.now() - timedelta(days=1)
    Policy.objects.create(name="billing.dispute_read_only", value=True, effective_at=at, reason="To be sure", created_at=at)
    policies.forget()
    row = shop.buy(seats=10, card=DISPUTES)
    assert (shop.fresh(row).access, case().access) == ("read_only", "read_only")
    assert entitlements.check(cast.acme, feature="storage_gb", now=clock.now()).reason == "read_only"
    submit(shop, "winning_evidence")
    assert shop.fresh(row).access == "full"


def test_what_is_open_is_not_tried_while_the_bank_decides(disputed, shop):
    shop.control("POST", "settings", after_retries="past_due")
    submit(shop, "See the invoice")  # under review: no deadline runs out any more
    shop.control("POST", "next_payment", outcome="declined")
    shop.advance_to(disputed.period_ends_at + timedelta(hours=2))
    invoice = Invoice.objects.get(billing_reason="subscription_cycle")
    shop.settle()
    assert gateway.invoice(invoice.stripe_id).next_payment_attempt is None
    assert case().held == [invoice.stripe_id]
    shop.control("POST", "disputes", dispute=case().stripe_id, won=True)
    shop.settle()
    assert gateway.invoice(invoice.stripe_id).next_payment_attempt is not None


def test_staff_answer_with_what_is_known_and_marketing_does_not(disputed, shop, client, cast):
    page = reverse("admin:billing_dispute_answer", args=[case().pk])
    client.force_login(cast.staff_member("rep"))
    assert client.get(page).status_code == 403
    client.force_login(cast.staff_member("finance"))
    assert "an online subscription for 10 people" in text(client.get(page))
    assert "Answer" in text(client.get(reverse("admin:billing_dispute_change", args=[case().pk])))
    assert client.post(page, {"uncategorized_text": " "}).status_code == 422
    assert client.post(page, {"uncategorized_text": "losing_evidence"}).status_code == 302
    shop.settle()
    assert (case().status, case().answered_by) == ("lost", cast.staff["finance"])
    assert "or its day has passed" in text(client.post(page, {"preview": "yes"}))


def test_the_customer_reads_of_it_beside_the_invoice(disputed, shop, client, cast):
    client.force_login(cast.owner)
    assert "$160.00 is disputed at your bank" in text(client.get("/invoices/"))
    submit(shop, "losing_evidence")
    page = text(client.get("/invoices/"))
    assert "is disputed at your bank" not in page
    assert "Taken back by your bank: $160.00" in page
