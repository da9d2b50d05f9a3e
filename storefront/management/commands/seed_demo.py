"""manage.py seed_demo: companies with a past, staff and their logins, for a demo."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.demo import seed


class Command(BaseCommand):
    help = "Seed the demo's companies, people and staff. Safe to run again. Refuses a live key and production settings."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            logins = seed.run()
        except seed.Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{len(logins)} logins, all with the password {seed.PASSWORD}.")
