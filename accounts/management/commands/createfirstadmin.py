"""`manage.py createfirstadmin ada@vendor.example`: the one account that cannot be made in the admin."""

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.services import staff
from config import clock

PASSWORD_VARIABLE = "FIRST_ADMIN_PASSWORD"  # noqa: S105 - a variable's name


class Command(BaseCommand):
    help = (
        "Makes the first administrator. The password is asked for, or read from FIRST_ADMIN_PASSWORD. "
        "Does nothing if there is an administrator."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address to sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"]
        try:
            validate_email(email)
            password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password: ")
            validate_password(password)
            staff.create_first_admin(email=email, password=password, at=clock.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except staff.AlreadyThere:
            self.stdout.write("There is an administrator already. Sign in at /admin/ and add others under Users.")
            return
        self.stdout.write(f"{email} is an administrator now. Sign in at /admin/.")
