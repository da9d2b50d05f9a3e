"""What comes into an account without having been lived there: made-up histories, saved accounts; and emptying it."""


def test_import_reset_and_calls(client, control):
    now = 1_700_000_000
    rows = [{"object": "customer", "id": f"cus_seed{number}", "created": now + number} for number in range(50)]
    assert control("POST", "import", objects=rows) == {"imported": 50}
    assert client.v1.customers.list({"limit": 1}).data[0].id == "cus_seed49"
    assert client.v1.customers.retrieve("cus_seed7").created == now + 7
    assert client.v1.events.list().data == []
    assert control("GET", "calls")["count"] == 3
    control("DELETE", "account")
    assert client.v1.customers.list().data == []


def test_a_saved_account_is_loaded_and_lives_on(client, shop, account, control):
    clock, customer, subscription, item = shop.story()
    control("POST", "settings", after_retries="unpaid")
    saved = control("GET", "account")["state"]
    shop.more_seats(subscription, item)
    shop.customer()
    control("POST", "clock", advance_by=5)
    assert control("PUT", "account", state=saved) == {"loaded": sum(len(rows) for rows in saved.values())}
    assert control("GET", "account")["state"] == saved
    assert control("GET", "settings")["after_retries"] == "unpaid"
    assert control("GET", "clock")["offset"] == 0
    assert [row.id for row in client.v1.customers.list({"test_clock": clock}).data] == [customer.id]
    assert control("GET", "calls")["count"] == 1  # the one above
    shop.advance(clock, item.current_period_end + 7200)
    renewed = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert renewed["items"].data[0].quantity == 10
    assert renewed.latest_invoice.amount_paid == 10_000


def test_an_imported_subscription_lives_on(shop, client, control):
    price, now = shop.price(1000), control("GET", "clock")["now"]
    start, end = now - 10 * 86400, now + 20 * 86400
    item = {"id": "si_seed", "price": price.id, "quantity": 10, "current_period_start": start, "current_period_end": end}
    rows = [
        {
            "object": "customer",
            "id": "cus_seed",
            "email": "ada@acme.example",
            "invoice_settings": {"default_payment_method": "pm_seed"},
        },
        {"object": "payment_method", "id": "pm_seed", "customer": "cus_seed", "type": "card"},
        {"object": "subscription", "id": "sub_seed", "customer": "cus_seed", "created": start, "items": [item]},
        {
            "object": "invoice",
            "id": "in_seed",
            "customer": "cus_seed",
            "currency": "usd",
            "status": "paid",
            "total": 10_000,
            "lines": [],
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_seed"}},
        },
    ]
    control("POST", "import", objects=rows)
    assert [row.id for row in client.v1.invoices.list({"subscription": "sub_seed"}).data] == ["in_seed"]
    half = (start + end) // 2
    control("POST", "clock", advance_to=half)
    change = {
        "items": [{"id": "si_seed", "quantity": 12}],
        "proration_behavior": "always_invoice",
        "expand": ["latest_invoice"],
    }
    latest = client.v1.subscriptions.update("sub_seed", {**change, "proration_date": half}).latest_invoice
    assert [line.amount for line in latest.lines.data] == [-5000, 6000]
    control("POST", "clock", advance_to=end + 3600)
    assert client.v1.subscriptions.retrieve("sub_seed", {"expand": ["latest_invoice"]}).latest_invoice.amount_paid == 12_000
