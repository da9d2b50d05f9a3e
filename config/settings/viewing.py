"""What staff reach in the store while they look at it as a customer (accounts.viewing_guard). All else is refused them."""

# Pages of the customer's, by URL name: GET alone, shown as to the person whose eyes one borrows.
_PAGES = frozenset(
    f"storefront:{name}"
    for name in (
        *(
            "home",
            "header",
            "seats",
            "seat_preview",
            "seat_change",
            "cancellation",
            "promotion",
            "addon",
            "plan",
            "renewal",
            "sunset",
            "expansion",
        ),
        *("invoices", "credit_notes", "quotes", "quote", "payment_method", "pilot_conversion"),
        *("team", "invitation_revocation", "member_removal", "team_leaving", "ownership", "mail_preferences"),
        *("organization_settings", "billing_details", "people_settings", "organization_closure", "api_keys"),
        *("api_key_revocation", "webhooks", "webhook", "webhook_delivery", "webhook_deletion"),
        *("cart", "checkout", "checkout_attempt", "checkout_invoice", "talk"),
    )
)
# Pages for everybody, which know nobody and open no session.
_OPEN = frozenset(
    {
        *("storefront:pricing", "storefront:legal", "storefront:components", "brand_css", "manifest", "language"),
        *("api_schema", "api_docs", "stripe_webhook", "storefront:mail_events"),
    }
)
VIEWING = {"pages": _PAGES, "open": _OPEN}
