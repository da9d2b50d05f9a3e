"""Requests against the contract: the real client's encodings pass, what Stripe would refuse is refused in its words."""

import subprocess
import sys
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.sandbox import contract
from billing.sandbox.contract import operations, routes, sources


class Recorder(stripe.HTTPClient):
    """The wire, kept instead of sent."""

    name = "recorder"

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[contract.Request] = []

    def request(self, method, url, headers=None, post_data=None):
        path, _, query = url.removeprefix("https://api.stripe.com").partition("?")
        self.requests.append(contract.Request(method, path, post_data if method == "post" else query))
        return "{}", 200, {}


@pytest.fixture
def wire():
    return Recorder()


@pytest.fixture
def client(wire):
    return stripe.StripeClient("sk_test_contract", http_client=wire).v1


def refusal(method: str, path: str, encoded: str) -> contract.ParameterError:
    with pytest.raises(contract.ParameterError) as caught:
        contract.check(method, path, contract.decode(encoded))
    return caught.value


def test_every_call_of_the_services_is_found_with_its_parameters():
    calls = sum(
        path.read_text().count("self._request(") - path.read_text().count("# self._request(")
        for path in sources.root().rglob("_*_service.py")
        if "v2" not in path.relative_to(sources.root()).parts
    )
    assert len(routes.every()) == calls > 500
    for route in routes.every():
        assert all(name.isidentifier() for name in operations.parameters_of(route))


@pytest.mark.parametrize(
    ("method", "path", "name", "values"),
    [
        ("POST", "/v1/subscriptions/sub_1", "subscriptions.update", {"subscription_exposed_id": "sub_1"}),
        ("get", "/v1/subscriptions/search", "subscriptions.search", {}),
        ("post", "/v1/invoices/create_preview", "invoices.create_preview", {}),
        ("delete", "/v1/customers/cus_1/tax_ids/txi_1", "customers.tax_ids.delete", {"customer": "cus_1", "id": "txi_1"}),
        ("post", "/v1/test_helpers/test_clocks/c/advance", "test_helpers.test_clocks.advance", {"test_clock": "c"}),
        ("get", "/v1/coupons/ACME%2F10", "coupons.retrieve", {"coupon": "ACME/10"}),
    ],
)
def test_an_operation_knows_its_name_and_its_path(method, path, name, values):
    operation = contract.operation(method, path)
    assert operation is not None
    assert (operation.name, operation.path_params) == (name, values)


@pytest.mark.parametrize(("method", "path"), [("get", "/v1/nothing"), ("put", "/v1/customers"), ("post", "/v2/core/events")])
def test_an_unknown_url_is_no_operation(method, path):
    assert contract.operation(method, path) is None
    refused = refusal(method, path, "")
    assert refused.status == 404
    assert refused.message.startswith(f"Unrecognized request URL ({method.upper()}: {path})")


def sell_everything(client: Any) -> None:
    """One request of each kind that the store makes."""
    client.products.create({"name": "Field plan", "metadata": {"code": "field"}})
    client.prices.create(
        {
            "currency": "usd",
            "product": "prod_1",
            "billing_scheme": "tiered",
            "tiers_mode": "volume",
            "tiers": [{"up_to": 10, "unit_amount": 1200}, {"up_to": "inf", "unit_amount_decimal": "999.5"}],
            "recurring": {"interval": "month"},
            "lookup_key": "field_month_usd",
            "transfer_lookup_key": True,
        }
    )
    client.customers.create({"email": "owner@acme.example", "address": {"country": "DE"}, "expand": ["tax_ids"]})
    client.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": "cus_1",
            "ui_mode": "hosted_page",
            "line_items": [{"price": "price_1", "quantity": 3, "adjustable_quantity": {"enabled": False}}],
            "subscription_data": {"metadata": {"command": "c1"}},
            "tax_id_collection": {"enabled": True},
            "allow_promotion_codes": True,
            "success_url": "https://store.example/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://store.example/back",
            "locale": "de",
        }
    )
    client.subscriptions.update(
        "sub_1",
        {
            "items": [{"id": "si_1", "quantity": 13}, {"id": "si_2", "deleted": True}],
            "payment_behavior": "pending_if_incomplete",
            "proration_behavior": "always_invoice",
            "proration_date": 1_800_000_000,
            "default_tax_rates": "",
            "cancel_at": "min_period_end",
            "trial_end": "now",
            "billing_cycle_anchor": {"type": "now"},
        },
    )
    client.invoices.create_preview(
        {
            "subscription": "sub_1",
            "subscription_details": {"items": [{"id": "si_1", "quantity": 13}], "proration_date": 1_800_000_000},
        }
    )
    client.subscription_schedules.update(
        "sub_sched_1",
        {
            "end_behavior": "release",
            "phases": [
                {"items": [{"price": "price_1", "quantity": 13}], "start_date": 1, "end_date": 2},
                {"items": [{"price": "price_1", "quantity": 11}], "proration_behavior": "none"},
            ],
        },
    )
    client.events.list({"created": {"gte": 1}, "types": ["invoice.paid"], "limit": 100})
    client.webhook_endpoints.create({"url": "https://store.example/hook", "enabled_events": ["*"]})
    client.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000})
    client.customers.delete("cus_1")


