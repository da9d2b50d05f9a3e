"""manage.py stripe_webhook ensure: Stripe knows where to send its events, and the store knows their secret."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing import gateway
from billing.services.offering import webhook_endpoints


class Command(BaseCommand):
    help = "Register the store's webhook endpoint with Stripe: exactly the event types it listens to, in its API version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        ensure = verbs.add_parser("ensure", help="make or mend the endpoint; Stripe tells its secret only when it is made")
        ensure.add_argument("--url", default=f"{settings.STORE_URL}/webhooks/stripe/", help="default: %(default)s")
        ensure.add_argument("--secret-file", type=Path, help="keep the secret in this file (mode 0600) instead of printing it")
        ensure.add_argument("--renew", action="store_true", help="make a new endpoint and drop the old: a new secret")

    def handle(self, *args: Any, **options: Any) -> None:
        kept: Path | None = options["secret_file"]
        knows_secret = bool(kept.exists() and kept.read_text().strip()) if kept else bool(settings.STRIPE_WEBHOOK_SECRET)
        try:
            ensured = webhook_endpoints.ensure(url=options["url"], renew=options["renew"] or not knows_secret)
        except gateway.GatewayError as error:
            raise CommandError(f"Stripe did not register {options['url']}: {error.message}") from error
        if not ensured.secret:
            self.stdout.write(f"{ensured.stripe_id} listens at {ensured.url} already; its secret stays.")
        elif kept:
            _keep(kept, ensured.secret)
            self.stdout.write(f"{ensured.stripe_id} listens at {ensured.url}; its secret is in {kept.name}.")
        else:
            self.stdout.write(f"{ensured.stripe_id} listens at {ensured.url}.\nSTRIPE_WEBHOOK_SECRET={ensured.secret}")


def _keep(path: Path, secret: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    draft.replace(path)
