"""The one statement behind every page of a subscriber: a subscription with all that hangs on it.

Written out, because Django took ten times as long to put it together as Postgres to answer it, at every request.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, models

from accounts.models import Organization
from accounts.queries import rows
from billing.models import LIVE_STATUSES, Customer, Plan, Price, ProductLine, Subscription
from billing.rules.promotions import AGREED

# More product lines than a store has.
MOST: Final = 6

STATEMENT: Final = """
SELECT {columns}, used.people, used.held, scheduled.changes, discount.held, change.of, overdue.of, EXISTS (
    SELECT 1 FROM billing_stripecommand k WHERE k.target = 'subscription:' || s.id AND k.state = 'open'), EXISTS (
    SELECT 1 FROM accounts_seatrequest q JOIN accounts_membership n ON n.id = q.membership_id
    WHERE n.organization_id = s.organization_id AND n.left_at IS NULL AND q.state = 'open'),
    (SELECT json_build_object('starts_at', t.starts_at, 'extended_at', t.extended_at)
    FROM billing_trial t WHERE t.subscription_id = s.id),
    (SELECT json_build_object('exempt', y.exempt, 'name', COALESCE(z.name, ''), 'percent', COALESCE(z.percent, ''),
        'inclusive', COALESCE(z.is_inclusive, FALSE), 'is_automatic', y.is_automatic)
    FROM billing_taxstanding y LEFT JOIN billing_taxrate z ON z.id = y.rate_id WHERE y.organization_id = s.organization_id),
    (SELECT json_build_object('starts_at', g.starts_at, 'ends_at', g.ends_at, 'ended_at', g.ended_at,
        'converted_at', g.converted_at, 'seats', g.seats, 'days', g.days, 'is_credited', g.is_credited, 'code', b.code,
        'name', b.name, 'fee_minor', f.amount_minor)
    FROM billing_pilotrun g JOIN billing_pilotfee f ON f.id = g.fee_id JOIN billing_pilot b ON b.id = f.pilot_id
    WHERE g.subscription_id = s.id),
    (SELECT json_agg(json_build_object('code', bb.code, 'name', bb.name, 'number', e.quantity, 'scheme', gg.scheme,
        'tiers', gg.tiers, 'stripe_price_id', gg.stripe_price_id, 'stripe_item_id', e.stripe_item_id, 'features', bb.features,
        'added_at', e.added_at, 'interval', gg.interval, 'period_ends_at', e.period_ends_at)
        ORDER BY e.id)
    FROM billing_subscriptionaddon e
    JOIN billing_addon bb ON bb.id = e.addon_id JOIN billing_addonprice gg ON gg.id = e.price_id
    WHERE e.subscription_id = s.id AND e.ended_at IS NULL),
    (SELECT json_agg(json_build_object('feature', w.feature, 'starts_at', w.starts_at, 'used', w.used))
    FROM billing_featureusage w
    WHERE w.organization_id = s.organization_id AND (w.ends_at IS NULL OR w.starts_at >= s.period_starts_at)),
    (SELECT json_build_object('id', y.id, 'reached', y.reached, 'started_at', y.started_at, 'read_only_at', y.read_only_at,
        'off_at', y.off_at, 'is_cancelled_then', y.is_cancelled_then)
    FROM billing_dunningepisode y WHERE y.subscription_id = s.id AND y.closed_at IS NULL),
    (SELECT json_build_object('public_id', pz.public_id, 'months', pz.months, 'began_at', pz.began_at,
        'resumes_at', pz.resumes_at, 'credit_minor', pz.credit_minor, 'tries', pz.tries, 'due_at', pz.due_at,
        'message', pz.message)
    FROM billing_pause pz WHERE pz.subscription_id = s.id AND pz.state = 'on'),
    (SELECT json_build_object('seats', iw.seats, 'due_minor', iw.due_minor, 'currency', iw.currency,
        'opened_at', iw.opened_at, 'closes_at', iw.closes_at, 'release_at', iw.release_at,
        'balance_minor', COALESCE((iw.agreed ->> 'balance_applied_minor')::bigint, 0),
        'carried_minor', COALESCE((iw.agreed ->> 'carried_minor')::bigint, 0))
    FROM billing_invoicewindow iw WHERE iw.subscription_id = s.id AND iw.state IN ('open', 'unpaid') AND s.unbilled > 0),
    (SELECT json_agg(json_build_object('public_id', ag.public_id, 'kind', ag.kind, 'value', ag.value, 'state', ag.state,
        'starts_on', ag.starts_on, 'ends_on', ag.ends_on,
        'starts_at', ag.starts_at, 'ends_at', ag.ends_at, 'is_of_line', ag.line_id IS NOT NULL, 'began_at', ag.began_at,
        'ended_at', ag.ended_at)
        ORDER BY ag.ends_on, ag.id)
    FROM billing_terms ag WHERE ag.organization_id = s.organization_id AND (ag.line_id IS NULL OR ag.line_id = s.line_id)
        AND (ag.state = 'approved' OR ag.state IN ('ended', 'ended_early') AND ag.began_at IS NOT NULL)),
    (SELECT json_agg(json_build_object('stripe_id', si.stripe_id,
        'number', si.number, 'remaining_minor', si.amount_remaining_minor, 'currency', si.currency, 'next_attempt_at', NULL,
        'due_at', si.due_at) ORDER BY si.due_at, si.id)
    FROM billing_invoice si WHERE si.subscription_id = s.id AND si.status = 'open' AND si.amount_remaining_minor > 0
    AND si.due_at IS NOT NULL AND si.overdue_at IS NULL),
    (SELECT json_build_object('amount_minor', sum(di.amount_remaining_minor), 'currency', min(di.currency),
        'begun_at', min(di.debited_at), 'arrives_on', max(di.debit_arrives_on), 'number', min(di.number))
    FROM billing_invoice di WHERE di.subscription_id = s.id AND di.debited_at IS NOT NULL HAVING count(*) > 0),
    (SELECT json_build_object('renews_at', sc.renews_at, 'is_end', su.is_end, 'told', sc.told, 'chosen', COALESCE(sp.name, ''))
    FROM billing_sunsetcase sc JOIN billing_sunset su ON su.id = sc.sunset_id
    LEFT JOIN billing_price sr ON sr.id = sc.price_id LEFT JOIN billing_plan sp ON sp.id = sr.plan_id
    WHERE sc.subscription_id = s.id AND su.state = 'running' AND su.plan_id = s.plan_id AND sc.state IN ('open', 'chosen'))
