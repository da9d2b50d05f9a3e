"""The nightly comparison with Stripe: what is only mirrored is read again, and what is quantity, price or money is named.

It reads Stripe's lists, never writes there, and keeps its place after every page: a run that was interrupted goes on where it
was. What is new is looked at a second time, after everything that was to be read again has been: a change that was just under
way when the first look fell on it is nobody's alarm.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Q

from accounts.models import Organization
from accounts.queries import policies
from billing import gateway
from billing.models import Customer, Difference, DifferenceKind, Reconciliation, SeenSubscription, Stage, Subscription
from billing.queries import differences
from billing.rules import reconciling as rules
from billing.services import inbox
from billing.services.reconciliation import reconciling_looks, reconciling_reading, reconciling_rows
from billing.services.reconciliation.reconciling_looks import Look
from billing.services.reconciliation.reconciling_reading import Scope
from config import clock

LEASE = timedelta(seconds=120)
# A task's share of a run; the next one goes on. Well below the broker's visibility timeout.
SHARE = timedelta(seconds=120)
ASKED_AT_ONCE = 25
# Reading again goes on for so long in one run; what is not read by then is in motion.
SETTLING = timedelta(seconds=60)
# So many missing, and more than half of all: the key is another account's, and nothing is named.
MANY_MISSING = 20
KEPT = timedelta(days=90)
log = structlog.get_logger(__name__)


class WrongAccount(Exception):
    """Stripe knows less than half of our live subscriptions: the key opens another account, or another mode."""


class NoCustomer(Exception):
    """The organization has never bought: there is nothing at Stripe to compare."""


class Interrupted(Exception):
    """Somebody else goes on with this run."""


def night(wall: datetime) -> Reconciliation | None:
    """The beat's: begin tonight's run when its hour has come, and do a share of it. None when there is nothing to do."""
    run = _under_way(None)
    if run is None:
        hour = policies.value("billing.reconcile_hour", clock.now())
        tonight = wall.replace(hour=hour, minute=0, second=0, microsecond=0)
        if wall < tonight or Reconciliation.objects.filter(organization=None, began_at__gte=tonight).exists():
            return None
        run = begin()
    try:
        return go_on(run, until=wall + SHARE)
    except (gateway.GatewayError, WrongAccount) as error:
        # Kept on the run, which the admin lists; the next turn, or the next night, goes on.
        log.warning("reconciliation_put_off", run=run.pk, why=str(error))
        run.refresh_from_db()
        return run


def begin(organization: Organization | None = None) -> Reconciliation:
    """A run of everything or of one organization; the one that is under way, if there is one. Raises NoCustomer."""
    if organization is not None and not Customer.objects.filter(organization=organization).exists():
        raise NoCustomer(f"{organization} has no customer at Stripe: there is nothing to compare.")
    values = {"started_at": clock.now(), "began_at": clock.wall()}
    with transaction.atomic():
        return Reconciliation.objects.get_or_create(organization=organization, finished_at=None, defaults=values)[0]


def go_on(run: Reconciliation, *, until: datetime | None = None) -> Reconciliation:
    """Do the run's next steps, to its end or until an instant of wall time. Call outside a transaction.

    Leaves a run alone that another process is at. Raises gateway.GatewayError (the run keeps its place) and WrongAccount.
    """
    wall = clock.wall()
    free = Q(lease_until=None) | Q(lease_until__lt=wall)
    mine = Reconciliation.objects.filter(free, pk=run.pk, finished_at=None)
    if not mine.update(lease_until=wall + LEASE, fence=F("fence") + 1):
        return run
    run.refresh_from_db()
    try:
        while run.stage != Stage.DONE and (until is None or clock.wall() < until):
            STEPS[Stage(run.stage)](run)
    except Interrupted:
        log.info("reconciliation_interrupted", run=run.pk)
        return run
    except gateway.GatewayError as error:
        Reconciliation.objects.filter(pk=run.pk, fence=run.fence).update(lease_until=None, error=str(error)[:300])
        raise
    except WrongAccount as error:
        _give_up(run, str(error))
        raise
    Reconciliation.objects.filter(pk=run.pk, fence=run.fence).update(lease_until=None)
    return run


def _give_up(run: Reconciliation, why: str) -> None:
    """End a run that would compare with another account's objects: under the right key the next one begins anew."""
    with transaction.atomic():
        run.seen.all().delete()
        run.pages.all().delete()
        ended = Reconciliation.objects.filter(pk=run.pk, fence=run.fence)
        ended.update(lease_until=None, error=why[:300], finished_at=clock.now())


