"""What reconciling holds against Stripe's answers, a page at a time, and how many differences wait for somebody."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F, Min

from accounts.models import Organization
from accounts.queries import policies
from billing.models import (
    AddonPrice,
    CheckoutAttempt,
    CheckoutState,
    CommandState,
    Customer,
    Difference,
    DifferenceState,
    Invoice,
    PilotFee,
    PilotRun,
    Price,
    Promotion,
    Reconciliation,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeenSubscription,
    Stage,
    StripeCommand,
    StripeObject,
    Subscription,
    TaxStanding,
    Terms,
    Trial,
)
from billing.queries import addons as addon_queries
from billing.queries import coming
from billing.rules import addons, reconciling

# A command under way for this target holds the subscription of that number.
TARGET = "subscription:"


@dataclass(frozen=True)
class Known:
    """A subscription as the rule reads it, and the row it was made of."""

    row: Subscription
    ours: reconciling.Ours
    is_moving: bool


def open_count() -> int:
    """Differences that nobody has decided."""
    return Difference.objects.open().count()


def last_run_finished_at() -> datetime | None:
    """When everything was last compared (store time); None before the first time."""
    done = Reconciliation.objects.filter(organization=None, stage=Stage.DONE)
    return done.order_by("-finished_at").values_list("finished_at", flat=True).first()


def subscriptions(stripe_ids: Collection[str], *, since: datetime) -> dict[str, Known]:
    """Our rows of these, by Stripe's id. Nine queries.

    `is_moving`: a command or a dirty mark is under way, or the row was written after `since`, when Stripe was asked.
    """
    return known(Subscription.objects.filter(stripe_id__in=stripe_ids).select_related("price", "organization"), since=since)


def known(rows: Iterable[Subscription], *, since: datetime) -> dict[str, Known]:
    """The same for rows at hand (with `price` and `organization` selected). Eight queries."""
    held = list(rows)
    waiting: dict[int, list[ScheduledChange]] = {}
    pending = ScheduledChange.objects.filter(subscription__in=held, state=ScheduledState.PENDING)
    for change in pending.select_related("addon", "price_after__plan"):
        waiting.setdefault(change.subscription_id, []).append(change)
    moving = _moving(held)
    rows_of = TaxStanding.objects.select_related("rate").filter(organization__in={row.organization_id for row in held})
    taxed = {standing.organization_id: standing for standing in rows_of}
    had, told = _addons(held), _collecting(held)
    agreed = dict(Trial.objects.filter(subscription__in=held).values_list("subscription_id", "ends_at"))
    agreed |= dict(PilotRun.objects.filter(subscription__in=held).values_list("subscription_id", "ends_at"))
    return {
        row.stripe_id: Known(
            row,
            replace(
                _ours(row, waiting.get(row.pk, []), taxed.get(row.organization_id), agreed.get(row.pk), had.get(row.pk, ())),
                collection=told.get(row.pk),
            ),
            row.pk in moving or bool(row.mirrored_at and row.mirrored_at >= since),
        )
        for row in held
    }


def _moving(rows: Iterable[Subscription]) -> set[int]:
    by_id = {row.stripe_id: row.pk for row in rows}
    return busy(by_id.values()) | {by_id[key] for key in dirty(by_id)}


def busy(subscriptions: Iterable[int]) -> set[int]:
    """Which of these subscriptions have a command under way."""
    targets = [f"{TARGET}{pk}" for pk in subscriptions]
    commands = StripeCommand.objects.filter(state=CommandState.OPEN, target__in=targets).values_list("target", flat=True)
    return {int(target.removeprefix(TARGET)) for target in commands}


def commanded(stripe_ids: Collection[str]) -> set[str]:
    """Which of these subscriptions of Stripe's an open command names: one that is being given back, say."""
    rows = StripeCommand.objects.filter(state=CommandState.OPEN, payload__subscription__in=list(stripe_ids))
    return set(rows.values_list("payload__subscription", flat=True))


def open_sessions(organizations: Iterable[Organization]) -> list[str]:
    """Payment pages of these that we believe open."""
    rows = CheckoutAttempt.objects.filter(organization__in=organizations, state=CheckoutState.OPEN)
    return [key for key in rows.values_list("stripe_session_id", flat=True) if key]


