"""Deals: built from the catalog, allowed by bands, sent as a quote, accepted once; then the customer goes on alone."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Invitation, Journal, OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import rendering
from billing import gateway
from billing.models import ExceptionEntry, Plan, Quote, QuoteDecision, QuoteState, Subscription, Terms, TermsState
from billing.queries import carts as cart_queries
from billing.queries import terms as terms_queries
from billing.services.agreeing import terms_sweep
from billing.services.books import quote_rows
from billing.services.changes import seats
from billing.services.quoting import acceptances, agreed_offers, quotes
from billing.services.tax import tax_details
from config import clock, words
from offramps.models import Deal, DealVersion, Lead, VersionState
from offramps.services import cases, deal_approvals, deal_questions, deal_sweep, deals
from tests import factories
from tests.billing.on_terms import ADDRESS
from tests.offramps import dealing
from tests.offramps.dealing import by, kept
from tests.shop import text

ON_SALE = pytest.mark.usefixtures("on_sale")


@pytest.fixture
def ann(floor, cast):
    """A rep with a case of acme's."""
    made = floor.rep("Ann")
    made.user.groups.set([])
    return made


@pytest.fixture
def lead(ann, cast):
    return cases.open_for(cast.acme, lead=None, rep=ann, contact={}, at=clock.now(), origin=by(ann.user))


def hear():
    """What the lane reads once rows are committed, which a test's are not."""
    deal_sweep.hear(list(Journal.objects.order_by("pk")))


def list_price(organization, plan, count):
    """What so many seats cost a year by the price list: the row, and what a cart of them costs."""
    wanted = agreed_offers.Wanted(plan=plan, seats=count, interval="year", currency="usd", addons={})
    priced = cart_queries.price(agreed_offers.cart_of(organization, wanted, at=clock.now()), clock.now())
    return priced.price.pk, priced.total_minor


def assert_the_price_list_counts_again(shop, row):
    """After the term every price is a catalog's: what renews costs what anybody pays for so many seats."""
    ends_at = row.period_ends_at
    discount = Terms.objects.get(organization=row.organization, kind="discount")
    shop.advance_to(discount.ends_at - timedelta(minutes=30))
    terms_sweep.sweep_all(clock.now())
    shop.advance_to(ends_at + timedelta(hours=2))
    terms_sweep.sweep_all(clock.now())
    row = shop.fresh(row)
    assert row.period_starts_at == ends_at
    renewed = gateway.invoice(row.latest_invoice_id)
    assert (row.price_id, renewed.total) == list_price(row.organization, row.plan, 50)
    assert set(Terms.objects.filter(organization=row.organization).values_list("state", flat=True)) == {TermsState.ENDED}


