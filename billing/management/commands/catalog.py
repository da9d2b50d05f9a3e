"""catalog.toml on the command line: check the file, see what it would change, put it on sale."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.origin import Origin
from billing import gateway
from billing.queries import catalog as queries
from billing.queries import catalog_words
from billing.rules import catalog, catalog_file
from billing.rules.catalog_diff import changes
from billing.services.offering import catalog as services
from config import clock


class Command(BaseCommand):
    """`check` needs neither network nor database; `plan` reads the database; `apply` writes it and Stripe."""

    help = "Check catalog.toml, show in words what it would change, or put it on sale here and at Stripe."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("check", "plan", "apply"))
        parser.add_argument("--file", type=Path, default=settings.CATALOG_FILE, help="default: %(default)s")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = self._read(options["file"])
        if options["action"] == "check":
            bundles = [line for line in wanted.lines if any(plan.parts for plan in line.plans)]
            plans = sum(len(line.plans) for line in wanted.lines)
            prices = sum(len(plan.prices) for line in wanted.lines for plan in line.plans)
            prices += sum(len(addon.prices) for line in wanted.lines for addon in line.addons)
            addons = sum(len(line.addons) for line in wanted.lines)
            counted = f"{len(wanted.lines) - len(bundles)} lines, {plans} plans, {addons} add-ons, {prices} prices"
            counted += f", {len(wanted.promotions)} promotions"
            pilots = sum(len(line.pilots) for line in wanted.lines)
            counted += f", {pilots} pilot{'s' if pilots > 1 else ''}" if pilots else ""
            counted += f", {len(bundles)} bundle{'s' if len(bundles) > 1 else ''}" if bundles else ""
            self.stdout.write(f"{options['file'].name} is good: {counted}.")
        elif options["action"] == "plan":
            self._plan(wanted)
        else:
            self._apply(wanted)

    def _read(self, file: Path) -> catalog.Catalog:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}. Name another with --file.") from None
        try:
            return catalog_file.parse(text, languages=[code for code, _name in settings.LANGUAGES], file=file.name)
        except catalog_file.CatalogError as error:
            count = len(error.problems)
            raise CommandError(f"{error}\n{count} problem{'s' if count > 1 else ''}; nothing was applied.") from None

    def _plan(self, wanted: catalog.Catalog) -> None:
        found = changes(queries.current(), wanted)
        for change in found:
            self.stdout.write(catalog_words.sentence(change))
        self.stdout.write(f"{len(found)} changes. `catalog apply` makes them." if found else "Nothing would change.")

    def _apply(self, wanted: catalog.Catalog) -> None:
        try:
            applied = services.apply(wanted=wanted, at=clock.now(), origin=Origin.system())
        except services.Busy as error:
            raise CommandError(str(error)) from None
        except gateway.GatewayError as error:
            raise CommandError(
                f"Stripe did not take it: {error.message}. Nothing is on sale that was not; run the command again."
            ) from None
        for change in applied.changes:
            self.stdout.write(catalog_words.sentence(change))
        said = "is on sale" if applied.is_new else "is on sale already; nothing changed"
        self.stdout.write(f"Catalog version {applied.number} {said}.")