def dirty(keys: Iterable[str]) -> set[str]:
    """Which of these objects are about to be read again. One that cannot be read (it has an error) is not about to."""
    marks = StripeObject.objects.filter(key__in=list(keys), dirty__gt=F("cleaned"), error="")
    return set(marks.values_list("key", flat=True))


def _addons(rows: Iterable[Subscription]) -> dict[int, tuple[addons.Item, ...]]:
    """The add-ons of each. One query."""
    found: dict[int, tuple[addons.Item, ...]] = {}
    for one in addon_queries.LIVE.filter(subscription__in=list(rows)):
        found[one.subscription_id] = (*found.get(one.subscription_id, ()), addon_queries.item(one))
    return found


def _collecting(rows: Iterable[Subscription]) -> dict[int, reconciling.Collecting]:
    """How Stripe was last told to have each paid: when it was bought, or by a switch since. Two queries."""
    held = list(rows)
    bought = CheckoutAttempt.objects.filter(subscription__in=held, state=CheckoutState.APPLIED).order_by("pk")
    found = {
        pk: reconciling.Collecting("send_invoice", days) if days else reconciling.Collecting("charge_automatically")
        for pk, days in bought.values_list("subscription_id", "payment_days")
        if pk is not None
    }
    targets = [f"{TARGET}{row.pk}" for row in held]
    switched = StripeCommand.objects.filter(kind="subscription.collect", state=CommandState.DONE, target__in=targets)
    for target, asked in switched.order_by("pk").values_list("target", "payload"):
        found[int(target.removeprefix(TARGET))] = reconciling.Collecting(asked["method"], asked["days"])
    return found


def _ours(
    row: Subscription,
    waiting: list[ScheduledChange],
    standing: TaxStanding | None,
    trial_ends_at: datetime | None,
    had: tuple[addons.Item, ...],
) -> reconciling.Ours:
    seats = sum(change.delta for change in waiting if change.kind == ScheduledKind.SEATS)
    after = coming.after(row, had, row.quantity, waiting)
    price, number = row.price.stripe_price_id, row.quantity + seats
    phase = reconciling.Phase(row.period_ends_at, after.price.stripe_price_id, number, _said(after.held, number))
    is_other = bool(seats) or after.held != had or after.price != row.price
    return reconciling.Ours(
        stripe_id=row.stripe_id,
        status=row.status,
        quantity=row.billed,
        price=price,
        currency=row.currency,
        starts_at=row.period_starts_at,
        ends_at=row.period_ends_at,
        cancel_at=row.cancel_at,
        ends=any(change.kind == ScheduledKind.END for change in waiting),
        coming=phase if is_other else None,
        is_arranged=not row.is_being_arranged,
        tax_rates=_tax_rates(standing),
        has_automatic_tax=standing is not None and standing.is_automatic,
        trial_ends_at=trial_ends_at,
        items=_said(had, row.billed),
    )


def _said(items: Iterable[addons.Item], seats: int) -> tuple[reconciling.Item, ...]:
    return tuple(sorted(reconciling.Item(item.stripe_price_id, item.quantity(seats)) for item in items))


def _tax_rates(standing: TaxStanding | None) -> tuple[str, ...] | None:
    """None: Stripe has not been told yet."""
    if standing is not None and standing.is_behind:
        return None
    return (standing.rate.stripe_id,) if standing is not None and standing.rate is not None else ()


def standard(prices: Collection[str]) -> reconciling.Standard:
    """What the catalog explains, its prices narrowed to `prices`: every version's promotions too, as who has one keeps it."""
    made = Price.objects.filter(stripe_price_id__in=prices).values_list("stripe_price_id", flat=True)
    added = AddonPrice.objects.filter(stripe_price_id__in=prices).values_list("stripe_price_id", flat=True)
    promoted = Promotion.objects.values_list("stripe_coupon_id", "stripe_rest_coupon_id")
    coupons = (one for pair in promoted for one in pair if one)
    credited = PilotFee.objects.exclude(stripe_coupon_id="").values_list("stripe_coupon_id", flat=True)
    agreed = Terms.objects.exclude(stripe_coupon_id="").values_list("stripe_coupon_id", flat=True)
    of_customers = list(credited.union(agreed))
    known = (*coupons, *of_customers, *(f"{coupon}_rest" for coupon in of_customers))
    return reconciling.Standard(prices=frozenset({*made, *added}), coupons=frozenset(known))


