"""kill -9 of the web server in the middle of customers' confirmations, each at another moment of it."""

import threading

import pytest

from billing.models import SeatChange
from billing.services import webhook_endpoints
from tests.faults import moments, programs
from tests.faults import store as stores

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]
MOMENTS = (*moments.OF_A_PROMISE, *moments.OF_A_COMMAND[1:])


def confirm_all(cases, url):
    threads = [threading.Thread(target=case.confirm, args=[url], daemon=True) for case in cases]
    for thread in threads:
        thread.start()
    return threads


def stop_and_kill(store, cases, kill):
    """Everybody confirms; each is stopped at a moment of their own; then the power goes. No pulse runs meanwhile."""
    for case, moment in zip(cases, MOMENTS, strict=True):
        case.moment = moment
        case.look(store.url)
    waits = []
    moments.spring(store.traps, cases, lambda: waits.extend(confirm_all(cases, store.url)))
    kill()
    store.traps.open()
    for thread in waits:
        thread.join(20)
        assert not thread.is_alive()
    assert_half_done(cases)
    stores.assert_held_by_the_dead(cases, but_not=(*moments.OF_A_PROMISE, moments.booked))
    stores.time_passes()


def recover(store, cases, web, *, times):
    """Web and pulse are up again; whoever saw no answer presses the button once more."""
    pulse = store.pulse()
    web.wait_until(store.answers)
    assert {case.confirm(store.url) for case in cases} == {303}
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    for case in cases:
        stores.assert_charged_once(case, times)
        case.before = case.wanted
    return pulse


def assert_half_done(cases):
    """The traps were where they say: a promise only from its commit on, an outcome only from breath 3's."""
    for case in cases:
        change = SeatChange.objects.filter(subscription=case.row, quantity_after=case.wanted).first()
        state = change and change.state
        wanted = {moments.promise_begun: None, moments.booked: "done"}.get(case.moment, "sending")
        assert state == wanted, case.moment


def test_killed_at_every_moment_of_a_confirmation(store, letters):
    cases = stores.customers(len(MOMENTS))
    endpoint = webhook_endpoints.ensure(url=f"{store.url}/webhooks/stripe/")
    store.environment["STRIPE_WEBHOOK_SECRET"] = endpoint.secret
    web = store.web()
    web.wait_until(store.answers)

    # Its worker process: granian makes a new one by itself.
    stop_and_kill(store, cases, lambda: programs.kill_all(web.children()))
    recover(store, cases, web, times=1).kill()

    # All of it, and whoever watches over it starts it again. Everybody is stopped at another moment than before.
    stop_and_kill(store, cases[1:] + cases[:1], web.kill)
    pulse = recover(store, cases, store.web(), times=2)

    before = stores.everything()
    assert {case.confirm(store.url) for case in cases} == {303}
    stores.ask_again()
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    assert stores.everything() == before
    assert set(letters.ids.values()) == {1}, "each mail was sent once"
