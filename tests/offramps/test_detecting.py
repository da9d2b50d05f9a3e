"""Rules that notice: carts, declined payments, abandoned carts, visits; one lead a topic, explained, and nothing twice."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse

from accounts.models import Journal, OutgoingMail, Role
from accounts.origin import Origin, Source
from accounts.services import journal, rendering
from billing.models import Cart, Invoice
from billing.services.selling import carts
from config import clock, pulse
from offramps.models import Countdown, Lead, LeadTrigger, Sweep, TriggerRule, TriggerRuleVersion
from offramps.queries import backtests
from offramps.rules import detecting as detecting_rules
from offramps.services import detecting, owning, trigger_rules
from telemetry.models import PageKind, Visit
from tests.shop import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_sale")]
PAGE = Origin(source=Source.PAGE)
SYSTEM = Origin.system()


def one(fact, op, value, **more):
    return {"fact": fact, "op": op, "value": value, **more}


def rule(name, *conditions, topic="purchase"):
    made = trigger_rules.make(name=name, topic=topic, conditions={"all": list(conditions)}, at=clock.now(), origin=SYSTEM)
    trigger_rules.go_live(made, at=clock.now(), origin=SYSTEM)
    return made


def filled(cast, seats, at=None, **options):
    wanted = carts.Wanted(plan="fieldnote/team", seats=seats, interval="year", currency="usd")
    given = {"at": at or clock.now(), "origin": Origin(actor=cast.owner, source=Source.PAGE), "organization": cast.acme}
    return carts.start(wanted=wanted, **given | options)


def more(cart, seats):
    wanted = carts.Wanted(plan="fieldnote/team", seats=seats, interval="year", currency="usd")
    return carts.change(cart=cart, wanted=wanted, at=clock.now(), origin=PAGE)


def again():
    """Another turn of the lane, for which a sweep is due. A test's own transaction is not over: its news are handed over."""
    Sweep.objects.all().delete()
    detecting.judge(list(Journal.objects.order_by("id")), clock.now())
    return pulse.drain_all(only={"detecting": detecting.drain})


def test_a_large_cart_opens_a_lead_once_explained_to_who_is_here_and_holds_nothing_up(floor, cast, client):
    ann = floor.rep("Ann", hours=(0, 24))
    floor.rep("Bob", is_here=False)
    rule("Sixty seats", one("cart_seats", "at_least", 60), one("is_competitor", "is", False))
    small = filled(cast, 20)
    again()
    assert not Lead.objects.exists()
    cart = more(small, 70)
    again()
    lead = Lead.objects.get()
    assert (lead.organization, lead.topic, lead.cart, lead.rep, lead.pool.name) == (cast.acme, "purchase", cart, None, "Europe")
    assert (lead.contact_email, lead.basket["seats"], lead.priority) == (cast.owner.email, 70, 1)
    assert not Countdown.objects.exists(), "nobody clicked: no seconds run"
    assert Cart.objects.get(pk=cart.pk).state == "open"
    mail = OutgoingMail.objects.get(kind="offramps/lead_detected")
    assert mail.recipient == ann.user.email
    for locale, said in (("en", "Worth a call: Acme"), ("de", "Acme")):
        mail.locale = locale
        message = rendering.message(mail)
        assert said in message.subject
        assert "70 (at least 60)" in message.body
        assert f"/desk/cases/{lead.public_id}/" in message.body
    more(cart, 80)
    again()
    assert LeadTrigger.objects.count() == 1, "the same cart is counted once"
    client.force_login(ann.user)
    assert "Acme" in text(client.get("/desk/"))
    page = text(client.get(f"/desk/cases/{lead.public_id}/"))
    assert "Rule Sixty seats, version 1: Seats in the cart: 70 (at least 60); A competitor: no" in page
    taking = reverse("offramps:case_taking", args=[lead.public_id])
    assert "Take it" in page
    assert "Take it" not in text(client.post(taking, follow=True))
    assert "Somebody has it" in text(client.post(taking, follow=True))
    lead.refresh_from_db()
    assert lead.rep == ann


