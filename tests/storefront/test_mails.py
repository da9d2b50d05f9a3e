"""The mails of buying and seats: each in both languages, amounts and dates in the subject, nothing left unfilled."""

import itertools
import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.services import outbox, rendering
from billing.queries import collecting_words
from billing.rules.collecting import How
from tests.storefront import renewal_mails

AT = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
THEN = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)
PLAN = {"organization": "Acme", "plan": "Team", "interval": "month", "currency": "usd", "period_ends_at": THEN}
LINE = {"description": "Remaining time", "quantity": 13, "amount_minor": 7035, "starts_at": AT, "ends_at": THEN}
TIER = {"first": 6, "last": 20, "quantity": 7, "unit_minor": 1500, "amount_minor": 10500}
CREDIT = LINE | {"quantity": 10, "amount_minor": -5450}
TRIAL = PLAN | {
    "seats": 10,
    "ends_at": THEN,
    "card": "",
    "card_url": "https://store.example/payment-method/card/",
    "resume_url": "https://store.example/subscription/resumption/?line=fieldnote",
}
PILOT = PLAN | {
    "seats": 20,
    "ends_at": THEN,
    "fee_minor": 29000,
    "is_credited": True,
    "total_minor": 32000,
    "is_taxed": True,
    "convert_url": "https://store.example/subscription/pilot/?line=fieldnote",
}
FIRST = PLAN | {"seats": 25, "amount_minor": 6000, "is_pilot": True, "trial_ends_at": THEN}
GO_ON = "https://store.example/subscription/resumption/?line=fieldnote"
CONTEXTS = {
    "welcome": PLAN | {"seats": 10},
    "seats_added": PLAN
    | {"seats_before": 10, "seats": 13, "added": 3, "amount_minor": 1585, "renewal_minor": 20800, "by": "Olive Owner"},
    "seats_waiting": PLAN
    | {
        "seats": 13,
        "amount_minor": 1585,
        "expires_at": AT,
        "refusal": "",
        "pay_url": "https://store.example/seats/changes/abc/",
    },
    "seats_expired": PLAN | {"seats": 13, "amount_minor": 1585},
    "seats_scheduled": PLAN | {"delta": -2, "seats": 13, "coming": 11, "effective_at": THEN},
    "first_payment_waiting": FIRST | {"expires_at": AT, "pay_url": "https://store.example/seats/changes/abc/"},
    "first_payment_over": FIRST
    | {"is_dropped": False, "again_url": "https://store.example/subscription/pilot/?line=fieldnote"},
    "addon_added": PLAN
    | {
        "addon": {"en": "Blueprints", "de": "Baupläne"},
        "number": None,
        "is_gone": False,
        "is_trial": False,
        "monthly_at": THEN,
        "monthly_minor": 3800,
        "amount_minor": 1585,
        "renewal_minor": 20800,
        "by": "Olive Owner",
    },
    "addon_scheduled": PLAN | {"addon": {"en": "Blueprints", "de": "Baupläne"}, "number": 0, "effective_at": THEN},
    "addon_kept": PLAN | {"addon": {"en": "Blueprints", "de": "Baupläne"}, "delta": 0, "seats": 13},
    "addon_waiting": PLAN
    | {
        "addon": {"en": "Blueprints", "de": "Baupläne"},
        "seats": 10,
        "amount_minor": 1585,
        "expires_at": AT,
        "refusal": "",
        "pay_url": "https://store.example/seats/changes/abc/",
    },
    "addon_expired": PLAN | {"addon": {"en": "Blueprints", "de": "Baupläne"}, "seats": 10, "amount_minor": 1585},
    "plan_changed": PLAN | {"seats": 13, "is_trial": False, "amount_minor": 6335, "renewal_minor": 37700, "by": "Olive Owner"},
    "window_opened": PLAN
    | {"seats": 13, "added": 3, "amount_minor": 1285, "closes_at": AT, "renewal_minor": 20800, "by": "Olive Owner"},
    "window_billed": PLAN | {"seats": 15, "added": 5, "amount_minor": 2142, "since": AT, "renewal_minor": 24000},
    "window_unpaid": PLAN
    | {
        "added": 5,
        "amount_minor": 2142,
        "release_at": THEN,
        "refusal": "Your card has insufficient funds.",
        "pay_url": "https://store.example/seats/changes/abc/",
        "card_url": "https://store.example/payment-method/",
    },
    "window_released": PLAN | {"gone": 5, "seats": 10},
    "seats_lost": PLAN | {"seats": 10, "people": ["Mia Member", "kai@acme.example"]},
    "plan_scheduled": PLAN | {"plan_after": "Starter", "interval_after": "month", "effective_at": THEN},
    "plan_kept": PLAN | {"plan_after": "Starter", "interval_after": "month", "delta": 0, "seats": 13},
    "plan_waiting": PLAN
    | {
        "plan_after": "Business",
        "interval_after": "month",
        "seats": 13,
        "amount_minor": 6335,
        "expires_at": AT,
        "refusal": "",
        "pay_url": "https://store.example/seats/changes/abc/",
    },
    "plan_expired": PLAN | {"plan_after": "Business", "interval_after": "month", "seats": 13, "amount_minor": 6335},
    "scheduled_taken_back": PLAN | {"delta": -2, "seats": 13},
    "cancellation": PLAN | {"seats": 13, "effective_at": THEN},
    "cancellation_taken_back": PLAN | {"delta": 0, "seats": 13},
    "ended": PLAN | {"ended_at": THEN, "invoice_number": "A-0001", "open_minor": 16000, "currency": "usd"},
    "paused": PLAN | {"resumes_at": THEN, "credit_minor": 9280, "seats": 10, "currency": "usd", "go_on_url": GO_ON},
    "pause_ends": PLAN
    | {
        "resumes_at": THEN,
        "amount_minor": 6720,
        "credit_minor": 9280,
        "tax_minor": 0,
        "seats": 10,
        "card": "4242",
        "currency": "usd",
        "go_on_url": GO_ON,
    },
    "pause_stays": PLAN
    | {"amount_minor": 16000, "refusal": "Your card has no funds.", "again_at": THEN, "currency": "usd", "go_on_url": GO_ON},
    "resumed": PLAN | {"seats": 10},
    "receipt": {
        "organization": "Acme",
        "invoice": 1,
        "invoice_url": "https://store.example/invoices/in_1/hosted/",
        "number": "FN-0042",
        "purchase_order": "PO 4711 & 4712",
        "amount_minor": 1285,
        "tax_minor": 0,
        "credit_minor": -300,
        "total_minor": 1585,
        "currency": "usd",
        "paid_at": AT,
        "discounts": [{"name": {"en": "Welcome", "de": "Willkommen"}, "code": "WELCOME20", "amount_minor": -200}],
        "discount_minor": -100,
        "lines": [CREDIT, {**LINE, "tiers": [TIER]}],
        "is_back": True,
    },
    "given_back": {
        "organization": "Acme",
        "invoice": 1,
        "invoice_url": "https://store.example/invoices/in_1/credit-notes/",
        "number": "FN-0042",
        "note_number": "FN-0042-CN-01",
        "amount_minor": 1190,
        "tax_minor": 190,
        "refunded_minor": 900,
        "credited_minor": 190,
        "lowered_minor": 100,
        "currency": "usd",
    },
    "credited": {
        "organization": "Acme",
        "amount_minor": 2500,
        "currency": "usd",
        "time_count": 2,
        "time_unit": "months",
        "plan": "Team",
    },
    "payment_failed": renewal_mails.MISSING | {"is_read_only": False},
    "payment_missing": renewal_mails.MISSING | {"is_read_only": False},
    "read_only": renewal_mails.MISSING,
    "access_off": renewal_mails.MISSING,
    "invoice_sent": renewal_mails.ON_INVOICE,
    "invoice_replaced": renewal_mails.ON_INVOICE | {"replaced": "FN-0042", "is_paid": False},
    "invoice_due": renewal_mails.ON_INVOICE
    | {"account": {"kind": "iban", "iban": "DE00SAND00012345678900", "bic": "SANDIE2D"}},
    "invoice_overdue": renewal_mails.ON_INVOICE | renewal_mails.MISSING | {"is_sent": True, "is_read_only": False},
    "dispute_opened": renewal_mails.DISPUTE | {"is_inquiry": False, "is_read_only": False},
    "dispute_closed": renewal_mails.DISPUTE | {"is_lost": True},
    "paid_twice": {"organization": "Acme", "amount_minor": 16000, "currency": "usd", "plan": "Team", "seats": 10},
    "tax_check_ends": {
        "organization": "Acme",
        "ids": ["FR40303265045"],
        "tax": "TVA",
        "details_url": "https://store.example/settings/billing/",
        "until": THEN,
    },
    "tax_added": {
        "organization": "Acme",
        "ids": ["FR40303265045"],
        "tax": "TVA",
        "details_url": "https://store.example/settings/billing/",
    },
    "tax_changed": {"organization": "Acme", "tax": "TVA", "percent": "20", "percent_before": "19", "tax_before": "VAT"}
    | {"exempt": "none", "reason": "no_id", "country": "FR", "details_url": "https://store.example/settings/billing/"},
    "trial_started": TRIAL | {"total_minor": 16000, "is_taxed": True},
    "trial_ends": TRIAL
    | {"days_left": 7, "amount_minor": 19040, "tax_minor": 3040, "charge_at": THEN, "longer_until": THEN, "card": "4242"},
    "trial_extended": TRIAL,
    "trial_paused": TRIAL,
    "trial_seats": TRIAL | {"seats_before": 12, "amount_minor": 16000, "tax_minor": 0, "by": "Olive Owner"},
    "pilot_started": PILOT,
    "pilot_ends": PILOT | {"days_left": 14},
    "pilot_ended": PILOT,
    "discount_ends": PLAN
    | {
        "organization": "Acme",
        "seats": 10,
        "discount": {"name": {"en": "Welcome", "de": "Willkommen"}, "code": "WELCOME20"},
        "ends_at": THEN,
        "now_minor": 15232,
        "then_minor": 19040,
        "charge_at": THEN,
        "seats_url": "https://store.example/seats/?line=fieldnote",
    },
    "card_changed": {"organization": "Acme", "card_brand": "visa", "last4": "4242"},
    "being_debited": {
        "organization": "Acme",
        "invoice_url": "https://store.example/invoices/in_1/hosted/",
        "number": "ACME-0007",
        "amount_minor": 19040,
        "currency": "eur",
        "last4": "3000",
        "arrives_at": THEN,
    },
    "seat_assigned": {"organization": "Acme"},
}
CONTEXTS |= renewal_mails.CONTEXTS
SUBJECTS = {
    "welcome": "Team with 10 seats is yours",
    "seats_added": "3 seats more for $15.85: you have 13 now",
    "seats_waiting": "Finish paying $15.85 by 3 March at 15:05 for your new seats",
    "first_payment_waiting": "Finish paying $60.00 by 3 March at 15:05 to go on with Team",
    "first_payment_over": "Not paid in time: $60.00 for Team was not charged",
    "seats_scheduled": "Team: 11 seats from 22 March",
    "addon_added": "Team: you have Blueprints now, for $15.85",
    "addon_scheduled": "Team: without Blueprints from 22 March",
    "plan_changed": "You have Team now, for $63.35",
    "plan_scheduled": "Starter, paid monthly, from 22 March",
    "cancellation": "Team ends on 22 March; nothing more is charged",
    "paused": "Team is paused until 22 March",
    "pause_ends": "$67.20 will be charged on 22 March: Team goes on",
    "pause_stays": "Team stays paused: $160.00 could not be charged",
    "receipt": "Receipt: $12.85 paid on 3 March",
    "being_debited": "€190.40 will be debited for invoice ACME-0007",
    "payment_failed": "$208.00 could not be charged; tried again on 22 March",
    "invoice_sent": "Invoice FN-0043: $208.00, due on 22 March",
    "invoice_replaced": "Invoice FN-0043 replaces FN-0042",
    "invoice_due": "$208.00 is due on 22 March: invoice FN-0043",
    "invoice_overdue": "$208.00 is overdue: read-only on 22 March",
    "dispute_opened": "$160.00 is disputed at your bank",
    "dispute_closed": "Your bank took back $160.00",
    "payment_missing": "$208.00 is still missing: read-only on 22 March",
    "read_only": "Read-only from now on: $208.00 is missing",
    "access_off": "No access any more: $208.00 is missing",
    "trial_started": "Your Team trial is free until 22 March",
    "trial_ends": "$190.40 will be charged on 22 March: your Team trial ends",
    "discount_ends": "$190.40 a month from 22 March: your discount ends",
    "trial_seats": "10 seats now, free until 22 March",
    "pilot_started": "Your Team pilot runs until 22 March",
    "pilot_ends": "Your Team pilot ends on 22 March; nothing is charged by itself",
    "pilot_ended": "Your Team pilot is over; nothing was charged",
    "paid_twice": "$160.00 is on its way back to your card",
}