def _under_way(organization: Organization | None) -> Reconciliation | None:
    return Reconciliation.objects.filter(organization=organization, finished_at=None).first()


# --- Steps: each asks Stripe for one page, then writes what it saw and how far it is --------------------------------


def _subscriptions(run: Reconciliation) -> None:
    asked_at, after = clock.now(), run.cursor
    page = reconciling_reading.subscriptions(_scope(run), after)
    with transaction.atomic(durable=True):
        _hold(run)
        seen = [SeenSubscription(run=run, stripe_id=row.stripe_id) for row in page.rows]
        SeenSubscription.objects.bulk_create(seen, ignore_conflicts=True)
        _note(run, reconciling_looks.subscriptions(page.rows, asked_at=asked_at), after)
        _move(run, page.last, Stage.MISSING)


def _missing(run: Reconciliation) -> None:
    asked_at, after = clock.now(), run.cursor
    if not after and run.organization_id is None:
        _check_account(run)
    rows = _unseen(run, after)
    look = reconciling_looks.missing(rows, asked_at=asked_at)
    with transaction.atomic(durable=True):
        _hold(run)
        _note(run, look, after, calls=len(rows))
        _move(run, str(rows[-1].pk) if len(rows) == ASKED_AT_ONCE else "", Stage.INVOICES)


def _invoices(run: Reconciliation) -> None:
    after = run.cursor
    page = reconciling_reading.invoices(_scope(run), after)
    with transaction.atomic(durable=True):
        _hold(run)
        _note(run, reconciling_looks.invoices(page.rows), after)
        _move(run, page.last, Stage.CUSTOMERS)


def _customers(run: Reconciliation) -> None:
    after = run.cursor
    page = reconciling_reading.customers(_scope(run), after)
    with transaction.atomic(durable=True):
        _hold(run)
        _note(run, reconciling_looks.customers(page.rows), after)
        _move(run, page.last, Stage.SETTLING)


def _settling(run: Reconciliation) -> None:
    """Have what was marked read again now, beside the pulse, so that the second look sees it."""
    end = clock.wall() + SETTLING
    while clock.wall() < end and inbox.drain(clock.wall()).handled:
        pass
    with transaction.atomic(durable=True):
        _hold(run)
        _move(run, "", Stage.AGAIN)


def _again(run: Reconciliation) -> None:
    """The second look at a page that held something new: what is still there is named."""
    page = run.pages.first()
    if page is None:
        with transaction.atomic(durable=True):
            _hold(run)
            _move(run, "", Stage.CLOSING)
        return
    asked_at, look = clock.now(), _look_again(run, Stage(page.stage), page.after)
    keys = {(kind, subject) for kind, subject in page.keys}
    with transaction.atomic(durable=True):
        _hold(run)
        still = [one for one in look.sightings if one.found.key in keys]
        run.found += reconciling_rows.name(reconciling_rows.unexplained(still), asked_at)
        run.calls += 1
        page.delete()
        run.save()


def _look_again(run: Reconciliation, stage: Stage, after: str) -> Look:
    scope, asked_at = _scope(run), clock.now()
    if stage == Stage.SUBSCRIPTIONS:
        return reconciling_looks.subscriptions(reconciling_reading.subscriptions(scope, after).rows, asked_at=asked_at)
    if stage == Stage.MISSING:
        return reconciling_looks.missing(_unseen(run, after), asked_at=asked_at)
    if stage == Stage.CUSTOMERS:
        return reconciling_looks.customers(reconciling_reading.customers(scope, after).rows)
    return reconciling_looks.invoices(reconciling_reading.invoices(scope, after).rows)


