"""kill -9 of the pulse in the middle of its lanes: commands, inbox, poller and mail. Several run, as they may."""

import functools

import pytest

from billing.models import StripeObject
from billing.rules.stripe_events import Kind
from billing.services import inbox
from tests.faults import moments, wire
from tests.faults import store as stores

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]
PULSES = 4
# The commands' lane of each comes to one.
IN_COMMANDS = (moments.not_asked, moments.not_answered, moments.not_booked, moments.not_committed)
# An event that meets an open command ends that command: two are stopped in the inbox's lane, before they are due.
IN_INBOX = (moments.not_claimed, moments.booked)


def not_fetched(traps, customer):
    """The inbox: an object is leased, Stripe's answer has not come."""
    hold = traps.hold("GET", f"/v1/customers/{customer}", wire.ANSWER)
    inbox.touch(Kind.CUSTOMER, customer)
    hold.wait()


def not_cleaned(traps, customer):
    """The inbox: an object is applied, and not yet clean."""
    hold = traps.hold("GET", f"/v1/customers/{customer}", wire.ANSWER)
    inbox.touch(Kind.CUSTOMER, customer)
    hold.wait()
    grip = traps.grip().row(StripeObject(pk=customer))
    hold.let_go()
    grip.wait_for_victim("UPDATE billing_stripeobject")


def start_idle(store):
    """The pulses, all up before anything is due: what is held must not be held for as long as the slowest takes to start."""
    stores.nothing_is_due()
    pulses = store.pulses(PULSES)
    pulses.wait_until(lambda: pulses.said.count("pulse_started") == PULSES)
    return pulses


def stop_everywhere(store, cases):
    """Each of the pulses' lanes, at another moment each."""
    early, late = cases[:PULSES], cases[PULSES:]
    moments.spring(store.traps, early, functools.partial(stores.time_passes, early))
    for case in late:
        moments.spring(store.traps, [case], functools.partial(inbox.touch, Kind.SUBSCRIPTION, case.row.stripe_id))
    customers = [case.organization.customer.stripe_id for case in early]
    not_fetched(store.traps, customers[0])
    not_cleaned(store.traps, customers[1])


def test_killed_in_the_middle_of_its_lanes(store, letters):
    cases = stores.customers(len(IN_COMMANDS + IN_INBOX))
    for case, moment in zip(cases, IN_COMMANDS + IN_INBOX, strict=True):
        case.moment = moment
        case.promise()
    pulses = start_idle(store)
    list_of_events = store.traps.hold("GET", "/v1/events", wire.REQUEST)
    mail = letters.hold()
    stop_everywhere(store, cases)
    list_of_events.wait()
    mail.wait()
    pulses.kill()
    mail.cut()
    store.traps.open()
    stores.assert_held_by_the_dead(cases, but_not=(moments.booked,))

    stores.time_passes()
    pulse = store.pulse()
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    for case in cases:
        stores.assert_charged_once(case)
    # At least once: the one whose "accepted" never came was sent again, under the same Message-ID; all others once.
    assert sorted(letters.ids.values()) == [1] * (len(letters.ids) - 1) + [2]

    before, sent = stores.everything(), letters.ids
    stores.ask_again()
    pulse.wait_until(lambda: stores.is_quiet() and stores.has_looked())
    assert stores.everything() == before
    assert letters.ids == sent