def test_triggers_of_one_topic_join_and_raise_its_priority_and_the_owner_has_it(floor, cast, django_assert_max_num_queries):
    ann = floor.rep("Ann", is_here=False)
    owning.set_owner(cast.acme, kind="rep", rep=ann, pool=None, style="farmer", reason="hers", at=clock.now(), origin=SYSTEM)
    rule("Large year", one("cart_year_minor", "at_least", 500_000))
    rule("Large declined", one("declined_minor", "at_least", 200_000))
    rule("Others' topic", one("declined_minor", "at_least", 200_000), topic="payment")
    filled(cast, 80)
    price = {"organization": cast.acme, "status": "open", "currency": "eur", "subtotal_minor": 0, "total_minor": 250_000}
    paid = {"amount_paid_minor": 0, "amount_remaining_minor": 250_000, "issued_at": clock.now(), "mirrored_at": clock.now()}
    for number, due in ((1, 250_000), (2, 1_000)):
        row = Invoice.objects.create(stripe_id=f"in_{number}", amount_due_minor=due, **price, **paid)
        data = {"invoice": row.pk, "amount_minor": due, "currency": "eur"}
        journal.append(kind="billing.invoice.payment_failed", organization=cast.acme, at=clock.now(), origin=SYSTEM, data=data)
    with django_assert_max_num_queries(75):
        again()
    purchase, payment = Lead.objects.order_by("-topic")
    assert (purchase.topic, purchase.priority, purchase.rep) == ("purchase", 2, ann)
    assert (payment.topic, payment.priority, payment.rep) == ("payment", 1, ann)
    saw = LeadTrigger.objects.filter(lead=payment).get().saw
    assert saw == [{"fact": "declined_minor", "op": "at_least", "value": 200_000, "saw": 300_000}], "in US cents"
    assert OutgoingMail.objects.filter(kind="offramps/lead_detected", recipient=ann.user.email).count() == 3
    again()
    assert LeadTrigger.objects.count() == 3
    assert Journal.objects.filter(kind="offramps.lead.joined").count() == 1


def test_an_abandoned_cart_is_noticed_after_its_hours_unless_it_was_bought_or_is_history(floor, cast):
    floor.rep("Ann")
    rule("Abandoned", one("abandoned_hours", "at_least", 48), one("cart_seats", "at_least", 30))
    now = clock.now()
    cart = filled(cast, 40, at=now - timedelta(hours=47))
    again()
    assert not Lead.objects.exists()
    Cart.objects.update(updated_at=now - timedelta(days=31))
    again()
    assert not Lead.objects.exists(), "history"
    Cart.objects.update(updated_at=now - timedelta(hours=49), seats=29)
    again()
    assert not Lead.objects.exists(), "small"
    Cart.objects.update(seats=40)
    assert pulse.drain_all(only={"detecting": detecting.drain}) == 0, "not before the next sweep"
    again()
    trigger = LeadTrigger.objects.get()
    assert (trigger.subject, trigger.saw[0]["saw"]) == (f"abandoned:{cart.public_id}", 49)
    again()
    assert LeadTrigger.objects.count() == 1


def test_several_people_of_one_domain_at_the_prices(floor, cast):
    floor.rep("Ann")
    rule("Looking", one("pricing_people", "at_least", 3, days=14), one("is_free_mail", "is", False))
    now = clock.now()

    def look(visitor, user=None, domain="acme.example", days=1, page=PageKind.PRICING):
        Visit.objects.create(visitor=visitor, user=user, mail_domain=domain, page=page, at=now - timedelta(days=days))

    look("a", cast.owner)
    look("b", cast.owner)
    look("c", cast.member)
    look("d", cast.billing_admin, days=15)
    look("e", cast.billing_admin, page=PageKind.SEATS)
    for visitor in "xyz":
        look(visitor, domain="gmail.com")
    again()
    assert not Lead.objects.exists(), "two people of acme, and a mail provider's"
    look("f", cast.billing_admin)
    again()
    lead = Lead.objects.get()
    assert (lead.organization, lead.triggers.get().saw[0]["saw"]) == (cast.acme, 3)
    for days in (1, 29):
        LeadTrigger.objects.update(at=now - timedelta(days=days), subject="visits:acme.example:2020-01-01")
        again()
        assert LeadTrigger.objects.count() == 1
    LeadTrigger.objects.update(at=now - timedelta(days=31))
    again()
    assert LeadTrigger.objects.count() == 2
    for visitor in "uvw":
        look(visitor, cast.newcomer if visitor == "u" else None, domain="initech.example")
    again()
    alone = Lead.objects.get(organization=None)
    assert (alone.contact_email, alone.segment) == (cast.newcomer.email, "smb")


def test_seats_that_were_asked_for_join_what_a_person_said(floor, cast):
    floor.rep("Ann")
    rule("Asked for many", one("seats_asked", "at_least", 100), topic="seats")
    held = floor.click(clock.now(), reason="seats", answers={"seats": 120})
    again()
    lead = Lead.objects.get()
    assert (lead.priority, lead.channel, lead.contact_name, lead.countdowns.get()) == (2, "phone", "Ada Example", held)


