"""A rule held against what was: the leads it would have raised, each with what it would have seen and what became of it.

Read by a few statements, whatever the number of customers. Carts, payments, visits and requests are as they were then;
segment, size and lists as they are now; carts cost what the catalog of today says.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from accounts.models import Organization
from accounts.queries import rows
from billing.models import Plan, Subscription
from billing.queries import giving_back
from billing.rules.giving_back import NoRate
from offramps.models import Lead, LeadState
from offramps.queries import customers, trigger_rules
from offramps.rules.detecting import Conditions, Occasion

MOST: Final = 20_000
CARTS: Final = """
    SELECT organization_id, occurred_at, data FROM accounts_journal
    WHERE kind IN ('billing.cart.started', 'billing.cart.changed', 'billing.cart.adopted') AND organization_id IS NOT NULL
        AND occurred_at >= %(since)s AND occurred_at < %(until)s AND (data->>'seats')::int >= %(seats)s AND NOT data ? 'pilot'
    ORDER BY occurred_at LIMIT %(most)s
"""
# A cart that nothing followed for so long, and that was not bought meanwhile. Its hours are those it was left alone in the end.
ABANDONED: Final = """
    SELECT j.organization_id, j.occurred_at + make_interval(hours => %(hours)s), j.data || jsonb_build_object('hours',
        floor(extract(epoch FROM least(j.next_at, %(until)s) - j.occurred_at) / 3600)::int)
    FROM (
        SELECT organization_id, occurred_at, data, COALESCE(
            lead(occurred_at) OVER (PARTITION BY data->>'cart' ORDER BY occurred_at, id), 'infinity') AS next_at
        FROM accounts_journal
        WHERE kind IN ('billing.cart.started', 'billing.cart.changed', 'billing.cart.adopted')
            AND occurred_at >= %(since)s::timestamptz - make_interval(hours => %(hours)s) AND occurred_at < %(until)s
    ) j
    LEFT JOIN billing_cart c ON c.public_id = j.data->>'cart'
    WHERE j.organization_id IS NOT NULL AND (j.data->>'seats')::int >= %(seats)s AND NOT j.data ? 'pilot'
        AND least(j.next_at, %(until)s) >= j.occurred_at + make_interval(hours => %(hours)s)
        AND j.occurred_at + make_interval(hours => %(hours)s) >= %(since)s
        AND NOT (c.state IS DISTINCT FROM 'open' AND c.updated_at < j.occurred_at + make_interval(hours => %(hours)s))
    ORDER BY 2 LIMIT %(most)s
"""
DECLINED: Final = """
    SELECT j.organization_id, j.occurred_at, jsonb_build_object('minor', i.amount_due_minor, 'currency', i.currency)
    FROM accounts_journal j JOIN billing_invoice i ON i.id = (j.data->>'invoice')::bigint
    WHERE j.kind = 'billing.invoice.payment_failed' AND j.occurred_at >= %(since)s AND j.occurred_at < %(until)s
    ORDER BY j.occurred_at LIMIT %(most)s
"""
ASKED: Final = """
    SELECT organization_id, raised_at, answers FROM offramps_handraise
    WHERE organization_id IS NOT NULL AND raised_at >= %(since)s AND raised_at < %(until)s
        AND jsonb_typeof(answers->'seats') = 'number'
    ORDER BY raised_at LIMIT %(most)s
"""
# The first look by which so many people of a domain had looked within the days before.
VISITS: Final = """
    SELECT COALESCE(v.organization_id, o.id), v.at, jsonb_build_object('people', v.people) FROM (
        SELECT DISTINCT ON (v.mail_domain) v.mail_domain, v.organization_id, v.at, w.people
        FROM telemetry_visit v CROSS JOIN LATERAL (
            SELECT count(DISTINCT COALESCE(w.user_id::text, w.visitor)) AS people FROM telemetry_visit w
            WHERE w.page = 'pricing' AND w.mail_domain = v.mail_domain
                AND w.at > v.at - make_interval(days => %(days)s) AND w.at <= v.at
        ) w
        WHERE v.page = 'pricing' AND v.mail_domain <> '' AND v.at >= %(since)s AND v.at < %(until)s AND w.people >= %(people)s
        ORDER BY v.mail_domain, v.at
    ) v LEFT JOIN LATERAL (
        SELECT id FROM accounts_organization WHERE domain = v.mail_domain AND closed_at IS NULL ORDER BY id LIMIT 1
    ) o ON true
    WHERE COALESCE(v.organization_id, o.id) IS NOT NULL ORDER BY v.at LIMIT %(most)s
