"""manage.py stripe_setup: what it makes, what it only says, and that a check writes nothing."""

import pytest
from django.core.management import CommandError, call_command

from billing import gateway
from billing.models import Price
from billing.rules import stripe_events
from config import clock
from tests import shelf

URL = "https://store.example/webhooks/stripe/"


@pytest.fixture
def setup(shop, settings, capsys, tmp_path):
    sold = tmp_path / "catalog.toml"
    sold.write_text(shelf.text(), encoding="utf-8")
    settings.CATALOG_FILE = sold
    settings.STRIPE_WEBHOOK_SECRET = "whsec_kept"
    settings.STRIPE_POLL_EVENTS = False
    shop.control("DELETE", "calls")

    def setup(**options):
        try:
            call_command("stripe_setup", url=URL, **options)
        except CommandError as error:
            return f"{capsys.readouterr().out}\n{error}"
        return capsys.readouterr().out

    return setup


def writes(shop):
    return [(call["method"], call["path"]) for call in shop.control("GET", "calls")["data"] if call["method"] != "GET"]


def endpoint(**values):
    params = {"url": URL, "enabled_events": sorted(stripe_events.ALLOWED), "api_version": gateway.API_VERSION} | values
    return gateway.create_webhook_endpoint(params, key=f"t{len(gateway.webhook_endpoints())}")


def test_a_check_of_a_fresh_account_writes_nothing_and_says_what_to_mend(setup, shop):
    said = setup(check=True)
    assert "mend  webhook  No endpoint sends events to this store." in said
    assert "1 to mend" in said
    assert "ok    key      sandbox mode" in said
    assert "ok    account  acct_" in said
    assert "ok    catalog" in said
    assert "ok    portal" in said
    assert "note  tax      Stripe Tax is not set up (missing: head_office)" in said
    assert "s between Stripe's clock" in said
    assert writes(shop) == []


def test_setting_up_registers_the_endpoint_tells_its_secret_once_and_is_idempotent(setup, shop, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    said = setup()
    assert "done  webhook" in said
    assert said.count("STRIPE_WEBHOOK_SECRET=whsec_") == 1
    [made] = gateway.webhook_endpoints()
    assert (made.url, made.api_version, set(made.enabled_events)) == (URL, gateway.API_VERSION, set(stripe_events.ALLOWED))
    settings.STRIPE_WEBHOOK_SECRET = "whsec_kept"
    shop.control("DELETE", "calls")
    again = setup()
    assert "ok    webhook" in again
    assert "whsec_" not in again
    assert writes(shop) == []
    assert "to mend" not in setup(check=True)


def test_a_wrong_endpoint_is_mended_in_place_and_keeps_its_secret(setup):
    made = endpoint(enabled_events=["invoice.paid", "charge.succeeded"])
    gateway.update_webhook_endpoint(made.id, {"disabled": True}, key="off")
    said = setup(check=True)
    for words in ("is disabled", "does not send", "checkout.session.completed", "nobody listens to: charge.succeeded"):
        assert words in said, words
    assert "whsec_" not in setup()
    [mended] = gateway.webhook_endpoints()
    assert (mended.id, mended.status, len(mended.enabled_events)) == (made.id, "enabled", len(stripe_events.ALLOWED))


def test_an_endpoint_of_another_version_is_replaced(setup, shop):
    made = endpoint()
    row = shop.account.store.get("webhook_endpoint", made.id)
    shop.account.write({"webhook_endpoint": {made.id: {**row, "api_version": "2020-08-27"}}})
    assert "speaks API version 2020-08-27" in setup(check=True)
    assert "STRIPE_WEBHOOK_SECRET=whsec_" in setup()
    assert [one.id == made.id for one in gateway.webhook_endpoints()] == [False]


def test_duplicates_are_named_and_dropped_and_others_only_named(setup):
    kept, _second = endpoint(), endpoint()
    other = endpoint(url="https://old.example/hook", description="Storefront")
    said = setup(check=True)
    assert "second endpoint at the same address" in said
    assert f"note  webhook  {other.id} sends to https://old.example/hook too" in said
    setup()
    assert {one.id for one in gateway.webhook_endpoints()} <= {kept.id, _second.id, other.id}
    assert len(gateway.webhook_endpoints()) == 2


def test_a_missing_secret_is_named(setup, settings):
    endpoint()
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert "STRIPE_WEBHOOK_SECRET is not set" in setup(check=True)


def test_without_a_public_address_the_poller_is_said(setup, settings, shop):
    settings.STRIPE_POLL_EVENTS = True
    assert "STRIPE_POLL_EVENTS is on" in setup()
    assert writes(shop) == []


def test_a_portal_that_goes_past_the_store_is_switched_off(setup, shop):
    features = {name: {"enabled": True} for name in ("subscription_update", "subscription_cancel", "payment_method_update")}
    row = {"object": "billing_portal.configuration", "id": "bpc_1", "active": True, "features": features}
    shop.control("POST", "import", objects=[row | {"login_page": {"enabled": True, "url": "https://x.example"}}])
    endpoint()
    assert "subscription_update, subscription_cancel, login_page" in setup(check=True)
    assert "switched off" in setup()
    [held] = gateway.portal_configurations()
    assert (held.features.subscription_cancel.enabled, held.features.payment_method_update.enabled) == (False, True)
    assert "ok    portal" in setup(check=True)


def test_a_catalog_that_stripe_lost_or_archived_is_applied_again(setup, shop):
    endpoint()
    first, second = Price.objects.filter(retired_at=None)[:2]
    rows = {row.pk: shop.account.store.get("price", row.stripe_price_id) for row in (first, second)}
    shop.account.write({"price": {first.stripe_price_id: {**rows[first.pk], "active": False}, second.stripe_price_id: None}})
    said = setup(check=True)
    assert "is archived at Stripe" in said
    assert "Stripe has no price under" in said
    assert "done  catalog" in setup()
    assert "ok    catalog" in setup(check=True)


def test_a_key_that_opens_nothing_ends_it(setup, monkeypatch):
    def refuse():
        raise gateway.Refused("Invalid API Key provided")

    monkeypatch.setattr(gateway, "account", refuse)
    said = setup(check=True)
    assert "Invalid API Key" in said
    assert "webhook" not in said


def test_a_clock_that_is_off_is_named(setup, monkeypatch):
    account = gateway.account
    monkeypatch.setattr(gateway, "account", lambda: (account()[0], "Thu, 01 Jan 2026 00:00:00 GMT"))
    assert "mend  clock" in setup(check=True)
    monkeypatch.setattr(gateway, "account", lambda: (account()[0], ""))
    assert "note  clock" in setup(check=True)
    assert clock.wall().year >= 2026


@pytest.mark.parametrize(("key", "words"), [("sk_live_1", "live mode, secret"), ("rk_test_1", "test mode, restricted")])
def test_the_keys_mode(setup, settings, monkeypatch, key, words):
    account = gateway.account()
    monkeypatch.setattr(gateway, "account", lambda: account)
    endpoint()
    settings.STRIPE_SANDBOX = False
    settings.STRIPE_SECRET_KEY = key
    assert words in setup(check=True)


def test_stripe_silent(setup, monkeypatch):
    def silent():
        raise gateway.Unreachable("no answer")

    monkeypatch.setattr(gateway, "account", silent)
    assert "run the command again" in setup(check=True)
