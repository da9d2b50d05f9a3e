"""The API's front door: keys, versions, limits, faults, idempotency, parameters; then the verb, whole or not at all."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

import stripe

from billing.sandbox import contract, errors, ids, routes
from billing.sandbox.accounts import Account
from billing.sandbox.calls import Call, Verb
from billing.sandbox.faults import Fault
from billing.sandbox.http import Request, Response, answer
from billing.sandbox.paging import Page
from billing.sandbox.rendering import paths, render
from billing.sandbox.state import Obj
from billing.sandbox.tenants import Tenants
from billing.sandbox.transactions import Transaction

KEY_SECONDS = 24 * 3600
LONGEST_KEY = 255
LONGEST_HANG_SECONDS = 600


@dataclass
class Exchange:
    """A call on its way through."""

    request: Request
    account: Account
    params: dict[str, Any]
    entry: Obj
    id: str = field(default_factory=lambda: ids.fresh("request"))
    fault: Fault | None = None

    @property
    def key(self) -> str | None:
        return self.request.headers.get("idempotency-key") if self.request.method == "POST" else None

    @property
    def fingerprint(self) -> str:
        told = [self.request.method, self.request.path, self.params]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def key_of(request: Request) -> str:
    """The API key. Raises 401 for none, for a live one, and for what is no key at all."""
    header = request.headers.get("authorization", "")
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        rest = base64.b64decode(rest.encode()).decode("utf-8", "replace").partition(":")[0]
    if not rest:
        raise errors.StripeError("You did not provide an API key. Send it as 'Authorization: Bearer sk_test_...'.", status=401)
    if rest.startswith(("sk_live_", "rk_live_")):
        raise errors.StripeError(
            "This is the offline sandbox and it refuses live keys. Use a key that starts with sk_test_.", status=401
        )
    if not rest.startswith(("sk_test_", "rk_test_")) or len(rest) == len("sk_test_"):
        raise errors.StripeError("Invalid API Key provided: it must start with sk_test_.", status=401)
    return rest


def account_name(key: str) -> str:
    """What names the account: the key without its kind, so that a restricted key opens the same account."""
    return key.split("_test_", 1)[1]


def handle(sandbox: Tenants, request: Request) -> Response:
    """Answer one call of the API."""
    exchange: Exchange | None = None
    try:
        account = sandbox.account(account_name(key_of(request)))
        exchange = _receive(account, request)
        response = _answer(exchange)
    except errors.StripeError as error:
        response = answer(error.body(), error.status)
    except contract.ParameterError as error:
        response = answer(error.body(), error.status)
    response.headers.setdefault("Request-Id", exchange.id if exchange else ids.fresh("request"))
    response.headers["Stripe-Version"] = stripe.api_version
    if exchange:
        exchange.entry["status"] = response.status
        if exchange.key:
            response.headers["Idempotency-Key"] = exchange.key
        if exchange.fault:
            _after(exchange.fault, response)
    return response


def _receive(account: Account, request: Request) -> Exchange:
    params = contract.decode(request.query)
    if request.body:
        params |= contract.decode(request.body)
    with account.lock:
        entry = account.record_call(request.method, request.path, request.headers.get("idempotency-key"), params)
        too_many = account.over_limit()
    version = request.headers.get("stripe-version", stripe.api_version)
    if version != stripe.api_version:
        raise errors.invalid(f"Invalid Stripe API version: {version}. This sandbox speaks {stripe.api_version} alone.")
    if too_many:
        raise _rate_limited()
    return Exchange(request, account, params, entry)


def _rate_limited() -> errors.StripeError:
    return errors.StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        status=429,
    )


def _answer(exchange: Exchange) -> Response:
    account, request = exchange.account, exchange.request
    with account.lock:
        exchange.fault = account.faults.take(request.method, request.path)
    if exchange.key is None:
        return _early(exchange) or _perform(exchange)
    return _once(exchange, exchange.key)


def _early(exchange: Exchange) -> Response | None:
    """What a fault does ahead of the verb; an answer ends the call there."""
    fault = exchange.fault
    if fault is None:
        return None
    if fault.kind == "429":
        error = _rate_limited()
        return answer(error.body(), error.status)
    if fault.kind in {"hang", "slow"}:
        time.sleep(min(fault.seconds, LONGEST_HANG_SECONDS))
    return Response(drop=True) if fault.kind in {"hang", "drop"} else None


def _after(fault: Fault, response: Response) -> None:
    response.drop = response.drop or fault.kind == "drop_after_effect"


def _once(exchange: Exchange, key: str) -> Response:
    """Answer a call that carries an idempotency key: at most one effect a key."""
    account = exchange.account
    if len(key) > LONGEST_KEY:
        raise errors.IdempotencyError(f"Keys for idempotent requests are limited to {LONGEST_KEY} characters.")
    with account.lock:
        saved = _saved(account, key)
        if saved is not None:
            return _replay(exchange, saved)
        if key in account.in_flight:
            raise errors.IdempotencyError(
                f"There is currently another in-progress request using this Idempotent Key: {key}.",
                code="idempotency_key_in_use",
                status=409,
            )
        account.in_flight.add(key)
    try:
        return _early(exchange) or _perform(exchange)
    finally:
        with account.lock:
            account.in_flight.discard(key)


def _saved(account: Account, key: str) -> Obj | None:
    saved = account.store.get("_idempotency", key)
    if saved is None or saved["created"] < time.time() - KEY_SECONDS:
        return None
    return saved


def _replay(exchange: Exchange, saved: Obj) -> Response:
    if saved["fingerprint"] != exchange.fingerprint:
        raise errors.IdempotencyError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{saved['id']}' if you meant to execute a different request.",
        )
    exchange.entry["replayed"] = True
    headers = {"Idempotent-Replayed": "true", "Original-Request": saved["request"], "Request-Id": saved["request"]}
    return answer(saved["body"], saved["status"], headers)


def _perform(exchange: Exchange) -> Response:
    """Check the parameters, then run the verb under the account's lock."""
    verb, found = routes.find(exchange.request.method, exchange.request.path)
    params = contract.check(exchange.request.method, exchange.request.path, exchange.params)
    with exchange.account.lock:
        status, body = _run(exchange, verb, found, params)
    return answer(body, status)


