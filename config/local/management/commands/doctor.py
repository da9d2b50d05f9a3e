"""`manage.py doctor`: look at an installation and say in words what is wrong, why it matters and what to do."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.local import doctor

MARKS = {doctor.Level.OK: "ok     ", doctor.Level.NOTE: "note   ", doctor.Level.ERROR: "ERROR  "}


class Command(BaseCommand):
    help = "Explain a broken set-up in words. Exits with 1 when something must be mended."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in doctor.examine():
            findings.append(finding)
            self.stdout.write(f"{MARKS[finding.level]}{finding.subject:<12} {finding.text}")
            if finding.remedy:
                self.stdout.write(f"{'':<20}{finding.remedy}")
        errors = sum(finding.level is doctor.Level.ERROR for finding in findings)
        notes = sum(finding.level is doctor.Level.NOTE for finding in findings)
        self.stdout.write(f"\nErrors: {errors}. Notes: {notes}.")
        sys.exit(1 if errors else 0)
