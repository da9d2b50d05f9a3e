"""Pages that need a link out of a mail, or something to have happened: looked at in four ways.

tests/journeys/test_every_page.py has the others; that none is in neither, tests/house/test_looks.py holds.
"""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as config
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts.models import SuppressionReason
from accounts.origin import Origin
from accounts.services import links, outbox, recoveries, suppressions
from billing.models import DunningEpisode, Invoice, QuoteCount, SeatAssignment, SeatChange, Subscription, Sunset, SunsetCase
from billing.services import people, time_moves
from billing.services.books import dunning, quote_rows
from billing.services.recovery import dunning_mails
from billing.services.renewing import expansions
from billing.services.selling import cards
from config import clock
from offramps.models import CallSlot, HandRaise
from offramps.queries import call_slots
from tests import factories
from tests.accounts import factors
from tests.billing import test_trials
from tests.house import asking
from tests.journeys import test_every_page, unserved
from tests.journeys.conftest import listen
from tests.journeys.looking import Looker
from tests.offramps import dealing as factories_of_deals
from tests.offramps.conftest import Floor

folder = test_every_page.folder


class Seen:
    """Looks at pages and remembers what is wrong: seen("/seats/", "seats-waiting")."""

    def __init__(self, context, folder) -> None:
        self.served = unserved.Served(context)
        page = context.new_page()
        self.trouble = listen(page)
        self.looker = Looker(page, folder)

    def __call__(self, address, name):
        self.served.prepare(address)
        self.trouble += self.looker.look(address, name)

    def words(self):
        return "\n".join(said for said in self.trouble if not test_every_page.ANSWERED.search(said))


@pytest.fixture
def seen(browser, folder):
    context = browser.new_context(base_url=unserved.ADDRESS, locale="en-US")
    yield Seen(context, folder)
    context.close()


# --- Links out of mails, rows, and steps --------------------------------------------------------------------------------

BY_LINK = ("invitation", "mail_stop", "billing_contact")
OF_AN_OWNER = (
    *("join_request", "seat_request", "api_key_revocation", "invitation_revocation", "member_removal"),
    *(
        "seat_change",
        "credit_notes",
        "invoice_correction",
        "checkout_attempt",
        "webhook",
        "webhook_delivery",
        "webhook_deletion",
    ),
)
STEPS = (
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"),
    *("mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_authenticate", "mfa_trust", "mfa_reauthenticate"),
    *("account_reauthenticate", "account_confirm_login_code", "account_email_verification_sent", "account_set_password"),
)
LISTED = {
    f"storefront:{name}"
    for name in (
        *BY_LINK,
        *OF_AN_OWNER,
        *("talk_raised", "call", "call_cancellation"),
        "missing_payment",
        "checkout_invoice",
        "address_check",
        "addon",
        "plan",
        "renewal",
        "expansion",
        "expansion_undo",
        "resumption",
        "pilot_conversion",
        "sunset",
        "quotes",
        "quote",
        "quote_approval",
        "sandbox_bar",
    )
} | {
    *(*STEPS, "recovery_objection", "viewing"),
    *("offramps:deal", "offramps:deal_build"),
}


def test_what_links_and_rows_lead_to(seen, db):
    world = asking.build()
    for name in BY_LINK:
        seen(reverse(f"storefront:{name}", args=world.args[f"storefront:{name}"]), name.replace("_", "-"))
    client = seen.served.as_user(world.cast.owner)
    for name in OF_AN_OWNER:
        seen(reverse(f"storefront:{name}", args=world.args[f"storefront:{name}"]), name.replace("_", "-"))
    said = {
        "name": "Ada Example",
        "email": "ada@acme.example",
        "channel": "mail",
        "phone": "",
        "click": "1",
        "message": "Hello",
    }
    raised = client.post(f"{reverse('storefront:talk')}?reason=other", said)
    seen(raised.headers["Location"], "talk-raised")
    seen(f"{reverse('storefront:talk')}?reason=procurement", "talk-with-a-reason")
    floor = Floor(world.cast.acme)
    slot = _dated_call(floor)
    seen(reverse("storefront:talk_raised", args=[HandRaise.objects.latest("pk").public_id]), "talk-dated")
    floor.rep("Ben Berg", hours=(0, 24), time_zone="UTC")
    floor.click(clock.now(), reason="seats")
    seen(reverse("storefront:talk_raised", args=[HandRaise.objects.latest("pk").public_id]), "talk-ringing")
    seen(f"{reverse('storefront:talk')}?reason=seats", "talk-with-a-call")
    for name in ("call", "call_cancellation"):
        seen(reverse(f"storefront:{name}", args=[call_slots.token(slot)]), name.replace("_", "-"))
    _deal(seen, world)
    seen(_checking(world), "address-check")
    seen(reverse("recovery_objection", args=[recoveries.token(_recovery(world.cast), world.cast.owner)]), "recovery-objection")
    assert not seen.words()