def _run(exchange: Exchange, verb: Verb, found: dict[str, str], params: dict[str, Any]) -> tuple[int, Any]:
    """The verb's status and body. Its effect and its answer for the key are committed together, or neither is."""
    account, fault = exchange.account, exchange.fault
    tx = account.begin()
    try:
        if fault and fault.kind == "500":
            raise errors.ApiError
        expand = paths(params.pop("expand", None))
        call = Call(account, tx, params, found, exchange.request.path)
        result = verb(call)
        view = call.view or tx
        status, body = 200, result.render(view, expand) if isinstance(result, Page) else render(view, result, expand)
        if fault and fault.kind == "500_after_effect":
            status, body = 500, errors.ApiError().body()
    except errors.StripeError as error:
        status, body = error.status, error.body()
        tx = tx if error.keeps_work else account.begin()
    if exchange.key:
        _remember(tx, exchange, exchange.key, (status, body))
    account.commit(tx, {"id": exchange.id, "idempotency_key": exchange.key})
    return status, body


def _remember(tx: Transaction, exchange: Exchange, key: str, told: tuple[int, Any]) -> None:
    """Keep the answer for a replay. Old keys are forgotten on the way."""
    now = int(time.time())
    for created, _, old in exchange.account.store.table("_idempotency").order[:20]:
        if created < now - KEY_SECONDS:
            tx.rows.remove("_idempotency", old)
    row = {
        "id": key,
        "object": "_idempotency",
        "created": now,
        "fingerprint": exchange.fingerprint,
        "status": told[0],
        "body": told[1],
        "request": exchange.id,
    }
    tx.rows.put("_idempotency", row)