FROM billing_subscription s
JOIN accounts_organization o ON o.id = s.organization_id
JOIN billing_plan p ON p.id = s.plan_id
JOIN billing_price r ON r.id = s.price_id
JOIN billing_productline l ON l.id = s.line_id
LEFT JOIN billing_customer c ON c.organization_id = o.id
CROSS JOIN LATERAL (
    SELECT count(a.membership_id) AS people, count(*) - count(a.membership_id) AS held
    FROM billing_seatassignment a WHERE a.subscription_id = s.id AND a.ended_at IS NULL) used
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('public_id', h.public_id, 'external_id', h.external_id, 'kind', h.kind, 'delta', h.delta,
        'addon', COALESCE(ha.code, ''), 'addon_name', ha.name, 'addon_after', h.addon_after,
        'plan', CASE WHEN hr.id IS NULL THEN NULL ELSE json_build_object('code', hp.code, 'name', hp.name,
            'path', l.code || '/' || hp.code, 'interval', hr.interval, 'scheme', hr.scheme, 'tiers', hr.tiers) END,
        'reason_code', h.reason_code, 'effective_at', h.effective_at, 'created_at', h.created_at,
        'by', COALESCE(NULLIF(u.name, ''), u.email, ''), 'is_booked', h.state = 'booked',
        'leaving', (SELECT count(*) FROM billing_seatrelease w JOIN billing_seatassignment v ON v.id = w.assignment_id
            WHERE w.change_id = h.id AND v.ended_at IS NULL))
        ORDER BY h.effective_at, h.id) AS changes
    FROM billing_scheduledchange h LEFT JOIN accounts_user u ON u.id = h.actor_id
    LEFT JOIN billing_addon ha ON ha.id = h.addon_id
    LEFT JOIN billing_price hr ON hr.id = h.price_after_id LEFT JOIN billing_plan hp ON hp.id = hr.plan_id
    WHERE h.subscription_id = s.id AND h.state IN ('pending', 'booked')) scheduled
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('stripe_id', d.stripe_id, 'code', COALESCE(m.code, ''),
        'name', CASE WHEN d.terms_id IS NOT NULL THEN {agreed} ELSE COALESCE(m.name, jsonb_build_object('en', d.name)) END,
        'percent_bps', d.percent_bps,
        'amount_minor', d.amount_minor, 'duration', d.duration, 'ends_at', d.ends_at,
        'counts', m.plans IS NULL OR m.plans = '[]' OR m.plans ? l.code OR m.plans ? (l.code || '/' || COALESCE(
            (SELECT np.code FROM billing_scheduledchange nc JOIN billing_price nr ON nr.id = nc.price_after_id
            JOIN billing_plan np ON np.id = nr.plan_id
            WHERE nc.subscription_id = s.id AND nc.kind = 'plan' AND nc.state = 'pending'), p.code)),
        'is_for_addons', m.plans IS NULL OR m.plans = '[]')
        ORDER BY d.id) AS held
    FROM billing_subscriptiondiscount d LEFT JOIN billing_promotion m ON m.id = d.promotion_id
    WHERE d.subscription_id = s.id AND d.ended_at IS NULL) discount
