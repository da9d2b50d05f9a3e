"""Bring a demo's database, static files, catalog and seed up to date, in one process (each start of Python costs a second)."""

import gc
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import health
from config.local import messages, steps


class Command(BaseCommand):
    help = "What bin/demo runs between starting the servers and opening the store. Refuses production settings."
    requires_system_checks = []  # they load every page, and bin/check has looked already

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--secret-file", type=Path, help="register the sandbox's webhook endpoint; keep its secret here")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is for the demo (STOREFRONT_MODE=demo), which bin/demo starts.")
        messages.compile_all()  # before anything is rendered: a process reads the translations once
        self._step("Setting up the database", "The database is set up", self._migrate)
        self._step("Collecting static files", "Static files are collected", self._collect_static)
        self._step("Applying catalog.toml", "The catalog is applied", lambda: self._call("catalog", "apply"))
        if options["secret_file"]:
            secret = str(options["secret_file"])
            self._step(
                "Registering the webhook endpoint",
                "The webhook endpoint is registered",
                lambda: self._call("stripe_webhook", "ensure", "--secret-file", secret),
            )
        self._step("Seeding the demo company", "The demo company is seeded", lambda: self._call("seed_demo"))

    def _step(self, begin: str, end: str, work: Callable[[], None]) -> None:
        steps.announce(steps.BEGIN, begin)
        work()
        steps.announce(steps.END, end)

    def _migrate(self) -> None:
        if not health.pending_migrations():
            return
        # A third of the time would go into looking for garbage among the models of every state between; this process is short.
        gc.disable()
        self._call("migrate", "--no-input", "--verbosity", "0")
        gc.enable()

    def _collect_static(self) -> None:
        if not steps.static_is_collected(Path(settings.STATIC_ROOT)):
            self._call("collectstatic", "--no-input", "--clear", "--verbosity", "0")
            steps.static_was_collected()

    def _call(self, name: str, *arguments: str) -> None:
        call_command(name, *arguments, stdout=self.stdout, stderr=self.stderr)
