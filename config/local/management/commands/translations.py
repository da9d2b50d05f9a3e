"""`manage.py translations update | compile | check`: the store's words in other languages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.local import messages

SHOWN = 40


class Command(BaseCommand):
    """Collect the texts, compile them by Babel, or say what is missing."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["update", "compile", "check"])

    def handle(self, *, action: str, **_options: Any) -> None:
        if action == "update":
            for language in messages.LANGUAGES:
                total, missing = messages.update(language)
                self.stdout.write(f"{language}: {total} texts, {missing} without a translation")
        elif action == "compile":
            for path in messages.compile_all():
                self.stdout.write(f"Wrote {path.relative_to(messages.ROOT)}")
        elif said := messages.problems():
            raise CommandError("\n".join(said[:SHOWN]) + (f"\nand {len(said) - SHOWN} more" if len(said) > SHOWN else ""))