@pytest.fixture
def render(cast, monkeypatch):
    monkeypatch.setattr("config.clock.now", lambda: AT)

    def build(kind, language="en"):
        outbox.write(
            kind=f"billing/{kind}",
            subject_row=f"test:{kind}:{language}",
            to=cast.owner,
            organization=cast.acme,
            context=CONTEXTS[kind],
            at=AT,
            locale=language,
        )
        return rendering.message(OutgoingMail.objects.latest("id"))

    return build


def test_every_mail_of_billing_has_a_sample_here():
    folder = settings.ROOT / "templates" / "emails" / "billing"
    kinds = {path.name.removesuffix(".subject.txt") for path in folder.glob("*.subject.txt")}
    assert kinds == set(CONTEXTS)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", sorted(CONTEXTS))
def test_each_is_whole(render, kind, language):
    mail = render(kind, language)
    html = mail.alternatives[0][0]
    for part in (mail.subject, mail.body, html):
        assert part.strip()
        assert not re.search(r"\{[{%]|None|&lt;time|%\(", part), part
    assert "<time" not in mail.body
    assert "<time" not in mail.subject
    assert all(settings.BRAND[name] in part for name in ("support_email", "address") for part in (mail.body, html))
    assert html.count('class="button" href="http') == 1
    assert re.findall(r"https?://\S+", mail.body)


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_subjects_say_amount_and_date(render, kind):
    assert render(kind).subject == SUBJECTS[kind]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("", "Your bank wants you to confirm the payment"),
        ("Your card has no funds.", "declined the payment: “Your card has no"),
    ],
)
def test_a_waiting_increase_says_which_it_is(render, monkeypatch, refusal, said):
    monkeypatch.setitem(CONTEXTS, "seats_waiting", CONTEXTS["seats_waiting"] | {"refusal": refusal})
    mail = render("seats_waiting")
    assert said in mail.body
    assert said in mail.alternatives[0][0]


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("first_payment_waiting", {}, "your pilot becomes Team with 25 seats"),
        ("first_payment_waiting", {"is_pilot": False}, "Team goes on with 25 seats, as you left it"),
        (
            "first_payment_over",
            {"is_dropped": True},
            "for Team with 25 seats was dropped. Nothing was charged. Your pilot goes on until",
        ),
        ("first_payment_over", {"is_pilot": False}, "was not finished in time. Nothing was charged. Everything is kept"),
    ],
)
def test_a_first_payment_says_what_follows(render, monkeypatch, kind, change, said):
    monkeypatch.setitem(CONTEXTS, kind, CONTEXTS[kind] | change)
    mail = render(kind)
    assert said in mail.body
    assert said in mail.alternatives[0][0]


