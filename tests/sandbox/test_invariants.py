"""What holds for any sequence of changes: the preview is the charge, debits cover what is held, the books balance."""

import random

import pytest

START = 1_780_000_000
DAY = 86400
TIERS = [{"up_to": 10, "unit_amount": 999}, {"up_to": 40, "unit_amount": 871}, {"up_to": "inf", "unit_amount": 733}]


def _terms(shop, chance):
    """Discounts, taxes and the way prorations are shown, drawn."""
    create = shop.client.coupons.create
    coupons = [
        {"percent_off": "12.5", "duration": "forever"},
        {"amount_off": 1234, "currency": "usd", "duration": "repeating", "duration_in_months": 2},
        {"percent_off": 100, "duration": "once"},
        {"percent_off": 33, "duration": "once"},
    ]
    rates = [
        shop.client.tax_rates.create({"display_name": "VAT", "percentage": "19", "inclusive": inclusive}).id
        for inclusive in (True, False)
    ]
    shown = chance.choice(["included", "itemized"])
    chosen = chance.sample(coupons, chance.randint(0, 3))
    return {
        "discounts": [{"coupon": create(each).id} for each in chosen],
        "default_tax_rates": chance.sample(rates, chance.randint(0, 1)),
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": shown}},
    }


@pytest.mark.parametrize("seed", range(14))
def test_any_sequence_of_changes(shop, account, seed):
    chance = random.Random(seed)
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    tiered = {"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": TIERS}
    price = shop.price(**(tiered if seed % 2 else {"amount": 1337}))
    terms = _terms(shop, chance) if seed > 5 else {}
    if seed % 3 == 0:
        shop.client.customers.balance_transactions.create(
            customer.id, {"amount": chance.randint(-60_000, 900), "currency": "usd"}
        )
    subscription = shop.subscribe(customer, price, chance.randint(1, 30), **terms)
    item, now = subscription["items"].data[0].id, START
    for _ in range(12):
        now += chance.randint(1, 9 * DAY)
        shop.advance(clock.id, now)
        card = chance.choice(["pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail"])
        shop.card(customer.id, card)
        behavior = chance.choice(["always_invoice", "always_invoice", "create_prorations"])
        quantity = chance.randint(1, 60)
        change = {"items": [{"id": item, "quantity": quantity}], "proration_behavior": behavior, "proration_date": now}
        preview = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
        before = shop.client.subscriptions.retrieve(subscription.id)
        if before.status not in {"active", "past_due"}:
            break
        after = shop.client.subscriptions.update(
            subscription.id, {**change, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
        )
        if behavior == "always_invoice" and after.latest_invoice.id != before.latest_invoice:
            shown = [(line.amount, line.description, line.period.to_dict()) for line in preview.lines.data]
            charged = [(line.amount, line.description, line.period.to_dict()) for line in after.latest_invoice.lines.data]
            assert shown == charged
            assert (preview.total, preview.amount_due) == (after.latest_invoice.total, after.latest_invoice.amount_due)
        _adds_up(preview)
        if after.pending_update is None:
            assert after["items"].data[0].quantity == quantity
        else:
            assert after["items"].data[0].quantity == before["items"].data[0].quantity
            assert after.latest_invoice.status == "open"
        _debits_cover_the_period(account, subscription.id)
    _books_balance(shop, customer.id)


def _debits_cover_the_period(account, subscription):
    """Whoever pays by proration has each second of the present period billed exactly once."""
    row = account.store.get("subscription", subscription)
    item = row["items"]["data"][0]
    debits = [debit for debit in row["_debits"] if debit["item"] == item["id"] and debit["end"] == item["current_period_end"]]
    assert len(debits) == 1
    assert (debits[0]["quantity"], debits[0]["price"]) == (item["quantity"], item["price"])


def _adds_up(invoice):
    """Lines, less discounts, plus the taxes on top, are the total; and the taxes in sum are those of the lines."""
    lines = invoice.lines.data
    off = sum(part.amount for line in lines for part in line.discount_amounts)
    taxes = [tax for line in lines for tax in line.taxes]
    on_top = sum(tax.amount for tax in taxes if tax.tax_behavior == "exclusive")
    assert invoice.total == sum(line.amount for line in lines) - off + on_top
    assert sum(part.amount for part in invoice.total_discount_amounts) == off
    assert sum(tax.amount for tax in invoice.total_taxes) == sum(tax.amount for tax in taxes)
    assert invoice.total_excluding_tax == invoice.total - sum(tax.amount for tax in taxes)


def _books_balance(shop, customer):
    """Charged cards plus the balance used is what paid invoices came to; the balance is the sum of its movements."""
    invoices = list(shop.client.invoices.list({"customer": customer, "limit": 100}).auto_paging_iter())
    charges = shop.client.charges.list({"customer": customer, "limit": 100}).auto_paging_iter()
    moves = list(shop.client.customers.balance_transactions.list(customer, {"limit": 100}).auto_paging_iter())
    assert sum(charge.amount for charge in charges if charge.paid) == sum(row.amount_paid for row in invoices)
    assert shop.client.customers.retrieve(customer).balance == sum(move.amount for move in moves)
    settled = sum(row.total for row in invoices if row.status == "paid")
    open_share = sum(move.amount for move in moves if move.type == "unapplied_from_invoice")
    used = {row.id for row in invoices if row.status == "paid"}
    applied = sum(move.amount for move in moves if move.invoice in used)
    assert settled == sum(row.amount_paid for row in invoices) + applied
    assert open_share <= 0