def excepted(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[dict[str, object]]]:
    """What Stripe said when somebody accepted one of these (kind, subject) as an exception."""
    kinds = [kind.value for kind in reconciling.EXCEPTIONS]
    rows = Difference.objects.filter(
        state=DifferenceState.ACCEPTED, kind__in=kinds, subject__in=[subject for _kind, subject in keys]
    )
    found: dict[tuple[str, str], list[dict[str, object]]] = {}
    for kind, subject, stripes in rows.values_list("kind", "subject", "stripes"):
        found.setdefault((kind, subject), []).append(stripes)
    return found


def customers(stripe_ids: Collection[str]) -> dict[str, Customer]:
    rows = Customer.objects.filter(stripe_id__in=stripe_ids).select_related("organization__billing_details")
    return {row.stripe_id: row for row in rows}


def lines_of(prices: Collection[str]) -> dict[str, int]:
    """Stripe's price to the product line it is of."""
    rows = Price.objects.filter(stripe_price_id__in=prices)
    return dict(rows.values_list("stripe_price_id", "plan__line_id"))


def live_lines(organizations: Iterable[Organization]) -> set[tuple[int, int]]:
    """(organization, product line) of every live subscription of these."""
    rows = Subscription.objects.live().filter(organization__in=organizations)
    return set(rows.values_list("organization_id", "line_id"))


def oldest_invoice_at(organization: Organization | None) -> datetime | None:
    """When the first invoice was issued, of one organization or of all."""
    rows = Invoice.objects.filter(organization=organization) if organization else Invoice.objects.all()
    first: datetime | None = rows.aggregate(first=Min("issued_at"))["first"]
    return first


def bills(stripe_ids: Collection[str]) -> dict[str, tuple[Invoice, reconciling.Bill]]:
    rows = Invoice.objects.filter(stripe_id__in=stripe_ids).select_related("organization")
    return {row.stripe_id: (row, _bill(row)) for row in rows}


def _bill(row: Invoice) -> reconciling.Bill:
    return reconciling.Bill(
        stripe_id=row.stripe_id,
        status=row.status,
        currency=row.currency,
        total_minor=row.total_minor,
        paid_minor=row.amount_paid_minor,
        remaining_minor=row.amount_remaining_minor,
        attempts=row.attempt_count,
    )


def unseen(run: int, *, started_at: datetime, after: int, organization: int | None, limit: int) -> list[Subscription]:
    """Our live subscriptions beyond the row `after` that Stripe did not list in the run, oldest rows first."""
    rows = Subscription.objects.live().at_stripe().filter(pk__gt=after, started_at__lt=started_at)
    if organization is not None:
        rows = rows.filter(organization=organization)
    listed = SeenSubscription.objects.filter(run=run).values("stripe_id")
    return list(rows.exclude(stripe_id__in=listed).select_related("price", "organization").order_by("pk")[:limit])


def late_commands(now: datetime, wall: datetime, *, organization: int | None) -> list[StripeCommand]:
    """Commands that have been under way for longer than `billing.command_alarm_minutes`."""
    patience = timedelta(minutes=policies.value("billing.command_alarm_minutes", now))
    rows = StripeCommand.objects.filter(state=CommandState.OPEN, first_sent_at__lt=wall - patience)
    rows |= StripeCommand.objects.filter(state=CommandState.OPEN, first_sent_at=None, due_at__lt=wall - patience)
    if organization is not None:
        rows = rows.filter(organization=organization)
    return list(rows.select_related("organization").order_by("pk"))


def live_share(run: int) -> tuple[int, int]:
    """How many live subscriptions we have, and how many of them Stripe listed in the run."""
    live = Subscription.objects.live().at_stripe()
    listed = SeenSubscription.objects.filter(run=run).values("stripe_id")
    return live.count(), live.filter(stripe_id__in=listed).count()
