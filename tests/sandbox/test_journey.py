"""The main story from price to renewal, through the real client."""

MONTH = 31 * 86400
VOLUME = [{"up_to": 10, "unit_amount": 1000}, {"up_to": 50, "unit_amount": 900}, {"up_to": "inf", "unit_amount": 800}]


def test_checkout_seats_up_down_and_renewal(client, shop, submit, account, control):
    price = shop.price(billing_scheme="tiered", tiers_mode="volume", tiers=VOLUME, lookup_key="team-month-usd")
    customer = shop.customer(card=None)
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "ui_mode": "hosted_page",
            "customer": customer.id,
            "line_items": [{"price": price.id, "quantity": 10}],
            "success_url": "http://store.example/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://store.example/cart",
            "subscription_data": {"metadata": {"cart": "7"}},
        }
    )
    assert (session.status, session.amount_total) == ("open", 10_000)
    assert session.url.startswith("http://127.0.0.1:")
    outcome = submit(session.id)
    assert outcome.url == f"http://store.example/done?session={session.id}"
    session = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    subscription = session.subscription
    assert (session.status, session.payment_status) == ("complete", "paid")
    assert (subscription.status, subscription.metadata["cart"]) == ("active", "7")
    assert subscription.latest_invoice.status == "paid"
    assert subscription.latest_invoice.payments.data[0].status == "paid"
    assert session.line_items.data[0].price.id == price.id

    # Three seats more, at the previewed price.
    item = subscription["items"].data[0]
    half = (item.current_period_start + item.current_period_end) // 2
    control("POST", "clock", advance_to=half)
    change = {"items": [{"id": item.id, "quantity": 13}], "proration_behavior": "always_invoice", "proration_date": half}
    preview = client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    updated = client.v1.subscriptions.update(
        subscription.id, {**change, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
    )
    assert updated["items"].data[0].quantity == 13
    assert updated.pending_update is None
    assert updated.latest_invoice.status == "paid"
    assert updated.latest_invoice.total == preview.total == 5850 - 5000
    assert (
        [line.amount for line in updated.latest_invoice.lines.data]
        == [line.amount for line in preview.lines.data]
        == [-5000, 5850]
    )

    # Two seats less, with the next period.
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    present = schedule.phases[0]
    client.v1.subscription_schedules.update(
        schedule.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "items": [{"price": price.id, "quantity": 13}],
                    "start_date": present.start_date,
                    "end_date": present.end_date,
                },
                {"items": [{"price": price.id, "quantity": 11}], "proration_behavior": "none"},
            ],
        },
    )
    renewal = client.v1.invoices.create_preview({"subscription": subscription.id})
    assert renewal.total == 11 * 900
    control("POST", "clock", advance_to=item.current_period_end + 3601)
    renewed = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert renewed["items"].data[0].quantity == 11
    assert (renewed.latest_invoice.status, renewed.latest_invoice.total) == ("paid", 11 * 900)
    assert renewed.latest_invoice.billing_reason == "subscription_cycle"
    assert renewed["items"].data[0].current_period_start == item.current_period_end
    types = {event.type for event in client.v1.events.list({"limit": 100}).data}
    assert {
        "checkout.session.completed",
        "customer.subscription.created",
        "invoice.paid",
        "customer.subscription.updated",
    } <= types
