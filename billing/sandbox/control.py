"""The sandbox's own controls under /_sandbox/: faults, webhook weather, the clock, settings, call counts, reset, import.

The account is named by the API key in the Authorization header, as for the API itself. Bodies and answers are JSON.

Three ways in for what was not lived here: POST import takes objects in Stripe's own shape and adds them ({"objects": [...]}: a
made-up history); PUT account makes the account what GET account gave ({"state": {type: {id: object}}}: a saved one, of this or
another account, with the sandbox's own notes, its time and its settings; recorded calls and faults are forgotten); PATCH
account adds what is not there yet of such a state (a history that was lived in another account), and sends no event.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from billing.sandbox import api, clock, errors, holder
from billing.sandbox.accounts import Account
from billing.sandbox.engine import cards, disputes, imports, test_clocks
from billing.sandbox.http import Request, Response, answer
from billing.sandbox.state import Obj
from billing.sandbox.tenants import Tenants


def handle(sandbox: Tenants, request: Request) -> Response:
    """Answer one control call."""
    try:
        verb = VERBS.get((request.method, request.path), _unknown)
        account = sandbox.account(api.account_name(api.key_of(request)))
        body = json.loads(request.body) if request.body else {}
        return answer(verb(account, body))
    except errors.StripeError as error:
        return answer(error.body(), error.status)
    except (ValueError, TypeError, KeyError) as error:
        return answer(errors.invalid(f"The body was not understood: {error!r}").body(), 400)


def _unknown(_: Account, __: Obj) -> Any:
    raise errors.StripeError(f"No such control; there are {', '.join(' '.join(key) for key in VERBS)}", status=404)


def _faults(account: Account, body: Obj) -> Any:
    with account.lock:
        return asdict(account.faults.add(body))


def _list_faults(account: Account, _: Obj) -> Any:
    return {"data": [asdict(fault) for fault in account.faults.waiting]}


def _clear_faults(account: Account, _: Obj) -> Any:
    account.faults.waiting.clear()
    return {"data": []}


def _webhooks(account: Account, body: Obj) -> Any:
    weather = account.webhooks
    weather.change(body)
    return {
        "duplicate": weather.duplicate,
        "delay": weather.delay,
        "shuffle": weather.shuffle,
        "withhold": weather.withhold,
        "held": len(weather.held),
        "idle": account.deliveries.idle(),
    }


def _release(account: Account, body: Obj) -> Any:
    account.webhooks.withhold = bool(body.get("withhold", False))
    return {"released": account.deliveries.release(account)}


def _next_payment(account: Account, body: Obj) -> Any:
    outcome = str(body.get("outcome", "declined"))
    if outcome not in cards.OUTCOMES:
        raise errors.invalid(f"Invalid outcome: must be one of {', '.join(sorted(cards.OUTCOMES))}", "outcome")
    account.outcomes.append({"outcome": outcome, "customer": body.get("customer")})
    return {"waiting": account.outcomes}


def _decide_dispute(account: Account, body: Obj) -> Any:
    """The bank's word on what is under review: {"dispute": id, "won": true}."""
    with account.lock:
        tx = account.begin()
        disputes.decide(tx, body["dispute"], won=bool(body.get("won")))
        account.commit(tx)
    return {}


def _calls(account: Account, _: Obj) -> Any:
    return {"count": account.calls_total, "data": account.calls}


def _forget_calls(account: Account, _: Obj) -> Any:
    account.calls.clear()
    account.calls_total = 0
    return {"count": 0, "data": []}


def _reset(account: Account, _: Obj) -> Any:
    with account.lock:
        account.deliveries.forget(account)
        account.reset()
    return {"reset": True}


def _dump(account: Account, _: Obj) -> Any:
    with account.lock:
        return {"state": account.dump()}


def _load(account: Account, body: Obj) -> Any:
    with account.lock:
        account.deliveries.forget(account)
        account.load(body["state"])
        return {"loaded": sum(len(rows) for rows in body["state"].values())}


def _add(account: Account, body: Obj) -> Any:
    with account.lock:
        given = body["state"].items()
        new = {kind: {key: row for key, row in rows.items() if account.store.get(kind, key) is None} for kind, rows in given}
        account.write({kind: rows for kind, rows in new.items() if rows})
        return {"added": sum(len(rows) for rows in new.values())}


def _import(account: Account, body: Obj) -> Any:
    with account.lock:
        return {"imported": imports.load(account, body["objects"])}


def _clock(account: Account, _: Obj) -> Any:
    with account.lock:
        return clock.describe(account)


def _advance(account: Account, body: Obj) -> Any:
    with account.lock:
        target = int(body["advance_to"]) if "advance_to" in body else account.time() + int(body["advance_by"])
        done = clock.advance_account(account, target)
        return {**clock.describe(account), "done": done}


def _settings(account: Account, body: Obj) -> Any:
    unknown = sorted(body.keys() - holder.DEFAULT_SETTINGS.keys())
    if unknown:
        raise errors.invalid(f"Received unknown setting: {unknown[0]}", unknown[0])
    if body.get("after_retries", "past_due") not in {"canceled", "unpaid", "past_due"}:
        raise errors.invalid("Invalid after_retries: must be one of canceled, unpaid, or past_due", "after_retries")
    with account.lock:
        if body:
            account.save_note("settings", values=account.note("settings").get("values", {}) | body)
        return account.settings


def _release_clock(account: Account, body: Obj) -> Any:
    with account.lock:
        released = test_clocks.release(account, str(body["test_clock"]))
        clock.run(account, account.time())
        return {"released": released}


VERBS: dict[tuple[str, str], Callable[[Account, Obj], Any]] = {
    ("POST", "/_sandbox/faults"): _faults,
    ("GET", "/_sandbox/faults"): _list_faults,
    ("DELETE", "/_sandbox/faults"): _clear_faults,
    ("POST", "/_sandbox/webhooks"): _webhooks,
    ("POST", "/_sandbox/webhooks/release"): _release,
    ("POST", "/_sandbox/next_payment"): _next_payment,
    ("POST", "/_sandbox/disputes"): _decide_dispute,
    ("GET", "/_sandbox/calls"): _calls,
    ("DELETE", "/_sandbox/calls"): _forget_calls,
    ("GET", "/_sandbox/account"): _dump,
    ("PUT", "/_sandbox/account"): _load,
    ("PATCH", "/_sandbox/account"): _add,
    ("DELETE", "/_sandbox/account"): _reset,
    ("POST", "/_sandbox/import"): _import,
    ("GET", "/_sandbox/clock"): _clock,
    ("POST", "/_sandbox/clock"): _advance,
    ("POST", "/_sandbox/test_clocks/release"): _release_clock,
    ("GET", "/_sandbox/settings"): _settings,
    ("POST", "/_sandbox/settings"): _settings,
}