LEFT JOIN LATERAL (
    SELECT json_build_object('public_id', x.public_id, 'external_id', x.external_id, 'kind', x.kind, 'state', x.state,
        'quantity_before', x.quantity_before, 'quantity_after', x.quantity_after,
        'due_now_minor', x.due_now_minor, 'currency', x.currency, 'created_at', x.created_at, 'expires_at', x.expires_at,
        'addon_name', (SELECT xa.name FROM billing_addonprice xp JOIN billing_addon xa ON xa.id = xp.addon_id
            WHERE xp.id = x.addon_price_id),
        'plan_name', (SELECT xn.name FROM billing_price xr JOIN billing_plan xn ON xn.id = xr.plan_id
            WHERE xr.id = x.price_after_id)) AS of
    FROM billing_seatchange x WHERE x.subscription_id = s.id AND x.state IN ('sending', 'waiting')
    ORDER BY x.id DESC LIMIT 1) change ON TRUE
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('stripe_id', i.stripe_id, 'number', i.number, 'remaining_minor', i.amount_remaining_minor,
        'currency', i.currency, 'next_attempt_at', i.next_attempt_at, 'due_at', i.due_at) ORDER BY i.issued_at, i.id) AS of
    FROM billing_invoice i
    WHERE i.subscription_id = s.id AND i.status = 'open' AND i.amount_remaining_minor > 0
    AND (i.attempt_count > 0 OR i.overdue_at IS NOT NULL)
    AND i.debited_at IS NULL AND NOT EXISTS (SELECT 1 FROM billing_seatchange w
        WHERE w.stripe_invoice_id = i.stripe_id AND w.state IN ('sending', 'waiting'))) overdue