def test_a_rule_that_fails_holds_up_no_other_and_old_news_is_history(floor, cast, monkeypatch):
    floor.rep("Ann")
    broken = rule("Broken", one("cart_seats", "at_least", 1))
    rule("Whole", one("cart_seats", "at_least", 1), topic="discount")
    true = detecting.detected.raise_lead

    def failing(version, *args, **options):
        if version.rule_id == broken.pk:
            raise ValueError("a defect")
        return true(version, *args, **options)

    monkeypatch.setattr(detecting.detected, "raise_lead", failing)
    logged = []
    monkeypatch.setattr(detecting.log, "exception", lambda _event, **said: logged.append(said["rule"]), raising=False)
    filled(cast, 5)
    again()
    assert Lead.objects.get().topic == "discount"
    assert logged == [broken.pk]
    Lead.objects.all().delete()
    detecting.judge(list(Journal.objects.order_by("id")), clock.now() + timedelta(days=2))
    assert not Lead.objects.exists()


def test_nobody_to_answer_is_no_lead(floor, cast):
    rule("Any cart", one("cart_seats", "at_least", 1))
    filled(cast, 5, origin=SYSTEM)
    cast.acme.memberships.filter(role=Role.OWNER).update(left_at=clock.now())
    again()
    assert not Lead.objects.exists()


def test_the_first_rules_can_be_put_live():
    """They come with a migration, as drafts: a test before this one may have emptied the table."""
    TriggerRule.objects.all().delete()
    first = importlib.import_module("offramps.migrations.0012_first_rules")
    for _again in range(2):
        first.write(apps, None)
    assert TriggerRuleVersion.objects.filter(state="draft").count() == len(first.RULES) == 5
    for draft in TriggerRuleVersion.objects.all():
        assert detecting_rules.read(draft.conditions).as_data() == draft.conditions
        trigger_rules.go_live(draft.rule, at=clock.now(), origin=SYSTEM)
    first.take_back(apps, None)
    assert TriggerRule.objects.count() == 5, "what was live has leads"


# --- Writing rules ----------------------------------------------------------------------------------------------------


PARTS = ("place", "fact", "op", "value", "days")


def row(number, *said):
    return {f"condition_{number}_{part}": value for part, value in zip(PARTS, said, strict=False)}


def test_a_rule_is_written_said_in_words_put_live_changed_and_retired(cast, client):
    client.force_login(cast.staff_member("manager"))
    add = reverse("admin:offramps_triggerrule_add")
    assert "Condition 1" in text(client.get(add))
    said = {"name": "Very large cart", "topic": "purchase"}
    first = row(0, "all", "cart_year_minor", "at_least", "12,000")
    wrong = client.post(add, said | first | row(1, "all", "segment", "one_of", "huge"))
    assert wrong.status_code == 422
    assert "Write one or more of: smb, mid_market, enterprise." in text(wrong)
    assert "Nothing says when to ask" in text(client.post(add, said | row(0, "all", "is_customer", "is", "no")))
    words = text(
        client.post(add, said | first | row(1, "any", "segment", "one_of", "enterprise, mid_market") | {"preview": "yes"})
    )
    assert "Cart, a year: at least $12,000" in words
    assert "Segment: one of Enterprise, Mid-market" in words
    assert not TriggerRule.objects.filter(name=said["name"]).exists()
    client.post(add, said | first)
    made = TriggerRule.objects.get(name=said["name"])
    draft = made.versions.get()
    assert (draft.state, draft.made_by) == ("draft", cast.staff_member("manager"))
    assert draft.conditions["all"] == [{"fact": "cart_year_minor", "op": "at_least", "value": 1_200_000}]
    assert "has this name already" in text(client.post(add, said | first))
    acts = {verb: reverse(f"admin:offramps_triggerrule_{verb}", args=[made.pk]) for verb in ("conditions", "live", "retire")}
    client.post(acts["live"])
    assert 'value="12000"' in client.get(acts["conditions"]).content.decode()
    client.post(acts["conditions"], row(0, "all", "cart_seats", "at_least", "80"))
    assert sorted(made.versions.values_list("number", "state")) == [(1, "live"), (2, "draft")]
    client.post(acts["live"])
    assert sorted(made.versions.values_list("number", "state")) == [(1, "retired"), (2, "live")]
    page = text(client.get(reverse("admin:offramps_triggerrule_change", args=[made.pk])))
    assert "Live: version 2" in page
    client.post(acts["retire"])
    assert not made.versions.filter(state="live").exists()
    assert Journal.objects.filter(kind="offramps.rule.went_live").count() == 2
    client.force_login(cast.staff_member("rep"))
    assert client.post(acts["live"]).status_code == 403