@pytest.mark.parametrize(("kind", "how"), renewal_mails.SAID_BY)
def test_a_mail_says_how_it_is_collected(render, monkeypatch, kind, how):
    monkeypatch.setitem(CONTEXTS, kind, CONTEXTS[kind] | {"how": how})
    mail = render(kind)
    for part in (mail.body, mail.alternatives[0][0]):
        assert renewal_mails.SAID_BY[kind, how] in re.sub("<[^>]*>", "", part)


def test_the_link_to_pay_has_one_word_for_each_way_to_pay(render, monkeypatch):
    """What failed, what waits, and what is due: the same link in whichever mail it stands."""
    asking = {kind for kind, context in CONTEXTS.items() if "pay_url" in context} - {"payment_days"}  # asks for nothing
    assert asking >= {"payment_failed", "payment_missing", "read_only", "access_off", "window_unpaid", "seats_waiting"}
    for kind, how in itertools.product(sorted(asking), How):
        monkeypatch.setitem(CONTEXTS, kind, CONTEXTS[kind] | {"how": how.value})
        OutgoingMail.objects.all().delete()  # one is written once
        mail = render(kind)
        (word,) = re.findall(r'class="button" href="[^"]*"[^>]*>([^<]*)<', mail.alternatives[0][0])
        words = {"Finish paying", "See the invoice", collecting_words.to_pay(how), collecting_words.to_pay(How.INVOICE)}
        assert (kind, how, word in words, f"{word}:" in mail.body) == (kind, how, True, True)