def test_it_is_accepted_by_its_link_and_the_customer_goes_on_alone_until_the_price_list_counts_again(
    shop, ann, lead, cast, client
):
    factories.rule("billing.exception_least_deals", 5)
    manager = cast.staff_member("manager")
    asked = {"discount_bps": 1_000, "net_days": 45, "reason": "A reference.", "purchase_order": "PO-77"}
    version = dealing.sent(kept(lead, ann, **asked), manager)
    quote, cart = version.quote, version.quote.cart
    assert (quote.state, quote.rep, quote.approver_email) == (QuoteState.OPEN, ann.user, "cfo@acme.example")
    listed = cart_queries.price(cart, clock.now())
    assert quote.document["net_minor"] == listed.total_minor - listed.total_minor // 10
    assert {row.kind: row.state for row in quote.offers.all()} == dict.fromkeys(
        ("term", "price_hold", "discount", "payment_terms", "credit_limit"), TermsState.OFFERED
    )
    assert terms_queries.payment_days(cast.acme.pk, clock.now()) is None, "nothing holds before it is accepted"
    tax_details.save(cast.acme, ADDRESS, origin=shop.origin, at=clock.now())

    path = "/" + quote_rows.link(quote).split("/", 3)[3]
    page = text(client.get(path))
    for said in ("10% off for 12 months", "40 seats of Team are committed", "45 days to pay an invoice", "PO-77", "Ann"):
        assert said in page, said
    form = {"name": "Carla CFO", "email": "cfo@acme.example", "accept": "yes", "way": "invoice", "due": quote.due_minor}
    refused = client.post(path, form)
    assert refused.status_code == 422
    assert not QuoteDecision.objects.exists(), "a deal asks for position and authority"
    client.post(path, form | {"title": "CFO", "authority": "Sole signatory"}, REMOTE_ADDR="203.0.113.9")
    decision = QuoteDecision.objects.get()
    assert (decision.title, decision.authority, decision.address) == ("CFO", "Sole signatory", "203.0.113.9")
    quote.refresh_from_db()
    assert decision.sha256 == acceptances.fingerprint(quote)
    shop.settle()
    hear()
    row = Subscription.objects.get(organization=cast.acme)
    assert (row.quantity, row.days_until_due, row.is_invoiced) == (40, 45, True)
    version.refresh_from_db()
    assert (version.state, ExceptionEntry.objects.get().kinds) == (VersionState.ACCEPTED, ["discount", "payment_terms"])
    assert OutgoingMail.objects.filter(kind="offramps/deal_over", user=ann.user).count() == 1
    assert set(quote.offers.values_list("state", flat=True)) == {TermsState.APPROVED}

    # The minute after, every rep offline: more seats at the deal's price.
    now = clock.now()
    offered = seats.offer(shop.fresh(row), seats=50, at=now)
    more = list_price(cast.acme, row.plan, 50)[1] - list_price(cast.acme, row.plan, 40)[1]
    assert 0 <= more * 9 // 10 - offered.preview.due_now_minor < 5, "but for the seconds since"
    seats.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=now)
    shop.settle()
    row = shop.fresh(row)
    assert row.quantity == 50
    assert terms_queries.committed(row).seats == 40

    assert_the_price_list_counts_again(shop, shop.fresh(row))


@ON_SALE
def test_who_allows_it_goes_by_bands_and_nobody_decides_on_their_own(ann, lead, cast):
    factories.rule("billing.exception_least_deals", 9)
    manager, finance = cast.staff_member("manager"), cast.staff_member("finance")
    at = clock.now()

    standard = kept(lead, ann)
    assert (standard.findings, deal_approvals.propose(standard, at=at, origin=by(ann.user)).state) == (
        [],
        VersionState.APPROVED,
    )
    assert not ExceptionEntry.objects.exists(), "what is the catalog's counts against nothing"
    with pytest.raises(ValidationError) as refused:
        kept(lead, ann, "n2", standard.deal, discount_bps=500)
    assert set(refused.value.message_dict) == {"reason"}

    alone = kept(lead, ann, "n2", standard.deal, discount_bps=500, reason="A reference.")
    standard.refresh_from_db()
    assert standard.state == VersionState.REPLACED, "an edited approved one needs approval again"
    with pytest.raises(deals.NotNow):
        deals.send(standard, at=at, origin=by(ann.user))
    with pytest.raises(deals.NotNow):
        deals.send(alone, at=at, origin=by(ann.user))
    assert deal_approvals.propose(alone, at=at, origin=by(ann.user)).state == VersionState.APPROVED
    assert ExceptionEntry.objects.get(freed_at=None).us_cents == alone.us_cents

    asked = kept(lead, ann, "n3", standard.deal, discount_bps=1_400, term_months=36, reason="Three years.")
    assert not ExceptionEntry.objects.filter(freed_at=None).exists()
    assert [one["groups"][0] for one in asked.findings] == ["manager", "finance"]
    assert deal_approvals.propose(asked, at=at, origin=by(ann.user)).state == VersionState.PROPOSED
    assert OutgoingMail.objects.get(kind="offramps/deal_asked").user == finance
    ann.user.groups.add(*finance.groups.all())
    for person in (ann.user, manager):
        with pytest.raises(deal_approvals.NotYours) as beyond:
            deal_approvals.approve(asked, note="", at=at, origin=by(person))
        assert beyond.value.groups == ("finance", "revenue_operations")
    with pytest.raises(ValidationError):
        deal_approvals.decline(asked, note=" ", at=at, origin=by(finance))
    deal_approvals.decline(asked, note="Two years are enough.", at=at, origin=by(finance))
    assert OutgoingMail.objects.get(kind="offramps/deal_decided").context["note"] == "Two years are enough."