def tried(client, rule, since, until):
    said = {"since": f"{since:%Y-%m-%d}", "until": f"{until:%Y-%m-%d}", "preview": "yes"}
    return text(client.post(reverse("admin:offramps_triggerrule_trial", args=[rule.pk]), said))


def test_a_draft_is_held_against_what_was(floor, cast, client, django_assert_max_num_queries):
    now = clock.now()
    day = timedelta(days=1)
    first = filled(cast, 20, at=now - 40 * day)
    for seats, days in ((70, 39), (90, 30), (15, 20)):
        wanted = carts.Wanted(plan="fieldnote/team", seats=seats, interval="year", currency="usd")
        carts.change(cart=first, wanted=wanted, at=now - days * day, origin=PAGE)
    filled(cast, 100, at=now - 100 * day, organization=cast.globex, cart=None)
    draft = {"at": now, "origin": SYSTEM, "topic": "purchase"}
    large = trigger_rules.make(name="Large", conditions={"all": [one("cart_seats", "at_least", 60)]}, **draft)
    found = backtests.run(detecting_rules.read(large.versions.get().conditions), since=now - 90 * day, until=now, at=now)
    assert [(one.organization, one.at, one.times, one.became) for one in found.raised] == [
        (cast.acme, now - 39 * day, 2, "nothing")
    ]
    lead = floor.click(now - 35 * day, channel="mail") or Lead.objects.get()
    Lead.objects.filter(pk=lead.pk).update(state="won", closed_at=now - 25 * day)
    client.force_login(cast.admin)
    page = tried(client, large, now - 90 * day, now)
    assert "1 lead, 1 of them won" in page
    assert "Seats in the cart: 70 (at least 60); 2 times; won" in page
    assert "0 leads, 0 of them won" in tried(client, large, now - 29 * day, now)
    assert "2 leads, 1 of them won" in tried(client, large, now - 120 * day, now)
    assert "It ends before it begins" in tried(client, large, now, now - day)
    live = text(client.get(reverse("admin:offramps_triggerrule_live", args=[large.pk])))
    assert "1 lead, 1 of them won" in live
    assert "Acme" in live
    with django_assert_max_num_queries(7):
        backtests.run(detecting_rules.read(large.versions.get().conditions), since=now - 90 * day, until=now, at=now)


def test_every_occasion_can_be_tried(floor, cast):
    now, day = clock.now(), timedelta(days=1)

    def would(*conditions):
        read = detecting_rules.read({"all": list(conditions)})
        found = backtests.run(read, since=now - 90 * day, until=now, at=now)
        return [(raised.organization.name, raised.saw[0]["saw"]) for raised in found.raised]

    cart = filled(cast, 40, at=now - 10 * day)
    carts.change(
        cart=cart,
        wanted=carts.Wanted(plan="fieldnote/team", seats=50, interval="year", currency="usd"),
        at=now - 7 * day,
        origin=PAGE,
    )
    assert would(one("abandoned_hours", "at_least", 48), one("cart_seats", "at_least", 30)) == [("Acme", 72)]
    assert would(one("abandoned_hours", "at_least", 100), one("cart_seats", "at_least", 30)) == [("Acme", 168)]
    assert would(one("abandoned_hours", "at_least", 169)) == []
    for place, user in enumerate((cast.owner, cast.member, cast.billing_admin)):
        at = now - (5 - place) * day
        Visit.objects.create(visitor=f"v{place}", user=user, mail_domain="acme.example", page=PageKind.PRICING, at=at)
    assert would(one("pricing_people", "at_least", 3, days=3)) == [("Acme", 3)]
    assert would(one("pricing_people", "at_least", 3, days=2)) == []
    floor.click(now - 3 * day, reason="seats", channel="mail", answers={"seats": 200})
    assert would(one("seats_asked", "at_least", 150)) == [("Acme", 200)]
    amounts = dict.fromkeys(("subtotal_minor", "total_minor", "amount_due_minor", "amount_remaining_minor"), 90_000)
    given = {"currency": "usd", "amount_paid_minor": 0, "issued_at": now, "mirrored_at": now, "status": "open"}
    row = Invoice.objects.create(organization=cast.acme, stripe_id="in_9", **amounts, **given)
    failed = {"kind": "billing.invoice.payment_failed", "at": now - day, "data": {"invoice": row.pk}}
    journal.append(organization=cast.acme, **failed)
    assert would(one("declined_minor", "at_least", 90_000)) == [("Acme", 90_000)]
    assert would(one("declined_minor", "at_least", 90_001)) == []
