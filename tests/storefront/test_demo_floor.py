"""The demo's sales floor: somebody answers at any hour, a case is open with a call dated, and the last month is told."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.origin import Origin
from offramps.models import CallSlot, Countdown, Lead, Pool, Rep, RuleState, SlotState, TriggerRuleVersion
from offramps.queries import roster
from offramps.services import trigger_rules
from storefront.demo import floor
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 24, 10, tzinfo=UTC)


def staff(email, name):
    return factories.UserFactory(email=email, name=name, is_staff=True)


def test_somebody_answers_at_any_hour_and_calls_are_told(cast):
    cast.acme.external_id = "demo-acme"
    cast.acme.save()
    roster.forget()
    rule = {"name": "Any cart", "topic": "purchase", "at": NOW, "origin": Origin.system()}
    carts = {"all": [{"fact": "cart_seats", "op": "at_least", "value": 1}]}
    trigger_rules.make(conditions=carts, **rule)
    known = {}
    floor.make(lambda email, name: known.setdefault(email, staff(email, name)), NOW)
    floor.make(lambda email, _name: known[email], NOW)
    assert (Rep.objects.count(), Pool.objects.filter(is_fallback=True).count()) == (5, 1)
    duty = roster.roster(NOW)
    hours = [NOW + timedelta(hours=hour) for hour in range(7 * 24)]
    assert all(duty.is_on_duty(duty.reps, hour) for hour in hours)
    assert sum(any(duty.is_at_work(rep, hour) for rep in duty.reps if rep != _on_call(known)) for hour in hours) > 80
    assert Lead.objects.open().count() == 1
    assert CallSlot.objects.get(state=SlotState.HELD).starts_at > NOW + timedelta(hours=20)
    assert Countdown.objects.filter(contacted_at__isnull=False).count() == 1
    assert Countdown.objects.exclude(missed_because="").count() == 2
    assert not TriggerRuleVersion.objects.exclude(state=RuleState.LIVE).exists()


def _on_call(known):
    return known[floor.ON_CALL.email].rep.pk