@ON_SALE
def test_an_approval_is_given_once_and_runs_out(ann, lead, cast):
    manager, finance, at = cast.staff_member("manager"), cast.staff_member("finance"), clock.now()
    again = kept(lead, ann, "n4", discount_bps=1_400, term_months=24, reason="Two years.")
    deal_approvals.propose(again, at=at, origin=by(ann.user))
    deal_approvals.approve(again, note="", at=at, origin=by(manager))
    with pytest.raises(deals.NotNow):
        deal_approvals.approve(again, note="", at=at, origin=by(finance))
    kinds = Journal.objects.filter(kind__startswith="offramps.deal.").order_by("id").values_list("kind", flat=True)
    assert [kind.rpartition(".")[2] for kind in kinds] == ["versioned", "proposed", "approved"]

    assert deal_sweep.expire(at + timedelta(days=13)) == 0
    assert deal_sweep.expire(at + timedelta(days=15)) == 1
    again.refresh_from_db()
    assert again.state == VersionState.EXPIRED
    assert not ExceptionEntry.objects.filter(freed_at=None).exists(), "what came to nothing is given back"


@ON_SALE
def test_the_exception_that_would_pass_the_ceiling_is_refused_with_who_can_raise_it(ann, lead, cast, client):
    factories.rule("billing.exception_least_deals", 0)
    cast.staff_member("revenue_operations")
    version = kept(lead, ann, discount_bps=400, reason="A reference.")
    client.force_login(ann.user)
    act = reverse("offramps:deal_act", args=[version.deal.public_id])
    page = text(client.post(act, {"verb": "propose", "version": 1}, follow=True))
    assert "one more would pass it. Who can raise it: Revenue Operations." in page
    version.refresh_from_db()
    assert version.state == VersionState.DRAFT


@ON_SALE
def test_a_new_version_takes_the_place_of_the_one_that_was_sent(ann, lead, client):
    first = dealing.sent(kept(lead, ann))
    path = "/" + quote_rows.link(first.quote).split("/", 3)[3]
    second = kept(lead, ann, "n2", first.deal, seats=60)
    first.refresh_from_db()
    assert first.state == VersionState.SENT, "until the next one is sent"
    deal_approvals.propose(second, at=clock.now(), origin=by(ann.user))
    second = deals.send(second, at=clock.now(), origin=by(ann.user))
    assert [one.state for one in DealVersion.objects.order_by("number")] == [VersionState.REPLACED, VersionState.SENT]
    assert Quote.objects.get(pk=first.quote_id).state == QuoteState.WITHDRAWN
    form = {
        "name": "C",
        "title": "CFO",
        "authority": "x",
        "email": "c@acme.example",
        "accept": "yes",
        "due": first.quote.due_minor,
    }
    client.post(path, form)
    assert not QuoteDecision.objects.exists(), "replayed after its end, it accepts nothing"
    assert client.get(path[:-3] + "xx/").status_code == 404
    path = "/" + quote_rows.link(second.quote).split("/", 3)[3]
    client.force_login(ann.user)
    refused = text(client.post(path, form | {"due": second.quote.due_minor}))
    assert "It is the customer's to accept" in refused
    assert not QuoteDecision.objects.exists()
    asked = client.post(path, {"way": "ask", "name": "Carla", "question": "Which DPA?"})
    assert asked.status_code == 303
    assert "Carla asks about quote" in lead.notes.get().text
    assert OutgoingMail.objects.get(kind="offramps/deal_question").user == ann.user
    deals.withdraw(second.deal, at=clock.now(), origin=by(ann.user))
    assert Quote.objects.get(pk=second.quote_id).state == QuoteState.WITHDRAWN
    assert set(Terms.objects.values_list("state", flat=True)) == {TermsState.WITHDRAWN}