WHERE s.organization_id = %(organization)s AND s.status NOT IN ('incomplete', 'incomplete_expired')
ORDER BY s.status <> ALL (%(live)s), l.rank, s.started_at DESC, s.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The subscription with its organization, customer, plan, price and line in place; the rest as JSON has it.

    `overdue` are those that were tried in vain, or not paid by their date, as billing.queries.unpaid has them: an increase's
    invoice that waits for the buyer is none of them.
    """

    subscription: Subscription
    people: int
    held: int
    scheduled: list[dict[str, Any]]
    discounts: list[dict[str, Any]]
    change: dict[str, Any] | None
    overdue: list[dict[str, Any]]
    is_busy: bool
    is_asked: bool
    trial: dict[str, Any] | None
    levy: dict[str, Any] | None
    pilot: dict[str, Any] | None
    addons: list[dict[str, Any]]
    usages: list[dict[str, Any]]
    late: dict[str, Any] | None
    pause: dict[str, Any] | None
    window: dict[str, Any] | None
    agreed: list[dict[str, Any]]
    sent: list[dict[str, Any]]
    debit: dict[str, Any] | None
    sunset: dict[str, Any] | None


def of(organization: Organization) -> list[Row]:
    """Live subscriptions first, then by line and age; those never paid are left out. One query."""
    values = {"organization": organization.pk, "live": list(LIVE_STATUSES), "most": MOST}
    return [_row(found) for found in rows.fetch(_statement(), values)]


def instants(plain: Mapping[str, Any]) -> dict[str, Any]:
    """JSON from Postgres with its instants read: every key that ends in _at."""
    return {
        name: datetime.fromisoformat(value).astimezone(UTC) if name.endswith("_at") and value else value
        for name, value in plain.items()
    }


@dataclass(frozen=True)
class _Part:
    """A table's columns in the statement, and how a row of them becomes an instance."""

    alias: str
    model: type[models.Model]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    json_at: tuple[int, ...]

    def take(self, values: Iterator[Any]) -> Any:
        """An instance of the next values; None where an outer join found none."""
        mine = [next(values) for _name in self.names]
        if mine[0] is None:
            return None
        for place in self.json_at:  # Django has the driver leave jsonb as text; json it reads
            mine[place] = json.loads(mine[place])
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, mine)


@cache
def _parts() -> tuple[_Part, ...]:
    tables = {"s": Subscription, "o": Organization, "p": Plan, "r": Price, "l": ProductLine, "c": Customer}
    return tuple(_part(alias, model) for alias, model in tables.items())


def _part(alias: str, model: type[models.Model]) -> _Part:
    fields = model._meta.concrete_fields  # noqa: SLF001 - what Django documents under this name
    json_at = tuple(place for place, field in enumerate(fields) if isinstance(field, models.JSONField))
    return _Part(alias, model, tuple(field.attname for field in fields), tuple(field.column for field in fields), json_at)


@cache
def _statement() -> str:
    columns = ", ".join(f'{part.alias}."{column}"' for part in _parts() for column in part.columns)
    agreed = ", ".join(f"'{language}', '{name}'" for language, name in AGREED.items())
    return STATEMENT.format(columns=columns, agreed=f"jsonb_build_object({agreed})")


def _row(found: Sequence[Any]) -> Row:
    values = iter(found)
    subscription, organization, plan, price, line, customer = (part.take(values) for part in _parts())
    for name, value in (("organization", organization), ("plan", plan), ("price", price), ("line", line)):
        setattr(subscription, name, value)
    plan.line = line
    if customer is not None:
        customer.organization = organization
    else:  # or Django would ask once more
        Organization.customer.related.set_cached_value(organization, None)
    people, held, scheduled, discounts, change, overdue, is_busy, is_asked, trial, levy, pilot, *rest = values
    addons, usages, late, pause, window, agreed, sent, debit, sunset = rest
    return Row(
        subscription=subscription,
        people=people,
        held=held,
        scheduled=scheduled or [],
        discounts=discounts or [],
        change=change,
        overdue=overdue or [],
        is_busy=is_busy,
        is_asked=is_asked,
        trial=trial,
        levy=levy,
        pilot=pilot,
        addons=addons or [],
        usages=usages or [],
        late=late,
        pause=pause,
        window=window,
        agreed=agreed or [],
        sent=sent or [],
        debit=debit,
        sunset=sunset,
    )
