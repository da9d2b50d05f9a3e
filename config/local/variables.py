"""The variables that an installation must have, told all at once by `manage.py doctor` where settings stop at the first."""

import os
import sys
from collections.abc import Mapping

REQUIRED = {
    "SECRET_KEY": ("signs sessions and links", "a-long-random-string-of-50-characters-or-more"),
    "STORE_URL": ("is the address customers use", "https://store.example.com"),
    "DATABASE_URL": ("names the Postgres that keeps everything", "postgres://user:password@localhost:5432/storefront"),
    "REDIS_URL": ("names the Redis that wakes the worker", "redis://:password@localhost:6379/0"),
    "STRIPE_SECRET_KEY": ("lets the store sell through Stripe", "sk_test_..."),
}
IN_PRODUCTION = {
    "EMAIL_URL": ("names the server that sends the mails", "smtp+tls://user:password@mail.example:587"),
}


def missing(environment: Mapping[str, str]) -> list[str]:
    """A line for each required variable that is not there: its name, why it matters, an example."""
    is_production = environment.get("STOREFRONT_MODE", "production") == "production"
    wanted = REQUIRED | (IN_PRODUCTION if is_production else {})
    return [
        f"ERROR  variables    {name} is not set; it {why}.\n{'':<20}Set it, for example {name}={example}"
        for name, (why, example) in wanted.items()
        if not environment.get(name)
    ]


def stop_if_missing() -> None:
    """Say what is missing and exit with 1; return when everything is there."""
    lines = missing(os.environ)
    if lines:
        sys.stdout.write("\n".join([*lines, f"\nErrors: {len(lines)}. The rest is looked at when these are set.\n"]))
        sys.exit(1)