@ON_SALE
def test_a_rep_builds_it_at_the_desk_and_finance_decides_there(ann, lead, floor, cast, client):
    factories.rule("billing.exception_least_deals", 5)
    client.force_login(ann.user)
    build = reverse("offramps:deal_build", args=[lead.public_id])
    assert "A new deal" in text(client.get(build))
    form = {"nonce": "form", "plan": "fieldnote/team", "seats": "40", "interval": "year", "term_months": "12"}
    form |= {"approver_email": "cfo@acme.example", "purchase_order": "PO-1"}
    part = text(client.post(build, form, headers={"HX-Request": "true"}))
    _price, listed = list_price(cast.acme, Plan.objects.get(code="team"), 40)
    assert words.money(listed, "usd") in part
    assert "Not the catalog's" not in part, "silent when fine"
    more = form | {"discount": "20", "term_months": "24", "ceiling": "300", "wording": "Data stays in the EU."}
    part = text(client.post(build, more, headers={"HX-Request": "true"}))
    for said in (
        "20% off",
        "A term of 24 months",
        "Up to 300 seats to buy here",
        "A clause of its own",
        "finance decides",
        "0% of at most 5%",
    ):
        assert said in part, said
    assert client.post(build, more | {"action": "save"}).status_code == 422, "no reason"
    done = client.post(build, more | {"action": "save", "reason": "A reference."})
    deal = Deal.objects.get()
    assert done["Location"] == reverse("offramps:deal", args=[deal.public_id])
    act = reverse("offramps:deal_act", args=[deal.public_id])
    assert "Asked:" in text(client.post(act, {"verb": "propose", "version": "1"}, follow=True))
    client.post(act.replace("acts", "decision"), {"verb": "approve", "version": "1"})
    assert client.get(reverse("offramps:approvals")).status_code == 404

    stranger = floor.rep("Ben", pool="Asia")
    client.force_login(stranger.user)
    for url in (build, reverse("offramps:deal", args=[deal.public_id])):
        assert client.get(url).status_code == 404
    assert client.post(act, {"verb": "withdraw"}).status_code == 404
    assert deal.versions.get().state == VersionState.PROPOSED

    client.force_login(cast.staff_member("finance"))
    assert "yours to decide" in text(client.get(reverse("offramps:approvals")))
    decided = client.post(act.replace("acts", "decision"), {"verb": "approve", "version": "1", "note": "Go."}, follow=True)
    assert "Decided." in text(decided)
    assert (deal.versions.get().state, deal.versions.get().decision_note) == (VersionState.APPROVED, "Go.")
    assert "A reference." in text(client.get(reverse("offramps:budgets")))


@pytest.mark.parametrize("locale", ["en", "de"])
@ON_SALE
def test_its_mails_are_whole_in_both_languages(ann, lead, cast, locale):
    factories.rule("billing.exception_least_deals", 9)
    manager = cast.staff_member("manager")
    version = dealing.sent(kept(lead, ann, discount_bps=1_200, reason="A reference."), manager)
    deal_questions.ask(version.quote, name="Carla", text="Which DPA?", at=clock.now())
    quotes.withdraw(version.quote, origin=by(cast.owner), at=clock.now())
    hear()
    mails = OutgoingMail.objects.filter(kind__startswith="offramps/deal_")
    assert {mail.kind.partition("_")[2] for mail in mails} == {"asked", "decided", "sent", "question", "over"}
    for mail in mails:
        mail.locale = locale
        message = rendering.message(mail)
        for said in (message.subject, message.body, message.alternatives[0].content):
            assert not {mark for mark in ("{{", "{%", "None") if mark in said}, mail.kind


def test_for_a_company_that_is_none_yet_whoever_it_was_sent_to_is_invited_to_own_it(shop, ann, client):
    client.force_login(ann.user)
    new = {"name": "Initech", "country": "US", "employee_bracket": "100-499", "contact_email": "peter@initech.example"}
    answer = client.post(reverse("offramps:deal_customers"), new)
    lead = Lead.objects.get(contact_email="peter@initech.example")
    assert answer["Location"] == reverse("offramps:deal_build", args=[lead.public_id])
    version = dealing.sent(kept(lead, ann, approver_email="peter@initech.example"))
    offered = acceptances.offer(version.quote, at=clock.now())
    approver = acceptances.Approver(name="Peter", email="peter@initech.example", title="Boss", authority="Owner")
    at = {"origin": Origin(source=Source.PAGE), "at": clock.now()}
    attempt = acceptances.accept(version.quote, approver=approver, due_minor=offered.due_minor, token="", **at).attempt
    shop.pay(attempt)
    shop.settle()
    hear()
    assert Subscription.objects.get().organization == lead.organization
    assert Invitation.objects.get().email == "peter@initech.example"
    assert lead.organization.customer.stripe_id
