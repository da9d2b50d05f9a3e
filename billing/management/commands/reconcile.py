"""manage.py reconcile: compare with Stripe now, everything or one organization, and say what was found."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from billing import gateway
from billing.models import Difference, Reconciliation
from billing.services.reconciliation import reconciling

SHOWN = 50


class Command(BaseCommand):
    help = "Compare Stripe's subscriptions, invoices and customers with ours, as every night. Nothing is written at Stripe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", help="only this one: its public id, external id or mail domain")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = reconciling.go_on(reconciling.begin(_organization(options["organization"])))
        except gateway.GatewayError as error:
            raise CommandError(
                f"Stripe did not answer: {error.message}. Run the command again; it goes on from there."
            ) from None
        except (reconciling.WrongAccount, reconciling.NoCustomer) as error:
            raise CommandError(str(error)) from None
        if run.finished_at is None:
            raise CommandError("Another process is at this comparison. Wait for it, or look at it in the admin.")
        self._say(run)

    def _say(self, run: Reconciliation) -> None:
        self.stdout.write(
            f"{run.compared} objects compared in {run.calls} calls; {run.repaired} read again, "
            f"{run.found} differences found, {run.gone} gone."
        )
        rows = Difference.objects.open().order_by("found_at", "pk")
        if run.organization_id is not None:
            rows = rows.filter(organization=run.organization_id)
        for row in rows[:SHOWN]:
            self.stdout.write(f"  {row.kind:<14} {row.subject:<32} ours {row.ours}  Stripe's {row.stripes}")
        left = rows.count() - SHOWN
        if left > 0:
            self.stdout.write(f"  and {left} more, in the admin.")


def _organization(name: str | None) -> Organization | None:
    if name is None:
        return None
    for field in ("public_id", "external_id", "domain"):
        found = Organization.objects.filter(**{field: name}).first()
        if found is not None:
            return found
    raise CommandError(f"No organization has the public id, external id or mail domain {name!r}.")
