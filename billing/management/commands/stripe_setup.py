"""manage.py stripe_setup: make the account at Stripe what the store needs; with --check only say what is wrong."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing import gateway
from billing.rules import catalog, catalog_file
from billing.services.offering import catalog as catalogs
from billing.services.offering import stripe_setup
from billing.services.offering.stripe_setup import State


class Command(BaseCommand):
    help = "Set up Stripe: key, account, clock, webhook endpoint, catalog, customer portal, tax. Safe to repeat."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and list what is to be mended")
        parser.add_argument(
            "--url", default=f"{settings.STORE_URL}/webhooks/stripe/", help="where events go; default: %(default)s"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = stripe_setup.Wanted(url=options["url"], catalog=_catalog(), is_check=options["check"])
        left = []
        try:
            for finding in stripe_setup.run(wanted):
                self.stdout.write(f"{finding.state:<5} {finding.subject:<8} {finding.text}")
                if finding.secret:
                    self.stdout.write(f"\nSTRIPE_WEBHOOK_SECRET={finding.secret}\n")
                if finding.state == State.MEND:
                    left.append(finding)
        except (gateway.Unreachable, catalogs.Busy) as error:
            raise CommandError(f"{error}. What was done stays; run the command again.") from None
        self.stdout.write("What only Stripe's dashboard can set: docs/stripe.md.")
        if left:
            mended = "`manage.py stripe_setup` mends what it can." if options["check"] else "The rest is for you."
            raise CommandError(f"{len(left)} to mend. {mended}")


def _catalog() -> catalog.Catalog:
    try:
        text = settings.CATALOG_FILE.read_text(encoding="utf-8")
        languages = [code for code, _name in settings.LANGUAGES]
        return catalog_file.parse(text, languages=languages, file=settings.CATALOG_FILE.name)
    except (OSError, UnicodeDecodeError, catalog_file.CatalogError) as error:
        raise CommandError(f"{settings.CATALOG_FILE.name} cannot be used: {error}") from None
