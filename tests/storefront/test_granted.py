"""What is granted, on the buyer's home and in the admin: how much, why, since when, and how much was used."""

import pytest
from django.contrib.admin.sites import site

from billing.models import FeatureUsage, Subscription
from billing.queries import entitlements, grant_words, grants, overview
from billing.services import usage
from config import clock
from tests import factories, shelf
from tests.billing.test_entitlements import hold
from tests.shop import text


@pytest.fixture
def held(cast):
    shelf.put_on_sale()
    return hold(cast.acme)


def use(organization, quantity):
    usage.consume(organization, feature="reports", quantity=quantity, on_limit=usage.OnLimit.EXCEED, now=clock.now())


def test_home_says_what_one_has_why_and_how_much_was_used(client, cast, held, django_assert_max_num_queries):
    use(cast.acme, 118)
    client.force_login(cast.owner)
    client.get("/")
    with django_assert_max_num_queries(6):
        page = text(client.get("/"))
    assert "118 of 500 reports used" in page
    assert "counts from 0 again" in page
    assert 'aria-label="Reports sent: 118 of 500"' in page
    assert "100 projects" in page
    assert "Team, since" in page.replace("\n", " ")
    assert "Single sign-on" not in page


@pytest.mark.parametrize(("used", "tone"), [(0, ""), (449, ""), (450, "warn"), (500, "bad"), (700, "bad")])
def test_what_is_nearly_used_up_warns(cast, held, used, tone):
    if used:
        use(cast.acme, used)
    (row,) = grant_words.shown(grants.of(overview.standings(cast.acme), clock.now())).metered
    assert (row.used, row.limit, row.tone) == (used, 500, tone)


def test_pages_and_programs_are_told_the_same(cast, held):
    use(cast.acme, 3)
    shown = {one.feature: one for one in grants.of(overview.standings(cast.acme), clock.now())}
    asked = entitlements.several(cast.acme.pk, features=list(shown), now=clock.now()).entitlements
    assert {one.feature: one for one in asked} == shown


def test_nobody_without_a_plan_is_shown_any(client, cast, held):
    Subscription.objects.filter(pk=held.pk).update(status="canceled", ended_at=clock.now())
    client.force_login(cast.owner)
    assert 'id="granted"' not in text(client.get("/"))


def test_staff_see_it_too(client, cast, held):
    use(cast.acme, 7)
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    row = Subscription.objects.get(pk=held.pk)
    shown = str(site.get_model_admin(Subscription).granted(row))
    assert "<td>Reports sent</td><td>500 reports</td><td>7 until" in shown
    assert "Team, since" in shown
    counted = FeatureUsage.objects.get()
    assert str(counted) == "Acme: reports 7"