def _deal(seen, world):
    """A deal as its rep builds it, as it waits for a manager, and as the customer reads it."""
    made, manager = factories_of_deals.proposed(world.cast)
    seen.served.as_user(made.deal.owner)
    seen(reverse("offramps:deal_build", args=[made.deal.lead.public_id]) + f"?deal={made.deal.public_id}", "deal-build")
    seen.served.as_user(manager)
    seen(reverse("offramps:deal", args=[made.deal.public_id]), "deal-to-decide")
    QuoteCount.objects.create(year=clock.now().year, last=9)  # the world has a quote that was counted by nobody
    sent = factories_of_deals.sent(made, manager)
    seen(quote_rows.link(sent.quote).removeprefix(config.STORE_URL), "deal-quote")
    seen(reverse("offramps:deal", args=[made.deal.public_id]), "deal-sent")


def _dated_call(floor):
    """A call that was dated because nobody was there."""
    now = clock.now()
    floor.customer.profile.segment = "mid_market"
    floor.customer.profile.save()
    floor.rep("Ann", is_here=False)
    floor.click(now, reason="terms")
    floor.until(now + timedelta(seconds=90))
    return CallSlot.objects.get()


def _checking(world):
    """The link by which somebody whom mails did not reach says that they do again."""
    member, now = world.cast.member, clock.wall()
    suppressions.suppress(address=member.email, reason=SuppressionReason.BOUNCE, detail="gone", at=now)
    token = links.token(links.ADDRESS_CHECK, member.pk, int(now.timestamp()))
    return reverse("storefront:address_check", args=[token])


def _recovery(cast):
    """A member asks to become the owner, and two of staff let everybody know."""
    one, other = (Origin(actor=cast.staff_member(group)) for group in ("support", "manager"))
    proof = "An extract from the register of companies"
    case = recoveries.request(membership=cast.membership(cast.member), proof=proof, origin=one, at=clock.now())
    return recoveries.approve(case=case, origin=other, at=clock.now())


def test_steps_of_signing_in(seen, db):
    ada = factors.person()
    client = seen.served.as_user(None)
    client.post(reverse("account_request_login_code"), {"email": ada.email})
    seen(reverse("account_confirm_login_code"), "sign-in-code")
    client.post(reverse("account_signup"), {"email": "new@acme.example", "name": "New", "password1": "correct horse battery"})
    seen(reverse("account_email_verification_sent"), "sign-up-code")
    client.post(reverse("account_reset_password"), {"email": ada.email})
    outbox.drain(clock.wall())
    link = re.search(r"http://\S+(/account/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    seen(link, "password-new")
    assert not seen.words()


def test_second_factors(seen, db):
    ada = factors.person()
    client = seen.served.as_user(None)
    factors.sign_in(client, ada)
    seen(reverse("account_reauthenticate"), "password-again")
    factors.reauthenticate(client)
    seen(reverse("mfa_activate_totp"), "authenticator-app")
    seen(reverse("mfa_add_webauthn"), "passkey-new")
    factors.with_app(ada)
    key = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "Laptop", "passwordless": True})
    for name, args in (
        *(("mfa_index", []), ("mfa_view_recovery_codes", []), ("mfa_generate_recovery_codes", [])),
        *(("mfa_deactivate_totp", []), ("mfa_list_webauthn", [])),
        *(("mfa_edit_webauthn", [key.pk]), ("mfa_remove_webauthn", [key.pk]), ("mfa_reauthenticate", [])),
    ):
        seen(reverse(name, args=args), name.replace("_", "-"))
    key.delete()
    client = seen.served.as_user(None)
    factors.sign_in(client, ada)
    seen(reverse("mfa_authenticate"), "second-step")
    client.post(reverse("mfa_authenticate"), {"code": factors.code()})
    seen(reverse("mfa_trust"), "browser-trusted")
    assert not seen.words()


# --- What happens to a subscription -------------------------------------------------------------------------------------


