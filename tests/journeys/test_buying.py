"""The heart of the store, in a real browser: buy 10, invite, three more now in one charge, two fewer then, and the renewal."""

import pytest

from tests.house import test_translations
from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP, PHONE

ENGLISH = {"locale": "en-US"}
WITHOUT_SCRIPTS = ENGLISH | {"java_script_enabled": False}


def walk(buyer, *, country, first, renewal, waits=False):
    """From the prices to the renewal; the amounts are as the reader's language writes them.

    `waits`: for the day on which what was added is charged, in one charge.
    """
    page, shoot = buyer.page, buyer.shoot
    buyer.choose("fieldnote/team", 10)
    buyer.sign_up()
    buyer.name_company(country)
    buyer.check_out()
    buyer.is_in()
    assert buyer.seats() == 10
    assert buyer.has_invoice(first)

    buyer.invite("ada", "ben")
    assert "/invitations/" in buyer.mail(f"ada@{buyer.domain}")

    if waits:
        buyer.ask_for(12)
        buyer.confirm()
    shown = buyer.ask_for(13)
    buyer.confirm()
    assert buyer.seats() == 13
    if waits:
        assert buyer.has_invoice(first)
        buyer.move_time("day")
        assert buyer.has_invoice(shown)
        assert buyer.seats() == 13

    buyer.ask_for(11, when="renewal")
    buyer.confirm()
    assert buyer.seats() == 13
    page.goto("/")
    shoot(page, "home-before-renewal")

    buyer.move_time("renewal")
    shoot(page, "renewed")
    assert buyer.has_seats(11)
    assert buyer.has_invoice(renewal)
    page.goto("/")
    shoot(page, "home-after-renewal")


@pytest.mark.parametrize(
    ("device", "options"),
    [
        pytest.param(DESKTOP, ENGLISH, id="desktop"),
        pytest.param(DESKTOP, WITHOUT_SCRIPTS, id="without-scripts"),
    ],
)
def test_from_the_prices_to_the_renewal(visit, shoot, device, options):
    page = visit(device, **options)
    buyer = Buyer(page, shoot, has_scripts=options.get("java_script_enabled", True))
    walk(buyer, country="US", first="$160.00", renewal="$176.00", waits=device is DESKTOP and buyer.has_scripts)


def test_in_german_with_no_english_left(visit, shoot):
    left = {}

    def look(page, name):
        shoot(page, name)
        if found := test_translations._english(page.content()):
            left[name] = found

    buyer = Buyer(visit(PHONE, locale="de-DE"), look)
    walk(buyer, country="DE", first="178,50\N{NO-BREAK SPACE}€", renewal="196,35\N{NO-BREAK SPACE}€")
    for path in ("/team/", "/payment-method/", "/subscription/cancellation/", "/settings/organization/"):
        buyer.page.goto(path)
        look(buyer.page, path.strip("/").replace("/", "-"))
    assert not left


@pytest.mark.parametrize(
    "options", [pytest.param(ENGLISH, id="with-scripts"), pytest.param(WITHOUT_SCRIPTS, id="without-scripts")]
)
def test_a_bank_that_asks_first(visit, shoot, options):
    """3-D Secure twice: at the payment page, and for many seats more, which wait until the bank is answered."""
    buyer = Buyer(visit(DESKTOP, **options), shoot, has_scripts=options.get("java_script_enabled", True))
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out("4000 0027 6000 3184")
    buyer.answer_the_bank()
    buyer.is_in()
    shown = buyer.ask_for(40)
    buyer.confirm()
    assert buyer.page.locator("#purchase").get_attribute("data-state") == "waiting"
    assert buyer.seats() == 10
    buyer.finish_paying()
    assert buyer.has_seats(40)
    assert buyer.has_invoice(shown)
