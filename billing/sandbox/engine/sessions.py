"""The Checkout session verbs of the API. What a customer does on the page is in `checkout`."""

from billing.sandbox import errors, paging, places
from billing.sandbox.calls import Call
from billing.sandbox.engine import bank_accounts, checkout, checkout_ends, checkout_sums, intents, items, tax_rates
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600
KEPT = (
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "customer_creation",
    "locale",
    "success_url",
    "return_url",
    "submit_type",
    "billing_address_collection",
    "allow_promotion_codes",
    "consent_collection",
    "payment_method_collection",
    "integration_identifier",
)


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    _check(params)
    customer = tx.live_customer(params["customer"]) if params.get("customer") else None
    _check_money(tx, params, customer)
    row = tx.new(
        "checkout.session",
        mode=params["mode"],
        ui_mode=params.get("ui_mode", "hosted_page"),
        status="open",
        metadata={},
        payment_method_types=["card"],
        customer=params.get("customer"),
        expires_at=_expiry(tx, params),
        custom_fields=[],
        payment_status="no_payment_required" if params["mode"] == "setup" else "unpaid",
        origin_context=None,
        _clock=(customer or {}).get("test_clock"),
        _line_items=[],
        _subscription_data=params.get("subscription_data") or {},
        _customer_update=params.get("customer_update") or {},
        _setup_intent_data=params.get("setup_intent_data") or {},
        _discounts=params.get("discounts") or [],
    )
    assign(row, params, *KEPT)
    row["url"] = f"{tx.account.base_url}/c/pay/{row['id']}"
    row["tax_id_collection"] = {"required": "never", **(params.get("tax_id_collection") or {"enabled": False})}
    row["phone_number_collection"] = params.get("phone_number_collection") or {"enabled": False}
    row["payment_method_collection"] = params.get("payment_method_collection") or "always"
    enabled = bool((params.get("automatic_tax") or {}).get("enabled"))
    liability = {"type": "self", "account": None} if enabled else None
    row["automatic_tax"] = {
        "enabled": enabled,
        "liability": liability,
        "provider": "stripe" if enabled else None,
        "status": None,
    }
    row["custom_text"].update(params.get("custom_text") or {})
    row["customer_details"] = checkout.details(customer, params)
    if params["mode"] == "subscription":
        _fill_items(tx, row, params)
        row["payment_method_types"] = _offered(row["currency"], params)
    elif params["mode"] == "setup":
        row["currency"] = params.get("currency")
        row["payment_method_types"] = _offered(row["currency"], params)
        row["setup_intent"] = intents.new_setup(
            tx, params.get("customer"), metadata=row["_setup_intent_data"].get("metadata") or {}
        )["id"]
    return tx.add(row)


def _offered(currency: str | None, params: Obj) -> list[str]:
    """Cards, and of the bank debits those that are asked for by name and can debit this currency: the parameter is a filter."""
    allowed = params.get("allowed_payment_method_types") or ["card"]
    known = ("card", *(kind for kind, own in bank_accounts.CURRENCIES.items() if own == currency))
    found = [kind for kind in known if kind in allowed and kind not in (params.get("excluded_payment_method_types") or [])]
    if not found:
        raise errors.invalid("No valid payment method types for this Checkout Session.", "allowed_payment_method_types")
    return found


def _check(params: Obj) -> None:
    if params.get("mode") not in {"subscription", "setup"}:
        raise errors.invalid("The sandbox's Checkout has the modes subscription and setup.", "mode")
    if params.get("customer") and params.get("customer_email"):
        raise errors.invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if params.get("customer_creation") and params["mode"] != "payment":
        raise errors.invalid("`customer_creation` can only be used in `payment` mode.", "customer_creation")
    collects = (params.get("tax_id_collection") or {}).get("enabled")
    if collects and params.get("customer") and (params.get("customer_update") or {}).get("name") != "auto":
        raise errors.invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing "
            "customer, please set `customer_update[name]` to `auto`.",
            "customer_update[name]",
        )
    if params.get("customer_update") and not params.get("customer"):
        raise errors.invalid("`customer_update` can only be used with `customer`.", "customer_update")
    if params.get("ui_mode", "hosted_page") == "hosted_page" and not params.get("success_url"):
        raise errors.invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    if params["mode"] == "subscription" and not params.get("line_items"):
        raise errors.invalid("Missing required param: line_items.", "line_items", "parameter_missing")


