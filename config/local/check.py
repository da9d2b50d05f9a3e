"""bin/check: everything CI looks at that is not a test. Runs all of it, two at a time, then says what failed."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from config.local import state

AT_ONCE = 2
PACKAGES = ("config", "accounts", "billing", "telemetry", "offramps", "storefront")
# Made up, and shaped as production's are: the checks read settings and touch no server.
PRODUCTION = {
    "STOREFRONT_MODE": "production",
    "SECRET_KEY": "made-up-for-the-checks-7f3b9d1c5e8a2064f7b3d9c1e5a82064-xyz",
    "STORE_URL": "https://store.example.com",
    "DATABASE_URL": "postgres://store:made-up@127.0.0.1:1/store",
    "REDIS_URL": "redis://:made-up@127.0.0.1:1/0",
    "STRIPE_SECRET_KEY": "sk_test_made_up",
    "STRIPE_WEBHOOK_SECRET": "whsec_made_up",
    "STRIPE_API_BASE": "",
    "EMAIL_URL": "smtp+tls://store:made-up@mail.example.com:587",
    "LOG_FORMAT": "console",
}


@dataclass(frozen=True)
class Check:
    """One look at the tree. `environment` is added to ours."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def checks() -> list[Check]:
    """All of them, the slowest first."""
    lint_imports = (
        "import sys; from importlinter.cli import lint_imports_command; sys.argv[0] = 'lint-imports'; lint_imports_command()"
    )
    no_database = {**PRODUCTION, "LOG_LEVEL": "CRITICAL", "PYTHONWARNINGS": "ignore"}
    return [
        Check("mypy", ["-m", "mypy", "manage.py", *PACKAGES], PRODUCTION),
        Check("ruff", ["-m", "ruff", "check", "."]),
        Check("format", ["-m", "ruff", "format", "--check", "."]),
        Check("imports", ["-c", lint_imports]),
        Check("templates", ["-m", "djlint", "--quiet", "--lint", "templates"]),
        Check("translations", ["manage.py", "translations", "check"], PRODUCTION),
        Check("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"], no_database),
        Check("deploy", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        Check("schema", ["manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull], PRODUCTION),
    ]


@dataclass(frozen=True)
class Outcome:
    check: Check
    code: int
    output: str
    seconds: float


def run(names: Sequence[str]) -> int:
    """Run the named checks, or all, and return 1 if any failed."""
    known = checks()
    if unknown := set(names) - {check.name for check in known}:
        sys.stderr.write(f"There is no check {', '.join(sorted(unknown))}. There are: {', '.join(c.name for c in known)}.\n")
        return 2
    began = time.monotonic()
    chosen = [check for check in known if not names or check.name in names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = [_told(future.result()) for future in as_completed([pool.submit(_look, check) for check in chosen])]
    failed = [outcome.check.name for outcome in outcomes if outcome.code != 0]
    verdict = (
        f"{len(failed)} of {len(chosen)} checks failed: {', '.join(failed)}" if failed else f"All {len(chosen)} checks passed"
    )
    sys.stdout.write(f"{verdict} ({time.monotonic() - began:.0f} s).\n")
    return 1 if failed else 0


def _look(check: Check) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, *check.arguments],
        env={**os.environ, **check.environment},
        cwd=state.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(check, done.returncode, done.stdout + done.stderr, time.monotonic() - began)


def _told(outcome: Outcome) -> Outcome:
    word = "failed" if outcome.code else "ok"
    sys.stdout.write(f"{outcome.check.name:<12} {word:<7} {outcome.seconds:5.1f} s\n")
    if outcome.code:
        sys.stdout.write("".join(f"    {line}\n" for line in outcome.output.rstrip().splitlines()))
    sys.stdout.flush()
    return outcome
