"""kill -9 of the web server in the middle of its requests: more seats, the way to the payment page and back.

Everybody is stopped at another moment, and one kill takes them all.
"""

import threading

import pytest

from billing.models import SeatChange
from billing.services.offering import webhook_endpoints
from tests.faults import buyers, moments, programs
from tests.faults import store as stores

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]
MOMENTS = (*moments.OF_A_PROMISE, *moments.OF_A_COMMAND[1:])


def press_all(people, url):
    threads = [threading.Thread(target=one.press, args=[url], daemon=True) for one in people]
    for thread in threads:
        thread.start()
    return threads


def stop_and_kill(store, cases, others, kill):
    """Everybody presses their button; each is stopped at a moment of their own; then the power goes. No pulse runs."""
    for case, moment in zip(cases, MOMENTS, strict=True):
        case.moment = moment
        case.look(store.url)
    for other in others:
        other.look()
    waits = []
    moments.spring(store.traps, cases + others, lambda: waits.extend(press_all(cases + others, store.url)))
    kill()
    store.traps.open()
    for thread in waits:
        thread.join(20)
        assert not thread.is_alive()
    assert_half_done(cases)
    stores.assert_held_by_the_dead(cases, but_not=(*moments.OF_A_PROMISE, moments.booked))
    stores.time_passes()


def recover(store, cases, others, web, *, times):
    """Web and pulse are up again; whoever saw no answer presses the button once more. The pulse, and the others' answers."""
    pulse = store.pulse()
    web.wait_until(store.answers)
    assert {case.press(store.url) for case in cases} == {303}
    statuses = {other.press(store.url) for other in others}
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    for case in cases:
        stores.assert_charged_once(case, times)
        case.before = case.wanted
    return pulse, statuses


def assert_half_done(cases):
    """The traps were where they say: a promise only from its commit on, an outcome only from breath 3's."""
    for case in cases:
        change = SeatChange.objects.filter(subscription=case.row, quantity_after=case.wanted).first()
        state = change and change.state
        wanted = {moments.promise_begun: None, moments.booked: "done"}.get(case.moment, "sending")
        assert state == wanted, case.moment


def its_worker(store, cases, queue, web):
    """granian makes a new worker process by itself."""
    for buyer, moment in zip(queue, buyers.OPENING, strict=True):
        buyer.moment = moment
    stop_and_kill(store, cases, queue, lambda: programs.kill_all(web.children()))
    pulse, statuses = recover(store, cases, queue, web, times=1)
    assert statuses == {303}
    for buyer in queue:
        buyers.assert_one_page(buyer)
    pulse.kill()


def all_of_it(store, cases, queue, web):
    """Whoever watches over the web server starts it again. Each customer is stopped at another moment than before."""
    buyers.pay(queue)
    for buyer, moment in zip(queue, buyers.RETURNING, strict=True):
        buyer.moment = moment
    stop_and_kill(store, cases[1:] + cases[:1], queue, web.kill)
    pulse, statuses = recover(store, cases, queue, store.web(), times=2)
    assert statuses == {200}
    for buyer in queue:
        buyers.assert_bought_once(buyer)
    return pulse


def test_killed_at_every_moment_of_a_request(store, letters):
    cases, queue = stores.customers(len(MOMENTS)), buyers.queue(len(buyers.OPENING))
    endpoint = webhook_endpoints.ensure(url=f"{store.url}/webhooks/stripe/")
    store.environment["STRIPE_WEBHOOK_SECRET"] = endpoint.secret
    web = store.web()
    web.wait_until(store.answers)
    its_worker(store, cases, queue, web)
    pulse = all_of_it(store, cases, queue[: len(buyers.RETURNING)], web)

    before = stores.everything()
    assert {case.press(store.url) for case in cases} == {303}
    stores.ask_again()
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    assert stores.everything() == before
    assert set(letters.ids.values()) == {1}, "each mail was sent once"