def _expiry(tx: Transaction, params: Obj) -> int:
    wanted = int(params.get("expires_at") or tx.now + LONGEST_SECONDS)
    if not tx.now + SHORTEST_SECONDS - 60 <= wanted <= tx.now + LONGEST_SECONDS + 60:
        raise errors.invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.", "expires_at"
        )
    return wanted


def _fill_items(tx: Transaction, row: Obj, params: Obj) -> None:
    for index, entry in enumerate(params["line_items"]):
        price = _price(tx, entry, index)
        row["_line_items"].append(
            tx.new(
                "item",
                price=price["id"],
                quantity=int(entry.get("quantity", 1)),
                currency=price["currency"],
                description=(tx.get("product", price["product"]) or {}).get("name"),
                metadata=dict(entry.get("metadata") or {}),
                adjustable_quantity=None,
                _tax_rates=tax_rates.named(tx, entry.get("tax_rates"), f"line_items[{index}][tax_rates]"),
            )
        )
        row["currency"] = price["currency"]
    if all(tx.need("price", item["price"])["type"] == "one_time" for item in row["_line_items"]):
        raise errors.invalid("A session in `subscription` mode needs at least one recurring price.", "line_items")
    checkout_sums.price(tx, row, checkout_sums.Basket())


def _price(tx: Transaction, entry: Obj, index: int) -> Obj:
    """A line's price: recurring, or charged once with the first invoice."""
    if entry.get("price_data"):
        return items.inline_price(tx, entry["price_data"])
    price = tx.need("price", entry.get("price"), f"line_items[{index}][price]")
    return (
        price
        if price["type"] == "one_time" and price["active"]
        else items.recurring_price(tx, price["id"], f"line_items[{index}][price]")
    )


def _check_money(tx: Transaction, params: Obj, customer: Obj | None) -> None:
    """Discounts, automatic tax and trials as a session may combine them."""
    if params.get("discounts") and params.get("allow_promotion_codes") is not None:
        raise errors.invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.", "discounts")
    if len(params.get("discounts") or []) > 1:
        raise errors.invalid("You may only specify one discount for a session.", "discounts")
    automatic = (params.get("automatic_tax") or {}).get("enabled")
    saved = (params.get("customer_update") or {}).get("address") == "auto"
    if automatic and customer and not saved and places.of(tx, customer).country is None:
        raise errors.invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the "
            "Customer or set `customer_update[address]` to 'auto' to save the address entered in Checkout.",
            code="customer_tax_location_invalid",
        )
    if params.get("payment_method_collection") == "if_required" and params.get("mode") != "subscription":
        raise errors.invalid(
            "`payment_method_collection` can only be used in `subscription` mode.", "payment_method_collection"
        )


def retrieve(call: Call) -> Obj:
    return call.tx.need("checkout.session", call.ids["id"], "session")


def update(call: Call) -> Obj:
    row = call.tx.edit("checkout.session", call.ids["id"], "session")
    assign(row, call.params)
    return row


def list_all(call: Call) -> Page:
    params = call.params
    where = {name: params.get(name) for name in ("customer", "created", "payment_intent", "status", "subscription")}
    email = (params.get("customer_details") or {}).get("email")
    return paging.listing(
        call.tx,
        "checkout.session",
        params,
        call.url,
        where=where,
        keep=lambda row: not email or (row["customer_details"] or {}).get("email") == email,
    )


def list_items(call: Call) -> Page:
    rows = call.tx.need("checkout.session", call.ids["session"], "session")["_line_items"]
    return paging.cut(call.tx, rows, "line_item", call.params, call.url, test=bool)


def expire(call: Call) -> Obj:
    row = checkout.session(call.tx, call.ids["session"])
    if row["status"] != "open":
        raise errors.invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {row['status']}.",
        )
    return checkout_ends.expire(call.tx, row["id"])