def test_the_real_clients_encodings_pass(client, wire):
    sell_everything(client)
    assert contract.check_request_log(wire.requests) == 11


def test_values_come_out_typed(client, wire):
    sell_everything(client)
    update = next(request for request in wire.requests if request.path == "/v1/subscriptions/sub_1")
    assert contract.check("post", update.path, contract.decode(update.params)) == {
        "items": [{"id": "si_1", "quantity": 13}, {"id": "si_2", "deleted": True}],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
        "proration_date": 1_800_000_000,
        "default_tax_rates": "",
        "cancel_at": "min_period_end",
        "trial_end": "now",
        "billing_cycle_anchor": {"type": "now"},
    }
    price = next(request for request in wire.requests if request.path == "/v1/prices")
    assert contract.check("post", price.path, contract.decode(price.params))["tiers"] == [
        {"up_to": 10, "unit_amount": 1200},
        {"up_to": "inf", "unit_amount_decimal": "999.5"},
    ]


@pytest.mark.parametrize(
    ("path", "encoded", "message", "param", "code"),
    [
        ("subscriptions/s", "seats=3", "Received unknown parameter: seats", "seats", "parameter_unknown"),
        (
            "subscriptions/s",
            "items[0][quantitty]=3",
            "Received unknown parameter: items[0][quantitty]. Did you mean items[0][quantity]?",
            "items[0][quantitty]",
            "parameter_unknown",
        ),
        ("products", "name=a&foo=1&bar=2", "Received unknown parameters: foo, bar", "foo", "parameter_unknown"),
        ("prices", "unit_amount=100", "Missing required param: currency.", "currency", "parameter_missing"),
        (
            "checkout/sessions",
            "line_items[0][price_data][currency]=usd&line_items[0][price_data][recurring][interval_count]=1",
            "Missing required param: line_items[0][price_data][recurring][interval].",
            "line_items[0][price_data][recurring][interval]",
            "parameter_missing",
        ),
        (
            "subscriptions/s",
            "items[0][quantity]=abc",
            "Invalid integer: abc",
            "items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            "subscriptions/s",
            "items[1][quantity]=1.5",
            "Invalid integer: 1.5",
            "items[1][quantity]",
            "parameter_invalid_integer",
        ),
        ("subscriptions/s", "trial_end=soon", "Invalid integer: soon", "trial_end", "parameter_invalid_integer"),
        (
            "subscriptions/s",
            "proration_behavior=some",
            "Invalid proration_behavior: must be one of always_invoice, create_prorations, or none",
            "proration_behavior",
            None,
        ),
        (
            "subscriptions",
            "collection_method=cash",
            "Invalid collection_method: must be one of charge_automatically or send_invoice",
            "collection_method",
            None,
        ),
        (
            "checkout/sessions",
            "ui_mode=hosted",
            "Invalid ui_mode: must be one of elements, embedded_page, form, or hosted_page",
            "ui_mode",
            None,
        ),
        ("subscriptions/s", "cancel_at_period_end=yes", "Invalid boolean: yes", "cancel_at_period_end", None),
        ("prices", "currency=usd&unit_amount_decimal=ten", "Invalid decimal: ten", "unit_amount_decimal", None),
        ("prices", "currency=usd&unit_amount_decimal=NaN", "Invalid decimal: NaN", "unit_amount_decimal", None),
        ("customers", "email[0]=a", 'Invalid string: {"0"=>"a"}', "email", None),
        ("customers", "address=Berlin", "Invalid object", "address", None),
        ("subscriptions/s", "items=all", "Invalid array", "items", None),
        ("subscriptions/s", "items[first][quantity]=1", "Invalid array", "items", None),
        ("customers", "metadata=abc", "Invalid object", "metadata", None),
        (
            "prices",
            "currency=",
            (
                "You passed an empty string for 'currency'. We assume empty values are an attempt to unset a parameter; "
                "however 'currency' cannot be unset. "
                "You should remove 'currency' from your request or supply a non-empty value."
            ),
            "currency",
            "parameter_invalid_empty",
        ),
        (
            "invoices",
            f"custom_fields[0][name]=PO&custom_fields[0][value]={'7' * 141}",
            "Invalid string: 7777777777...7777777777; must be at most 140 characters",
            "custom_fields[0][value]",
            None,
        ),
        (
            "invoices",
            "&".join(f"custom_fields[{index}][name]=a&custom_fields[{index}][value]=b" for index in range(5)),
            "Array custom_fields exceeded maximum 4 allowed elements.",
            "custom_fields",
            None,
        ),
        (
            "customers",
            f"metadata[a]={'x' * 501}",
            (
                "Metadata values can have up to 500 characters, but you passed in a value that is 501 characters. "
                f"Invalid value: {'x' * 501}"
            ),
            "metadata[a]",
            None,
        ),
        (
            "customers",
            "&".join(f"metadata[k{index}]=v" for index in range(51)),
            "Metadata can have up to 50 keys, but you passed in 51.",
            "metadata",
            None,
        ),
    ],
)
def test_a_refusal_is_in_stripes_words(path, encoded, message, param, code):
    refused = refusal("post", f"/v1/{path}", encoded)
    assert (refused.message, refused.param, refused.code, refused.status) == (message, param, code, 400)