def _closing(run: Reconciliation) -> None:
    at = clock.now()
    late = differences.late_commands(at, clock.wall(), organization=run.organization_id)
    look = reconciling_looks.commands(late)
    old = reconciling_looks.invoices(reconciling_reading.each_invoice(_old_amounts(run)))
    with transaction.atomic(durable=True):
        _hold(run)
        reconciling_rows.see_again(old.sightings, at)
        run.found += reconciling_rows.name(look.sightings, at)
        run.gone += reconciling_rows.close_gone(before=run.started_at, organization=run.organization_id, at=at)
        run.seen.all().delete()
        run.error, run.finished_at = "", at
        _move(run, "", Stage.DONE)
        Reconciliation.objects.filter(finished_at__lt=at - KEPT).delete()
    log.info("reconciled", run=run.pk, compared=run.compared, repaired=run.repaired, found=run.found, gone=run.gone)


STEPS: Final[Mapping[Stage, Callable[[Reconciliation], None]]] = {
    Stage.SUBSCRIPTIONS: _subscriptions,
    Stage.MISSING: _missing,
    Stage.INVOICES: _invoices,
    Stage.CUSTOMERS: _customers,
    Stage.SETTLING: _settling,
    Stage.AGAIN: _again,
    Stage.CLOSING: _closing,
}


# --- Keeping one's place ----------------------------------------------------------------------------------------------


def _hold(run: Reconciliation) -> None:
    """Lock the run and stay in charge of it. Raises Interrupted when another process took over."""
    held = Reconciliation.objects.select_for_update().filter(pk=run.pk, fence=run.fence, finished_at=None)
    if not held.exists():
        raise Interrupted
    run.lease_until = clock.wall() + LEASE


def _move(run: Reconciliation, cursor: str, following: Stage) -> None:
    run.cursor = cursor
    if not cursor:
        run.stage = following
    run.save()


def _note(run: Reconciliation, look: Look, after: str, *, calls: int = 1) -> None:
    """Mark what is to be read again; see known differences again; keep the page of new ones for the second look."""
    for kind, key in look.stale:
        inbox.touch(kind, key)
    at = clock.now()
    reconciling_rows.hold(look.held, at)
    new = reconciling_rows.see_again(reconciling_rows.unexplained(look.sightings), at)
    if new:
        run.pages.create(stage=run.stage, after=after, keys=[list(one.found.key) for one in new])
    run.calls += calls
    run.compared += look.compared
    run.repaired += len(look.stale)


def _scope(run: Reconciliation) -> Scope:
    days = policies.value("billing.reconcile_invoice_days", run.started_at)
    since = run.started_at - timedelta(days=days)
    customer = run.organization.customer.stripe_id if run.organization else ""
    oldest = differences.oldest_invoice_at(run.organization)
    nights = 1 if run.organization else policies.value("billing.reconcile_past_nights", run.started_at)
    past = rules.share_of_past(oldest, since, night=run.started_at.toordinal(), nights=nights) if oldest else None
    return Scope(until=run.started_at, since=since, customer=customer, past=past)


def _unseen(run: Reconciliation, after: str) -> list[Subscription]:
    return differences.unseen(
        run.pk, started_at=run.started_at, after=int(after or 0), organization=run.organization_id, limit=ASKED_AT_ONCE
    )


def _check_account(run: Reconciliation) -> None:
    live, listed = differences.live_share(run.pk)
    if live - listed > MANY_MISSING and listed * 2 < live:
        raise WrongAccount(
            f"Stripe lists {listed} of {live} live subscriptions. Is STRIPE_SECRET_KEY of the account they were sold with? "
            "Nothing was reported; see docs/runbook.md."
        )


def _old_amounts(run: Reconciliation) -> list[str]:
    """Invoices with an open difference that are older than what the run reads: asked for one by one."""
    rows = Difference.objects.open().filter(kind=DifferenceKind.AMOUNT, last_seen_at__lt=run.started_at)
    if run.organization_id is not None:
        rows = rows.filter(organization=run.organization_id)
    return list(rows.filter(invoice__issued_at__lt=_scope(run).since).values_list("subject", flat=True))
