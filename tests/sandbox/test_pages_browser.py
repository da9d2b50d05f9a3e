"""The sandbox's pages in a real browser: bought on a phone without JavaScript, nothing refused by the pages' own policy."""

import http.server
import os
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from config.local import chromium

CHROMIUM = chromium.find()
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=chromium.ADVICE)


class Store(http.server.BaseHTTPRequestHandler):
    """The page of the store that Checkout leads back to, on an origin of its own."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>The store</title>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def store_address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium():
    # Root has no sandbox of the kernel's to put Chromium into.
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def checkout(client, store_address):
    """A session of three seats, as the store makes it."""
    product = client.v1.products.create({"name": "Fieldnote Team"})
    price = client.v1.prices.create(
        {"currency": "eur", "product": product.id, "unit_amount": 1200, "recurring": {"interval": "month"}}
    )
    customer = client.v1.customers.create({"email": "owner@acme.example"})
    return client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price.id, "quantity": 3}],
            "success_url": f"{store_address}/done?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{store_address}/back",
            "tax_id_collection": {"enabled": True},
            "customer_update": {"name": "auto"},
        }
    )


def serious(page) -> list[str]:
    """What axe finds that keeps people out."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
@pytest.mark.parametrize("screen", [(390, "dark"), (1280, "light")], ids=["phone", "desk"])
def test_a_buyer_is_declined_asked_by_the_bank_and_arrives_in_the_store(chromium, checkout, store_address, scripts, screen):
    width, scheme = screen
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
    page.goto(checkout.url)
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(page) == []
        assert page.evaluate("getComputedStyle(document.querySelector('.primary')).fontWeight") == "600", (
            "the stylesheet is applied"
        )
    page.get_by_role("button", name="Use the card 4000 0000 0000 9995").click()
    page.get_by_label("Name on the card").fill("Ada Beispiel")
    page.get_by_role("button", name="Subscribe, €36.00 today").click()
    expect(page.get_by_role("alert")).to_contain_text("Your card has insufficient funds.")
    expect(page.get_by_label("Card number")).to_have_value("")
    if scripts:
        assert serious(page) == []
    page.get_by_label("Card number").fill("4000 0027 6000 3184")
    page.get_by_label("Expiry (MM/YY)").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Security code").press("Enter")
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"{store_address}/done?session={checkout.id}")
    page.goto(checkout.url)
    expect(page.get_by_role("status")).to_contain_text("Everything is paid")
    context.close()
    assert complaints == []
