"""Paying on invoice, without a database: when it is due, and where a transfer goes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import payment_terms

INSTANTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda epoch: datetime.fromtimestamp(epoch, UTC))


@given(INSTANTS, st.integers(1, 120), st.integers(1, 120))
def test_later_terms_are_due_later_and_never_before_the_invoice(issued_at, days, more):
    due_at = payment_terms.due_at(issued_at, days)
    assert due_at > issued_at
    assert payment_terms.due_at(issued_at, days + more) - due_at == timedelta(days=more)
    local = payment_terms.due_at(issued_at.astimezone(ZoneInfo("Europe/Berlin")), days)
    assert local.timestamp() == due_at.timestamp(), "whole days, also where clocks change between them"


@given(INSTANTS, st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Nowhere/Land"]))
def test_the_day_it_is_due_is_the_customers_own_to_its_end(due_at, zone):
    over_at = payment_terms.overdue_at(due_at, zone)
    place = ZoneInfo(zone) if zone != "Nowhere/Land" else UTC
    assert over_at > due_at
    assert (over_at.astimezone(place) - timedelta(seconds=1)).date() == due_at.astimezone(place).date()
    assert over_at.astimezone(place).date() > due_at.astimezone(place).date()


@given(st.sampled_from(["usd", "eur", "gbp", "jpy", "mxn", "chf", "sek"]), st.sampled_from(["DE", "AT", "US", "NL", ""]))
def test_a_transfer_goes_to_the_currencys_own_account(currency, country):
    found = payment_terms.transfer(currency, country)
    assert (found is None) == (currency in {"chf", "sek"})
    said = payment_terms.payment_settings(found)
    assert said["payment_method_types"][0] == "card"
    assert ("customer_balance" in said["payment_method_types"]) == (found is not None)
    if currency == "eur":
        assert found["eu_bank_transfer"]["country"] in payment_terms.EURO_ACCOUNTS


@pytest.mark.parametrize("kind", payment_terms.FIELDS)
def test_of_an_account_what_ones_bank_asks_for_is_kept(kind):
    fields = payment_terms.FIELDS[kind]
    address = {"type": kind, kind: {name: f"the {name}" for name in fields} | {"bank_address": {"city": "Sandbox"}}}
    assert payment_terms.account({"financial_addresses": [{"type": "other"}, address]}) == {
        "kind": kind,
        **{name: f"the {name}" for name in fields},
    }
    assert payment_terms.account({"financial_addresses": []}) == {}
