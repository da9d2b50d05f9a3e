"""The heart of the store, in a real browser: buy 10, invite, three more now, two fewer at renewal, and the renewal itself."""

import pytest

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP, PHONE


@pytest.mark.parametrize(
    ("device", "options"),
    [
        pytest.param(DESKTOP, {"locale": "en-US"}, id="desktop"),
        pytest.param(PHONE, {"locale": "en-US"}, id="phone"),
        pytest.param(DESKTOP, {"locale": "en-US", "java_script_enabled": False}, id="without-scripts"),
    ],
)
def test_from_the_prices_to_the_renewal(visit, shoot, device, options):
    page = visit(device, **options)
    buyer = Buyer(page, shoot, has_scripts=options.get("java_script_enabled", True))
    buyer.choose("fieldnote/team", 10)
    buyer.sign_up()
    buyer.name_company()
    buyer.check_out()
    buyer.is_in()
    assert buyer.seats() == 10
    assert buyer.has_invoice("$160.00")

    buyer.invite("ada", "ben")
    assert "/invitations/" in buyer.mail(f"ada@{buyer.domain}")

    shown = buyer.ask_for(13)
    buyer.confirm()
    assert buyer.seats() == 13
    assert buyer.has_invoice(shown)

    buyer.ask_for(11, when="renewal")
    buyer.confirm()
    assert buyer.seats() == 13
    page.goto("/")
    shoot(page, "home-before-renewal")

    buyer.move_time("renewal")
    shoot(page, "renewed")
    assert buyer.seats() == 11
    assert buyer.has_invoice("$176.00")
    page.goto("/")
    shoot(page, "home-after-renewal")
