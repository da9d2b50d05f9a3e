"""A million subscriptions, written by the database itself: each with an organization and its profile, without Stripe."""

from django.db import connection

from billing.models import Price
from tests import shelf

TABLES = ("accounts_organization", "accounts_organizationprofile", "billing_subscription", "billing_dunningepisode")
ORGANIZATIONS = """
INSERT INTO accounts_organization (public_id, name, domain, country, employee_bracket, region, industry, time_zone, locale,
    currency, joining, created_at)
SELECT 'bench' || n, 'Bench ' || n, '', 'DE', '10-49', 'europe', '', 'UTC', 'en', 'usd', 'ask', now()
FROM generate_series(1, %(count)s) n
"""
PROFILES = """
INSERT INTO accounts_organizationprofile (organization_id, segment, segment_reason, segment_set_by, coverage_tier,
    coverage_tier_reason, coverage_tier_set_by, growth_tier_reason, growth_tier_set_by)
SELECT id, CASE WHEN id %% 10 = 0 THEN 'enterprise' WHEN id %% 10 < 4 THEN 'mid_market' ELSE 'smb' END, '', 'rule',
    1 + (id %% 10 > 0)::int + (id %% 10 > 2)::int, '', '', '', ''
FROM accounts_organization WHERE name LIKE 'Bench %%'
"""
# Renewals fall on every day of the next month of `yearly` of a hundred; of the others, on every day of a month, too.
SUBSCRIPTIONS = """
INSERT INTO billing_subscription (organization_id, line_id, plan_id, price_id, stripe_id, stripe_item_id, status, access,
    quantity, currency, period_starts_at, period_ends_at, started_at, pending_invoice_id, schedule_id,
    projection_wanted, projection_done, unbilled, latest_invoice_id)
SELECT o.id, %(line)s, %(plan)s, CASE WHEN o.id %% 100 < %(yearly)s THEN %(year)s ELSE %(month)s END,
    'sub_' || o.id, 'si_' || o.id, 'active', 'full', 10, 'usd', %(now)s::timestamptz - interval '1 year',
    %(now)s::timestamptz + interval '1 day' + (o.id %% 28) * interval '1 day', %(now)s, '', '', 0, 0, 0, ''
FROM accounts_organization o WHERE o.name LIKE 'Bench %%'
"""
WATCHES = """
INSERT INTO billing_renewalwatch (subscription_id, due_at)
SELECT id, period_ends_at - interval '120 days' FROM billing_subscription
"""
EPISODES = """
INSERT INTO billing_dunningepisode (organization_id, subscription_id, currency, started_at, second_at, third_at, read_only_at,
    off_at, notice_days, is_cancelled_then, reached, round, due_at, outcome)
SELECT organization_id, id, 'usd', %(now)s, %(now)s::timestamptz + interval '3 days', %(now)s::timestamptz + interval '7 days',
    %(now)s::timestamptz + interval '14 days', %(now)s::timestamptz + interval '21 days', 3, TRUE, -1, 0, %(now)s, ''
FROM billing_subscription
"""


def write(count: int, yearly: int, now: object) -> None:
    """So many subscriptions, `yearly` of a hundred renewed by the year, each with a watch and a failed payment."""
    shelf.put_on_sale()
    prices = {row.interval: row for row in Price.objects.filter(plan__code="team", currency="usd").select_related("plan")}
    plan = prices["year"].plan
    values = {"count": count, "yearly": yearly, "now": now, "line": plan.line_id, "plan": plan.pk}
    values |= {"year": prices["year"].pk, "month": prices["month"].pk}
    run(*(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES))
    for statement in (ORGANIZATIONS, PROFILES, SUBSCRIPTIONS, WATCHES, EPISODES):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
    run(*(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TABLES))
    run("VACUUM ANALYZE")


def begin_again(now: object) -> None:
    """Everything due once more, and nothing told: as before the first sweep."""
    run("TRUNCATE billing_renewalnotice, billing_renewalreview, billing_dunningstep CASCADE")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_renewalwatch SET due_at = %(now)s", {"now": now})
        cursor.execute("UPDATE billing_dunningepisode SET due_at = %(now)s, reached = -1, reached_at = NULL", {"now": now})
    run("VACUUM ANALYZE billing_renewalwatch", "VACUUM ANALYZE billing_dunningepisode")


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