def test_a_trial_from_its_cart_to_read_only(seen, shop, cast):
    client = seen.served.as_user(cast.owner)
    cart = shop.cart(is_trial=True)
    assert cart.organization == cast.acme
    seen(reverse("storefront:cart"), "trial-cart")
    test_trials.begin(shop, seats=10)
    seen(reverse("storefront:home"), "trial-home")
    seen(f"{reverse('storefront:seats')}?seats=12", "trial-seats")
    seen(reverse("storefront:payment_method"), "trial-payment-method")
    seen(reverse("storefront:cancellation"), "trial-cancellation")
    shop.advance(days=13, hours=12)
    seen(reverse("storefront:home"), "trial-ends-home")
    shop.advance(days=2)
    for name in ("home", "seats", "invoices", "resumption"):
        seen(reverse(f"storefront:{name}"), f"read-only-{name}")
    assert client.get(reverse("storefront:resumption")).status_code == 200
    setup = cards.start_setup(cast.acme, origin=shop.origin, at=clock.now())
    shop.pay(setup.result["url"])
    cards.look_up(setup.result["session"], cast.acme)
    seen(_ask_first(shop, reverse("storefront:resumption"), client), "read-only-waiting")
    seen(reverse("storefront:home"), "read-only-waiting-home")
    assert not seen.words()


def _ask_first(shop, address, client):
    """Click on the amount of a page; the bank wants to be asked. The address of what waits."""
    token = re.search(r'name="token" value="([^"]+)"', client.get(address).content.decode())[1]
    shop.control("POST", "next_payment", outcome="requires_action")
    waiting = client.post(address.partition("?")[0], {"token": token, "line": "fieldnote"}).headers["Location"]
    shop.settle()
    return waiting


def test_a_pilot_from_its_cart_to_its_end(seen, shop, cast):
    client = seen.served.as_user(cast.owner)
    shop.cart(plan="", seats=1, pilot="fieldnote/site")
    seen(reverse("storefront:cart"), "pilot-cart")
    row = shop.buy(plan="", seats=1, pilot="fieldnote/site")
    for name in ("home", "seats", "pilot_conversion"):
        seen(reverse(f"storefront:{name}"), f"pilot-{name}")
    waiting = _ask_first(shop, f"{reverse('storefront:pilot_conversion')}?seats=25", client)
    seen(reverse("storefront:seats"), "pilot-waiting-seats")
    client.post(waiting, {"action": "drop"})
    seen(waiting, "pilot-dropped")
    shop.advance_to(row.trial_ends_at)
    seen(reverse("storefront:home"), "pilot-over-home")
    assert not seen.words()


def _expanded(shop, organization):
    """Seats that were added by themselves: one, so that nothing else of the story changes much."""
    row = Subscription.objects.get(organization=organization)
    limits = {"is_on": True, "step": 1, "most": 50, "budget_minor": 100_000}
    expansions.put(row, **limits, origin=shop.origin, at=clock.now())
    held = people.free_seats(row)
    SeatAssignment.objects.bulk_create(
        SeatAssignment(
            subscription=row, invitation=factories.InvitationFactory(organization=organization), assigned_at=clock.now()
        )
        for _ in range(held)
    )
    shop.settle()
    SeatAssignment.objects.filter(subscription=row, membership=None).delete()
    return SeatChange.objects.get().public_id


def test_a_payment_that_waits_or_fails(seen, shop, cast):
    client = seen.served.as_user(cast.owner)
    factories.rule("billing.payment_days", 30)
    seen(f"{reverse('storefront:checkout_invoice')}?cart={shop.cart().public_id}", "checkout-invoice")
    attempt = shop.start()
    seen(reverse("storefront:home"), "paying-home")
    seen(reverse("storefront:checkout_attempt", args=[attempt.public_id]), "paying")
    shop.pay(attempt)
    shop.settle()
    seen(reverse("storefront:checkout_attempt", args=[attempt.public_id]), "bought")
    seen(f"{reverse('storefront:addon')}?line=fieldnote&addon=support", "addon")
    plan = f"{reverse('storefront:plan')}?line=fieldnote"
    seen(plan, "plan")
    seen(f"{plan}&plan=business", "plan-now")
    seen(f"{plan}&plan=starter", "plan-later")
    _look_at_quotes(seen, client)
    _look_at_a_sunset(seen, attempt.organization)
    seen(reverse("storefront:renewal"), "renewal")
    seen(reverse("storefront:expansion"), "expansion")
    seen(reverse("storefront:expansion_undo", args=[_expanded(shop, attempt.organization)]), "expansion-undo")
    shop.control("POST", "next_payment", outcome="requires_action")
    page = client.get(reverse("storefront:seats"), {"seats": 13}).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    client.post(reverse("storefront:seat_changes"), {"token": token, "seats": 13})
    shop.settle()
    change = SeatChange.objects.latest("pk")
    seen(reverse("storefront:seat_change", args=[change.public_id]), "seats-waiting")
    seen(reverse("storefront:home"), "seats-waiting-home")
    seen(reverse("storefront:seats"), "seats-waiting-seats")
    client.post(reverse("storefront:seat_change", args=[change.public_id]), {"action": "drop"})
    seen(reverse("storefront:missing_payment", args=[dunning_mails.token(_missing().pk)]), "missing-payment")
    seen(reverse("storefront:home"), "read-only-unpaid-home")
    seen(reverse("storefront:ending"), "ending-unpaid")
    assert not seen.words()


