"""`manage.py pulse`: drain the lanes until told to stop. Two or more may run; they share the work by SKIP LOCKED."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from config import health, pulse

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Keep the store's promises in seconds: commands to Stripe, the inbox, outgoing mail. Needs the database alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="drain what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{pulse.drain_all()} rows handled.")
            return
        stop = threading.Event()

        def ask(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask)
        log.info("pulse_started", lanes=list(pulse.lanes()))
        pulse.run(stop, on_turn=lambda: health.beat("pulse"))
        log.info("pulse_stopped")
