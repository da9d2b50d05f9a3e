"""Customer portal sessions: an address at which a customer looks at invoices and changes the card. (The store uses none.)"""

from typing import Any, Final

from billing.sandbox import errors
from billing.sandbox.calls import Call
from billing.sandbox.engine import cards, payment_methods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# As long as Stripe's addresses can be opened.
OPEN_SECONDS: Final = 5 * 60
FEATURES: Final[dict[str, dict[str, Any]]] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": None,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    if not params.get("customer"):
        raise errors.invalid("Missing required param: customer.", "customer", "parameter_missing")
    if params.get("flow_data"):
        raise errors.invalid("The sandbox's portal has no flows.", "flow_data")
    tx.live_customer(params["customer"])
    configuration = _configuration(tx, params.get("configuration"))
    session = tx.new(
        "billing_portal.session",
        configuration=configuration["id"],
        customer=params["customer"],
        flow=None,
        locale=params.get("locale"),
        return_url=params.get("return_url") or configuration["default_return_url"],
        _opened_until=tx.account.time() + OPEN_SECONDS,
    )
    session["url"] = f"{tx.account.base_url}/p/session/{session['id']}"
    return tx.add(session)


def _configuration(tx: Transaction, wanted: str | None) -> Obj:
    if wanted:
        return tx.need("billing_portal.configuration", wanted, "configuration")
    for row in tx.rows.newest_first("billing_portal.configuration"):
        if row["is_default"]:
            return row
    raise errors.invalid(
        "You can't create a portal session in test mode until you save your customer portal settings in test mode at "
        "https://dashboard.stripe.com/test/settings/billing/portal."
    )


def create_configuration(call: Call) -> Obj:
    """Settings of the portal; the first ones are the default. What is not named is off, but for invoices and the card."""
    tx, params = call.tx, call.params
    is_first = next(iter(tx.rows.newest_first("billing_portal.configuration")), None) is None
    row = tx.new(
        "billing_portal.configuration",
        active=True,
        is_default=is_first,
        default_return_url=params.get("default_return_url") or None,
        features={name: {**FEATURES[name], **(params["features"].get(name) or {})} for name in FEATURES},
        login_page={"enabled": False, "url": None, **(params.get("login_page") or {})},
        metadata=dict(params.get("metadata") or {}),
        updated=tx.now,
    )
    profile = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    row["business_profile"] = {**profile, **(params.get("business_profile") or {})}
    return tx.add(row)


def retrieve_configuration(call: Call) -> Obj:
    return call.tx.need("billing_portal.configuration", call.ids["configuration"])


def is_open(tx: Transaction, session: Obj) -> bool:
    """Whether its address still leads somewhere."""
    return tx.account.time() < int(session["_opened_until"])


def use_card(tx: Transaction, customer: str, card: Obj) -> None:
    """A typed card becomes the customer's default. Raises what the bank says of one that it does not take."""
    tx.follow(customer)
    method = payment_methods.new(tx, cards.of_number(str(card["number"])), card)
    payment_methods.attach(tx, method, customer)
    tx.edit("customer", customer)["invoice_settings"]["default_payment_method"] = method["id"]
