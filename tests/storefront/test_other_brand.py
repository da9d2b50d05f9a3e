"""Another vendor's store: with other settings and another catalog nothing is left of the demo's, in page, mail or PDF."""

import re

import pytest
import requests
from django.conf import settings
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.queries import legal
from accounts.services import outbox, rendering
from billing import sandbox_control
from config import clock
from storefront import shells
from tests import shelf
from tests.accounts import test_every_mail
from tests.house import asking
from tests.journeys import test_every_page, test_every_state
from tests.storefront import test_mails

GLOBEX = {
    "name": "Globex",
    "product": "Globex Notes",
    "legal_name": "Globex Example Ltd",
    "tagline": "Notes of another kind",
    "tagline_de": "Andere Notizen",
    "address": "1 Sample Street, Leeds",
    "mark": "img/globex.svg",
    "product_url": "https://notes.globex.example/",
    "support_email": "help@globex.example",
}
# Codes of a catalog stand in addresses (plan=fieldnote/team); names, addresses and drawings are the brand's.
TRACE = re.compile(
    r"Fieldnote|fieldnote\.example|Beispielweg|//product\.example|img/(?:mark|favicon)\.svg|field teams|Teams vor Ort"
)
# Links that work once, or only for whoever a step before has let in.
PASSING = {
    "storefront:entry",
    "storefront:cart_new",
    "mailbox",
    "mailbox_mail",
    "storefront:components",
    "storefront:sandbox_bar",
}


@pytest.fixture
def globex(monkeypatch):
    demo = {name: settings.BRAND[name] for name in GLOBEX}
    assert all(demo[name] != GLOBEX[name] for name in GLOBEX)
    assert f"{demo['name']} <{demo['support_email']}>" == settings.DEFAULT_FROM_EMAIL
    for name, value in GLOBEX.items():
        monkeypatch.setitem(settings.BRAND, name, value)
    _forget()
    yield
    _forget()


def _forget():
    """What a process keeps of its brand, which changes with its settings alone."""
    shells.forget()
    legal.documents.cache_clear()


@pytest.fixture
def renamed(monkeypatch):
    """A catalog of another product."""
    put, text = shelf.put_on_sale, shelf.text().replace("Fieldnote", "Globex Notes")
    monkeypatch.setattr(shelf, "put_on_sale", lambda: put(text))


def trace(where, text):
    return [f"{where}: …{text[max(found.start() - 60, 0) : found.end() + 20]}…" for found in TRACE.finditer(text)]


@pytest.mark.usefixtures("globex", "renamed", "db")
def test_no_page_names_the_demos_vendor(client):
    world, found, seen = asking.build(), [], 0
    pages = sorted((test_every_page.LISTED | test_every_state.LISTED) - PASSING)
    for person, language in ((None, "en"), (world.cast.owner, "de"), (world.cast.member, "en")):
        if person:
            client.force_login(person)
        for name in pages:
            answer = client.get(reverse(name, args=world.args.get(name, [])), headers={"Accept-Language": language})
            if answer.status_code == 200:
                found += trace(f"{name} in {language}", answer.content.decode())
                seen += 1
    for address in ("/nowhere/", reverse("manifest")):
        found += trace(address, client.get(address).content.decode())
    assert not found, "\n".join(found)
    assert seen > len(pages)
    assert "Globex Notes" in client.get(reverse("storefront:pricing")).content.decode()


@pytest.mark.usefixtures("globex")
@pytest.mark.parametrize("language", ["en", "de"])
def test_no_mail_names_it(cast, language):
    kinds = {f"billing/{kind}": context for kind, context in test_mails.CONTEXTS.items()}
    kinds |= {f"accounts/{kind}": test_every_mail.CONTEXT for kind in test_every_mail.KINDS}
    found = []
    for kind, context in kinds.items():
        at, said = clock.now(), {"subject_row": "x:1", "to": cast.owner, "organization": cast.acme, "context": context}
        outbox.write(kind=kind, at=at, locale=language, **said)
        mail = rendering.message(OutgoingMail.objects.latest("id"))
        found += trace(kind, f"{mail.subject} {mail.body} {mail.alternatives[0].content}")
    assert not found, "\n".join(found)


def test_no_invoice_names_it(shop, globex):
    sandbox_control.name_merchant(settings.BRAND["name"])
    invoice = shop.at_stripe(shop.buy(seats=10)).latest_invoice
    url = invoice.invoice_pdf if hasattr(invoice, "invoice_pdf") else f"{settings.STRIPE_API_BASE}/i/{invoice}/pdf"
    pdf = requests.get(url, timeout=30).content
    assert pdf.startswith(b"%PDF")
    assert b"Globex" in pdf
    assert not TRACE.search(pdf.decode("latin-1"))