def test_the_body_of_a_refusal_is_stripes_error_shape():
    assert refusal("post", "/v1/products", "name=a&foo=1").body() == {
        "error": {
            "code": "parameter_unknown",
            "doc_url": "https://stripe.com/docs/error-codes/parameter-unknown",
            "message": "Received unknown parameter: foo",
            "param": "foo",
            "type": "invalid_request_error",
        }
    }


@pytest.mark.parametrize(
    ("path", "encoded", "typed"),
    [
        (
            "subscriptions/s",
            "metadata=&description=&pause_collection=",
            {"metadata": "", "description": "", "pause_collection": ""},
        ),
        ("subscriptions/s", "metadata[seat]=", {"metadata": {"seat": ""}}),
        ("subscriptions/s", "items[10][id]=b&items[9][id]=a", {"items": [{"id": "a"}, {"id": "b"}]}),
        ("subscriptions/s", "off_session=true&cancel_at=1800000000", {"off_session": True, "cancel_at": 1_800_000_000}),
        ("coupons", "percent_off=12.50&duration=once", {"percent_off": "12.5", "duration": "once"}),
        (
            "prices",
            "currency=jpy&currency_options[eur][unit_amount]=5&unit_amount=-0",
            {"currency": "jpy", "currency_options": {"eur": {"unit_amount": 5}}, "unit_amount": 0},
        ),
    ],
)
def test_what_may_be_unset_and_how_values_are_read(path, encoded, typed):
    assert contract.check("post", f"/v1/{path}", contract.decode(encoded)) == typed


def test_lists_are_read_in_both_spellings():
    for encoded in ("expand[]=customer&expand[]=items", "expand[0]=customer&expand[1]=items"):
        assert contract.check("get", "/v1/subscriptions/s", contract.decode(encoded)) == {"expand": ["customer", "items"]}


@pytest.mark.parametrize("encoded", ["items=1&items[0][id]=a", "items[0][id]=a&items=1", "items[0]=a&items[0][id]=a"])
def test_a_name_cannot_be_a_value_and_a_hash(encoded):
    with pytest.raises(contract.ParameterError, match="Invalid object"):
        contract.decode(encoded)


KEYS = st.text("abcdefgh_", min_size=1, max_size=8)
LEAVES = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3)
    ),
    max_size=4,
)


def indexed(value: Any) -> Any:
    if isinstance(value, list):
        return {str(position): indexed(each) for position, each in enumerate(value)}
    return {key: indexed(each) for key, each in value.items()} if isinstance(value, dict) else value


@given(TREES)
def test_decoding_undoes_the_clients_encoding(tree):
    wire = Recorder()
    stripe.StripeClient("sk_test_contract", http_client=wire).raw_request("post", "/v1/anything", **tree)
    assert contract.decode(wire.requests[0].params or "") == indexed(tree)


@given(TREES, st.sampled_from(routes.every()))
def test_any_request_is_typed_or_refused(tree, route):
    """Nothing else can come out, whatever is sent: no crash, and no value that was not asked for."""
    path = "/" + "/".join("x" if segment.startswith("{") else segment for segment in route.segments)
    try:
        typed = contract.check(route.method, path, indexed(tree))
    except contract.ParameterError as refused:
        typed, outcome = None, refused.status
    else:
        outcome = 200
    assert (outcome, typed and typed.keys()) in [(400, None), (200, typed and tree.keys())]


@given(st.integers(-(10**18), 10**18), st.booleans(), st.decimals(-(10**9), 10**9, places=6))
def test_numbers_survive_the_wire(integer, boolean, decimal):
    wire = Recorder()
    client = stripe.StripeClient("sk_test_contract", http_client=wire).v1
    client.prices.create({"currency": "usd", "unit_amount": integer, "active": boolean, "unit_amount_decimal": decimal})
    typed = contract.check("post", "/v1/prices", contract.decode(wire.requests[0].params))
    assert typed["unit_amount"] == integer
    assert typed["active"] is boolean
    assert type(decimal)(typed["unit_amount_decimal"]) == decimal


def test_the_contract_imports_neither_stripe_nor_django_nor_the_project():
    program = (
        "import sys; from billing.sandbox import contract; contract.skeleton('invoice');"
        "contract.check('get', '/v1/events', {});"
        "print([name for name in sys.modules if name.partition('.')[0] in {'stripe', 'django', 'config', 'accounts'}"
        " or (name.startswith('billing.') and not name.startswith('billing.sandbox'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
