"""A buyer at the keyboard: the steps of the thin journey, found by names and addresses, so that it goes in every language."""

import re
import time
import uuid
from urllib.parse import urljoin

PASSWORD = "correct horse battery staple"
GOOD_CARD = "4242 4242 4242 4242"
MAIL_SECONDS = 60
MOVE_SECONDS = 240


class Buyer:
    """One person in one browser window; `shoot` keeps pictures of the way."""

    def __init__(self, page, shoot, *, has_scripts=True, who="olive"):
        self.page = page
        self.shoot = shoot
        self.has_scripts = has_scripts
        self.company = f"Acme {uuid.uuid4().hex[:6]}"
        self.domain = f"{uuid.uuid4().hex[:8]}.example"
        self.email = f"{who}@{self.domain}"

    def choose(self, plan, seats):
        """From the prices to the cart."""
        page = self.page
        page.goto("/pricing/")
        number = page.locator("input[name=seats]").first
        if self.has_scripts:
            # The cards are replaced when the answer comes: a click in that very moment would be on a card that has gone.
            with page.expect_response(lambda answer: f"seats={seats}" in answer.url):
                number.fill(str(seats))
            still = ":root:not(:has(.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added))"
            page.locator(still).wait_for(state="attached")
        else:
            number.fill(str(seats))
            page.locator("form:has(input[name=seats]) button[type=submit]").first.click()
        link = page.locator(f'a[href*="plan={plan.replace("/", "%2F")}"][href*="seats={seats}"]').first
        link.wait_for()
        self.shoot(page, "pricing")
        link.click()
        page.wait_for_url("**/cart/**")
        self.shoot(page, "cart")

    def arrive(self, plan, seats, country="US", *, employees="10-49", currency="usd"):
        """To the cart with an account and a company, by the same forms without drawing them: for what is about later steps."""
        self._get(f"/cart/new/?plan={plan}&seats={seats}&interval=month&currency={currency}")
        page = self._get("/account/signup/")
        page = self._send(page, {"email": self.email, "name": "Olive Owner", "password1": PASSWORD})
        self._send(page, {"code": self.code()})
        page = self._get("/organizations/new/")
        self._send(page, {"name": self.company, "country": country, "employee_bracket": employees})
        self.page.goto("/cart/")

    def sign_up(self):
        page = self.page
        page.locator('a[href^="/account/signup/"]').first.click()
        page.locator("input[name=email]").fill(self.email)
        page.locator("input[name=name]").fill("Olive Owner")
        page.locator("input[name=password1]").fill(PASSWORD)
        self.shoot(page, "sign-up")
        page.locator("main form button[type=submit]").first.click()
        page.locator("input[name=code]").wait_for()
        self.shoot(page, "code")
        page.locator("input[name=code]").fill(self.code())
        page.locator("main form:has(input[name=code]) button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/(cart|organizations/new)/"))

    def name_company(self, country="US"):
        page = self.page
        if "/cart/" in page.url:
            page.locator('a[href^="/organizations/new/"]').click()
        page.locator("input[name=name]").fill(self.company)
        page.locator("select[name=country]").select_option(country)
        page.locator("select[name=employee_bracket]").select_option("10-49")
        self.shoot(page, "company")
        page.locator("main form button[type=submit]").last.click()
        page.wait_for_url("**/cart/**")

    def check_out(self, number=GOOD_CARD):
        """Accept the terms, go to the payment page, pay."""
        page = self.page
        page.locator("input[name=accept]").check()
        self.shoot(page, "cart-signed-in")
        page.locator("form:has(input[name=accept]) button").click()
        page.wait_for_url("**/c/pay/**")
        self.pay(number)

    def pay(self, number=GOOD_CARD):
        page = self.page
        page.locator("[name=card_number]").fill(number)
        page.locator("[name=card_expiry]").fill("12/40")
        page.locator("[name=card_cvc]").fill("123")
        page.locator("[name=card_name]").fill("Olive Owner")
        self.shoot(page, "payment-page")
        page.locator("button[name=action][value=pay]").click()

    def buy_on_invoice(self):
        """From the cart over the store's own step."""
        page = self.page
        page.get_by_role("link", name="Pay by invoice (NET 30)").click()
        for name, value in (("line1", "1 Acme Street"), ("city", "Springfield"), ("purchase_order", "PO-7")):
            page.locator(f"input[name={name}]").fill(value)
        page.locator("input[name=accept]").check()
        self.shoot(page, "on-invoice")
        page.get_by_role("button", name=re.compile("Buy for .* on invoice")).click()
        self.is_in()

    def buy_by_debit(self, iban):
        """From the cart over the payment page, with a bank account."""
        page = self.page
        page.locator("input[name=accept]").check()
        page.locator("form:has(input[name=accept]) button").click()
        page.wait_for_url("**/c/pay/**")
        page.locator('a[href*="method=sepa_debit"]').click()
        page.locator("[name=iban]").fill(iban)
        page.locator("[name=card_name]").fill("Olive Owner")
        page.locator("button[name=action][value=pay]").click()
        self.is_in()

    def answer_the_bank(self):
        """Say yes to the bank's question."""
        self.page.locator("button[name=answer][value=complete]").click()

    def finish_paying(self):
        """From home to the change that waits, and in a tab of its own over the invoice's page; the first tab then says so."""
        page = self.page
        page.goto("/")
        page.locator('a[href^="/seats/changes/"]').first.click()
        page.locator("#purchase[data-state=waiting]").wait_for()
        self.shoot(page, "waiting")
        with page.context.expect_page() as opened:
            page.locator('a[href$="/payment/"]').click()
        self.page = opened.value
        self.page.wait_for_url("**/i/**")
        self.pay()
        self.page.locator("button[value=pay]").wait_for(state="detached")
        self.page.close()
        self.page = page
        self.see_it_done()

    def see_it_done(self):
        """In the tab one came from: it turns by itself, or, without scripts, when it is asked to look again."""
        done = self.page.locator("#purchase[data-state=done]")
        deadline = time.monotonic() + MAIL_SECONDS
        while not self.has_scripts and not done.count() and time.monotonic() < deadline:
            self.page.locator(".purchase__look a").click()
            self.page.wait_for_load_state()
            time.sleep(0.3)
        done.wait_for()
        self.shoot(self.page, "paid-and-back")

    def is_in(self):
        """Wait until the page says so, by whichever of event and look-up comes first."""
        page = self.page
        page.locator("#purchase[data-state=applied]").wait_for()
        self.shoot(page, "you-are-in")

    def has_card(self):
        """Whether the home page knows the card; it is heard of within seconds of the purchase."""
        deadline = time.monotonic() + MAIL_SECONDS
        while True:
            self.page.goto("/")
            if self.page.get_by_text("•••• 4242").count():
                return True
            assert time.monotonic() < deadline, "no card is known"
            time.sleep(0.3)

    def invite(self, *names):
        page = self.page
        page.goto("/seats/")
        page.locator("input[name=emails]").fill(", ".join(f"{name}@{self.domain}" for name in names))
        page.locator("form:has(input[name=emails]) button").click()
        page.wait_for_load_state()
        self.shoot(page, "invited")

    def ask_for(self, seats, when="now"):
        """Type a number; the receipt's total as it is shown."""
        page = self.page
        page.goto("/seats/")
        if when == "renewal":
            page.locator("label:has(input[name=when][value=renewal])").click()
        page.locator("input[name=seats]").first.fill(str(seats))
        if not self.has_scripts:
            page.locator("main form:has(input[name=when][type=radio]) button.button").first.click()
        total = page.locator("#answer .receipt__total dd")
        page.locator("#answer form .button[data-kind=primary]").wait_for()
        self.shoot(page, f"price-of-{seats}-{when}")
        return total.inner_text()

    def confirm(self):
        page = self.page
        page.locator("#answer form .button[data-kind=primary]").click()
        page.wait_for_load_state()
        self.shoot(page, "confirmed")

    def seats(self):
        """What the seats page says in its head."""
        self.page.goto("/seats/")
        return int(re.search(r"\d+", self.page.locator("h1").inner_text())[0])

    def sees(self, path, what, *, gone=False):
        """Open a page again until it has `what(page)`, or has it no more (`gone`): it is heard of within seconds."""
        deadline = time.monotonic() + MAIL_SECONDS
        self.page.goto(path)
        while bool(what(self.page).count()) == gone:
            assert time.monotonic() < deadline, f"{self.page.url}: {self.page.locator('main').inner_text()}"
            time.sleep(0.3)
            self.page.goto(path)
        return True

    def has_seats(self, count):
        """Whether the page says so many seats, within seconds of the event."""
        deadline = time.monotonic() + MAIL_SECONDS
        while (found := self.seats()) != count:
            assert time.monotonic() < deadline, f"{found} seats, not {count}"
            time.sleep(0.3)
        return True

    def has_invoice(self, amount):
        """Whether the newest invoice in the list is of this amount; it is mirrored within seconds."""
        deadline = time.monotonic() + MAIL_SECONDS
        shown = ""
        while time.monotonic() < deadline:
            self.page.goto("/invoices/")
            cells = self.page.locator("tbody tr:first-child td[data-numeric] strong")
            shown = cells.first.inner_text() if cells.count() else ""
            if shown == amount:
                return True
            time.sleep(0.3)
        raise AssertionError(f"the newest invoice is of {shown or 'nothing'}, not {amount}")

    def move_time(self, move):
        page = self.page
        page.goto("/seats/")
        page.locator(f'.sandbox button[value="{move}"]').click()
        page.wait_for_load_state()
        page.wait_for_url(lambda url: "/demo/clock/" not in url, timeout=MOVE_SECONDS * 1000)

    def _get(self, address):
        answer = self.page.context.request.get(address)
        assert answer.ok, f"{address}: {answer.status}"
        return answer

    def _send(self, page, fields):
        """Send the form of a page that was fetched."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text())[1]
        answer = self.page.context.request.post(page.url, form={"csrfmiddlewaretoken": token, **fields})
        assert answer.ok, f"{page.url}: {answer.status}"
        assert answer.url != page.url, f"{page.url} refused {sorted(fields)}"
        return answer

    def code(self):
        """The code from the newest mail to this buyer."""
        return re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)?)\s*$", self.mail(), re.MULTILINE)[1]

    def mail(self, to=None, *, subject=""):
        """The plain text of the newest mail to an address, from the demo's mailbox."""
        request = self.page.context.request
        deadline = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < deadline:
            listing = request.get(f"/demo/mailbox/?to={to or self.email}").text()
            found = re.findall(r'href="(/demo/mailbox/[^"/]+/)">([^<]*)<', listing)
            wanted = [path for path, title in found if subject in title]
            if wanted:
                text = request.get(urljoin(self.page.url, wanted[0])).text()
                return re.search(r'<pre class="mail-text">(.*?)</pre>', text, re.DOTALL)[1]
            time.sleep(0.2)
        raise AssertionError(f"no mail to {to or self.email} came")