"""


class Became(StrEnum):
    """What became of a customer after a rule would have held."""

    WON = "won"
    LOST = "lost"
    BOUGHT = "bought"  # alone, with no lead that was won
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A lead that would have been raised: of whom, when, `saw` as a trigger keeps it; `times` with what would have joined."""

    organization: Organization
    at: datetime
    saw: list[dict[str, Any]]
    became: Became
    times: int


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The newest first. `is_cut`: there was more than is read at once, and the period's end is missing."""

    since: datetime
    until: datetime
    raised: list[Raised]
    is_cut: bool

    def count(self, became: Became | None = None) -> int:
        return sum(1 for one in self.raised if became is None or one.became is became)


@dataclass
class _Found:
    at: datetime
    saw: list[dict[str, Any]]
    times: int = 1


def run(conditions: Conditions, *, since: datetime, until: datetime, at: datetime) -> Backtest:
    """Hold conditions against `[since, until)`. Seven queries at most."""
    moments = list(_moments(conditions, since, until, at))
    known = customers.of({organization for organization, _when, _facts in moments})
    facts_of = {pk: customer.facts(at) for pk, customer in known.items()}
    found: dict[int, _Found] = {}
    for organization, when, facts in moments:
        whole = {**facts_of.get(organization, {}), **facts}
        met = conditions.met(whole) if organization in known else ()
        if met and organization in found:
            found[organization].times += 1
        elif met:
            found[organization] = _Found(when, trigger_rules.saw(met, whole))
    became = _became(found)
    raised = [
        Raised(organization=row, at=one.at, saw=one.saw, became=became[pk], times=one.times)
        for pk, one in found.items()
        if (row := known[pk].organization) is not None
    ]
    raised.sort(key=lambda one: one.at, reverse=True)
    return Backtest(since=since, until=until, raised=raised, is_cut=len(moments) == MOST)


Moment = tuple[int, datetime, dict[str, Any]]


def _moments(conditions: Conditions, since: datetime, until: datetime, at: datetime) -> Iterator[Moment]:
    """Each thing of the rule's occasion: whose, when, and its facts."""
    asked = {"since": since, "until": until, "most": MOST}
    seats = {"seats": conditions.least("cart_seats")}
    occasion = conditions.occasion
    if occasion is Occasion.CART:
        yield from _read(CARTS, asked | seats, _cart_facts(at))
    elif occasion is Occasion.ABANDONED:
        hours = {"hours": max(conditions.least("abandoned_hours"), 1)}
        facts = _cart_facts(at)
        yield from _read(ABANDONED, asked | seats | hours, lambda data: {**facts(data), "abandoned_hours": data["hours"]})
    elif occasion is Occasion.DECLINED:
        yield from _read(DECLINED, asked, lambda data: {"declined_minor": _us_cents(data, at)})
    elif occasion is Occasion.ASKED:
        yield from _read(ASKED, asked, lambda data: {"seats_asked": data["seats"]})
    else:
        for days in conditions.days:
            people = {"days": days, "people": max(conditions.least("pricing_people"), 1)}
            key = f"pricing_people:{days}"
            yield from _read(VISITS, asked | people, lambda data, key=key: {key: data["people"]})


def _read(statement: str, asked: Mapping[str, Any], facts: Callable[..., dict[str, Any]]) -> Iterator[Moment]:
    for organization, when, data in rows.fetch(statement, asked):
        yield organization, when, facts(json.loads(data))


def _cart_facts(at: datetime) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    paths = {row.pk: f"{row.line.code}/{row.code}" for row in Plan.objects.select_related("line")}

    def facts(data: Mapping[str, Any]) -> dict[str, Any]:
        year = customers.year_us_cents(
            plan=paths.get(data["plan"], ""),
            seats=data["seats"],
            interval=data["interval"],
            currency=data["currency"],
            addons=data.get("addons", {}),
            at=at,
        )
        return {"cart_seats": data["seats"], "cart_year_minor": year}

    return facts


def _us_cents(data: Mapping[str, Any], at: datetime) -> int | None:
    try:
        return giving_back.us_cents(data["minor"], data["currency"], at)
    except NoRate:
        return None


def _became(found: Mapping[int, _Found]) -> dict[int, Became]:
    """What the customers' leads and subscriptions say since. Two queries."""
    result = dict.fromkeys(found, Became.NOTHING)
    over = {LeadState.WON: Became.WON, LeadState.LOST: Became.LOST}
    leads = Lead.objects.filter(organization__in=list(found), state__in=list(over)).order_by("-closed_at")
    for pk, state, closed_at in leads.values_list("organization_id", "state", "closed_at"):
        if pk is not None and closed_at is not None and closed_at >= found[pk].at and result[pk] is not Became.WON:
            result[pk] = over[LeadState(state)]
    bought = Subscription.objects.filter(organization__in=list(found)).values_list("organization_id", "started_at")
    for pk, started_at in bought:
        if started_at is not None and started_at >= found[pk].at and result[pk] is not Became.WON:
            result[pk] = Became.BOUGHT
    return result


def last_quarter(at: datetime) -> tuple[datetime, datetime]:
    """The ninety days before."""
    return at - timedelta(days=90), at