def test_a_yearly_plan_that_ends_goes_on_being_charged_by_the_month(render, monkeypatch):
    season = {"name": {"en": "Season storage", "de": "Saisonspeicher"}, "number": 2}
    more = {"how": "card", "monthly": [season], "monthly_minor": 3800, "monthly_at": AT}
    monkeypatch.setitem(CONTEXTS, "cancellation", CONTEXTS["cancellation"] | more)
    mail = render("cancellation")
    assert mail.subject == "Team ends on 22 March; $38.00 a month until then"
    said = "2 x Season storage goes on being charged by the month until then: $38.00 on 3 March, and each month."
    for part in (mail.body, mail.alternatives[0][0]):
        assert said in part
        assert "Nothing more is charged" not in part


@pytest.mark.parametrize("kind", ["seats_added", "seats_expanded"])
def test_an_increase_on_invoice_is_not_called_paid(render, monkeypatch, kind):
    monkeypatch.setitem(CONTEXTS, kind, CONTEXTS[kind] | {"payable_at": THEN})
    mail = render(kind)
    for part in (mail.body, mail.alternatives[0][0]):
        assert "On an invoice due on 22 Mar" in part
        assert "Paid for the rest" not in part


def test_a_receipt_reads_as_seats_and_days(render):
    body = render("receipt").body
    assert "10 seats: time paid before and given back" in body
    assert "13 seats, 3\N{EN DASH}21 Mar 2027: $70.35" in body
    assert "From your credit: \N{MINUS SIGN}$3.00" in body
    assert "Welcome (WELCOME20): \N{MINUS SIGN}$2.00\nDiscount: \N{MINUS SIGN}$1.00\n" in body
    assert "  6 to 20: 7 x $15.00 = $105.00\n" in body


def test_the_cause_writes_one_mail_to_each_who_decides(shop, cast):
    shop.buy(cast.acme, cast.owner, seats=10)
    mails = OutgoingMail.objects.filter(kind="billing/welcome")
    assert set(mails.values_list("recipient", flat=True)) == {cast.owner.email, cast.billing_admin.email}
    assert set(mails.values_list("state", flat=True)) == {"sent"}
    assert timezone.is_aware(mails[0].created_at)
