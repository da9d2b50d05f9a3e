"""The Checkout session verbs of the API. What a customer does on the page is in `checkout`."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts, checkout, customers, intents, items, subscriptions
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
    customer = customers.live(tx, params["customer"]) if params.get("customer") else None
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
    row["custom_text"].update(params.get("custom_text") or {})
    row["customer_details"] = checkout.details(customer, params)
    if params["mode"] == "subscription":
        _fill_items(tx, row, params)
    elif params["mode"] == "setup":
        row["currency"] = params.get("currency")
        row["setup_intent"] = intents.new_setup(
            tx, params.get("customer"), metadata=row["_setup_intent_data"].get("metadata") or {}
        )["id"]
    return tx.add(row)


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
        price = items.recurring_price(tx, items.price_id(tx, entry, index), f"line_items[{index}][price]")
        quantity = int(entry.get("quantity", 1))
        amount = amounts.half_up(amounts.of_price(price, quantity))
        item = tx.new(
            "item",
            price=price["id"],
            quantity=quantity,
            currency=price["currency"],
            amount_subtotal=amount,
            amount_total=amount,
            description=(tx.get("product", price["product"]) or {}).get("name"),
            adjustable_quantity=None,
            _tax_rates=list(entry.get("tax_rates") or []),
        )
        row["_line_items"].append(item)
        row["currency"] = price["currency"]
    trial = row["_subscription_data"].get("trial_period_days") or row["_subscription_data"].get("trial_end")
    invoice = _trial_run(tx, row)
    row["amount_subtotal"] = 0 if trial else invoice["subtotal"]
    row["amount_total"] = 0 if trial else invoice["total"]
    discount = sum(part["amount"] for part in invoice["total_discount_amounts"])
    taxes = sum(part["amount"] for part in invoice["total_taxes"])
    row["total_details"] = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": taxes}


def _trial_run(tx: Transaction, row: Obj) -> Obj:
    """The first invoice this session would lead to, on an overlay that is dropped."""
    inner = tx.child(preview=True)
    customer = row["customer"] or customers.new(inner, {})["id"]
    subscription = subscriptions.new(inner, checkout.wanted(row, customer))
    return inner.need("invoice", subscription["latest_invoice"])


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
    return checkout.expire(call.tx, row["id"])