def _look_at_quotes(seen, client):
    """A quote of a larger plan: its draft, the list, and what its approver sees."""
    shown = client.get(f"{reverse('storefront:plan')}?line=fieldnote&plan=business").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', shown)[1]
    draft = client.post(reverse("storefront:quotes"), {"token": token}).headers["Location"]
    seen(draft, "quote-draft")
    client.post(draft, {"action": "issue", "addressed_to": "Purchasing"})
    seen(reverse("storefront:quotes"), "quotes")
    link = re.search(r"/quotes/approval/[^/\"]+/", client.get(draft).content.decode())[0]
    seen(link, "quote-approval")


def _look_at_a_sunset(seen, organization):
    """A plan that ends with this period, and what to have instead."""
    row = Subscription.objects.get(organization=organization)
    ends = {"plan": row.plan, "ends_on": row.period_ends_at.date(), "is_end": True, "created_at": clock.now()}
    held = Sunset.objects.create(**ends, successor=row.plan.moves.order_by("pk").first().to_plan)
    SunsetCase.objects.create(sunset=held, subscription=row, renews_at=row.period_ends_at, due_at=row.period_ends_at)
    seen(reverse("storefront:sunset"), "sunset")
    held.delete()


def _missing():
    """The purchase's invoice is open after all, and so long that it can only be read any more."""
    Invoice.objects.update(status="open", attempt_count=1, amount_remaining_minor=16_000)
    episode = dunning.failed(Invoice.objects.earliest("pk"), at=clock.now())
    DunningEpisode.objects.update(reached=3)
    Subscription.objects.update(status="past_due", access="read_only")
    return episode


def test_time_on_its_way(seen, cast, settings):
    settings.DEMO = True
    began, asked = clock.now() - timedelta(days=3), clock.wall()
    way = {"started_at": began, "target": began + timedelta(days=8), "asked_at": asked, "after": "/", "newest": 0}
    seen.served.as_user(cast.owner)
    for name, asked_at in (("time-passing", asked), ("time-standing-still", asked - timedelta(minutes=5))):
        cache.set(time_moves.KEY, time_moves.Move(**way | {"asked_at": asked_at}, organization_id=cast.acme.pk))
        seen(reverse("storefront:sandbox_bar"), name)
    cache.delete(time_moves.KEY)
    assert not seen.words()


# --- Staff --------------------------------------------------------------------------------------------------------------


def test_pages_of_staff(seen, shop, cast):
    invoice = Invoice.objects.get(subscription=shop.buy(seats=10))
    seen.served.as_user(cast.staff_member("marketing"))
    seen(reverse("admin:index"), "admin-marketing")
    client = seen.served.as_user(cast.staff_member("support"))
    seen(reverse("admin:accounts_organization_change", args=[cast.acme.pk]), "admin-organization")
    seen(reverse("admin:billing_adjustment_refund", args=[invoice.pk]), "admin-refund")
    seen(reverse("admin:billing_adjustment_credit", args=[cast.acme.pk]), "admin-credit")
    page = reverse("admin:accounts_organization_viewing", args=[cast.acme.pk])
    seen(page, "admin-view-as")
    client.post(page, {"reason": "The seats page shows a wrong number", "ticket": "T-7"})
    for name, address in (("home", "/"), ("seats", "/seats/"), ("pricing", "/pricing/"), ("refused", reverse("viewing"))):
        seen(address, f"view-as-{name}")
    assert not seen.words()
