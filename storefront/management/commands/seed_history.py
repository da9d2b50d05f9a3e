"""manage.py seed_history: two hundred customers with a year behind them, for a demo that runs already."""

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import sandbox_control
from storefront.demo import history, seed
from storefront.demo.population import Fate

# The machine is for whoever looks at the demo.
NICENESS = 10
TOLD_EVERY = 50
SHOWN = {Fate.GROWS: "grew", Fate.OWES: "owes", Fate.LEAVES: "is about to leave", Fate.WIDENS: "has two products"}


class Command(BaseCommand):
    help = "Bring the demo's many customers, a few at a time. Safe to end and to run again. For the sandbox only."

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(NICENESS)
        began = time.monotonic()
        try:
            told = history.run(tell=self._tell)
        except (seed.Refused, sandbox_control.NotASandbox, sandbox_control.NoAnswer) as refused:
            raise CommandError(str(refused)) from None
        if told.rows:
            self.stdout.write(
                f"{told.rows} rows in {time.monotonic() - began:.0f} s; {sum(os.times()[:4]):.0f} s of processor time."
            )
        if told.failed:
            self.stderr.write(f"{told.failed} customers of the past were left out: see above. They come with the next start.")

    def _tell(self, told: history.Told) -> None:
        if told.there % TOLD_EVERY == 0 or told.there == told.of:
            self.stdout.write(f"{told.there} of {told.of} customers of the past are there.")
        if told.there == told.of:
            shown = ", ".join(f"{address} {SHOWN[Fate(fate)]}" for fate, address in history.worth_a_look() if fate in SHOWN)
            self.stdout.write(f"Some whose owner can sign in, with the same password: {shown}.")
