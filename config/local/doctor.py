"""What `manage.py doctor` looks at: variables, database, migrations, Redis, Stripe, hearts, static files, mail."""

import io
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection

from config import clock, health

OLDEST_POSTGRES = 150_000
FEW_CONNECTIONS = 40
STRIPE_SECONDS = 10.0
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
RESERVED_NAMES = (".example", ".test", ".invalid", ".localhost")


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One look: what about (`subject`), what was found and why it matters (`text`), what to do (`remedy`)."""

    level: Level
    subject: str
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    return Finding(Level.OK, subject, text)


def note(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.NOTE, subject, text, remedy)


def error(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.ERROR, subject, text, remedy)


def examine() -> Iterator[Finding]:
    """Every finding, as soon as it is there. None of the looks raises; what one cannot see is an error of its own."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        environment, framework, sign_in, database, redis, stripe_key, stripe_answers, webhooks, hearts, static_files, mail,
    )  # fmt: skip
    for look in looks:
        try:
            yield from look()
        except Exception as failure:  # noqa: BLE001 - the doctor must not die of what the patient has
            subject = look.__name__.replace("_", " ")
            yield error(
                subject, f"It could not be examined: {type(failure).__name__}.", "Look at the log with LOG_LEVEL=DEBUG."
            )


def environment() -> Iterator[Finding]:
    mode = "demo" if settings.DEMO else "test" if settings.TEST else "production"
    yield ok("variables", f"All required variables are set; the mode is {mode}, the address is {settings.STORE_URL}.")
    if settings.PRODUCTION and not settings.STORE_URL.startswith("https://"):
        yield error(
            "variables", "STORE_URL is not https: passwords and sessions would cross the net in the open.", "Use https://."
        )
    if settings.PRODUCTION and len(settings.SECRET_KEY) < 50:
        yield error("variables", "SECRET_KEY is short, and signed links could be forged.", "Use 50 random characters or more.")


def framework() -> Iterator[Finding]:
    """Django's own checks, the deployment ones in production."""
    arguments = ["--deploy", "--fail-level", "WARNING"] if settings.PRODUCTION else []
    try:
        call_command("check", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    except SystemCheckError as failure:
        lines = [line.strip() for line in str(failure).splitlines() if line.strip().startswith(("?:", "("))]
        yield error("settings", f"Django's checks found: {' '.join(lines) or failure}", "Each names its setting; change that.")
    else:
        yield ok("settings", "Django's own checks find nothing.")


def sign_in() -> Iterator[Finding]:
    """Whether staff need a second factor, and who else may vouch for a customer."""
    if settings.STAFF_SECOND_FACTOR:
        yield ok("sign-in", "Staff need a second factor before the admin and any page of theirs.")
    elif settings.PRODUCTION:
        remedy = "Remove STAFF_SECOND_FACTOR=false; staff are led to set one up when they next come."
        yield error("sign-in", "Staff get in with a password alone.", remedy)
    else:
        yield ok("sign-in", "Staff need no second factor in this mode; in production they do.")
    for name, provider in settings.SOCIALACCOUNT_PROVIDERS.items():
        if provider["APPS"]:
            yield ok("sign-in", f"{name.title()} may sign people in.")
    if settings.PRODUCTION and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        text = "Attempts are counted by the address of whoever connects: behind a proxy that is the proxy, for everybody."
        yield note("sign-in", text, "Set TRUSTED_PROXIES to the number of proxies in front of the store.")


def database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            version = cursor.connection.info.server_version
            cursor.execute("SHOW max_connections")
            limit = int(cursor.fetchone()[0])
    except (DatabaseError, psycopg.Error) as failure:
        reason = str(failure.__cause__ or failure).strip().splitlines()[0]
        yield error("database", f"It does not answer: {reason}", "Check DATABASE_URL, and that the server runs and lets us in.")
        return
    if version < OLDEST_POSTGRES:
        yield error("database", f"Postgres {version // 10000} is too old for the store.", "Use Postgres 15 or newer.")
    else:
        yield ok("database", f"Postgres {version // 10000} answers.")
    if limit < FEW_CONNECTIONS:
        remedy = "Raise max_connections, or lower DATABASE_POOL_SIZE."
        yield note("database", f"It takes {limit} connections, and each process keeps up to 8.", remedy)
    pending = health.pending_migrations()
    if pending:
        shown = ", ".join(pending[:5]) + (" ..." if len(pending) > 5 else "")
        yield error("migrations", f"{len(pending)} are pending ({shown}): pages that need them fail.", "Run manage.py migrate.")
    else:
        yield ok("migrations", "All are applied.")


def redis() -> Iterator[Finding]:
    try:
        cache.set("doctor", "well", 10)
        answers = cache.get("doctor") == "well"
    except Exception as failure:  # noqa: BLE001 - redis-py and its pool raise many kinds
        why = f"It does not answer ({type(failure).__name__}): background work is late, rate limits are per process."
        yield error("redis", why, "Check REDIS_URL, and that the server runs.")
        return
    if answers:
        yield ok("redis", "It keeps what it is given.")
    else:
        yield error("redis", "It answers and forgets at once: is it out of memory?", "Look at its maxmemory and its policy.")


def stripe_key() -> Iterator[Finding]:
    kind = settings.STRIPE_SECRET_KEY.partition("_")[2].partition("_")[0]
    if kind not in {"test", "live"}:
        yield error(
            "stripe key", "STRIPE_SECRET_KEY is no secret key.", "One begins with sk_test_, sk_live_, rk_test_ or rk_live_."
        )
    elif settings.STRIPE_SANDBOX and kind == "live":
        yield error("stripe key", "A live key is set beside the sandbox's address.", "Unset STRIPE_API_BASE.")
    elif settings.PRODUCTION and kind == "test":
        yield note("stripe key", "It is a test key: nobody is charged.", "Set STRIPE_SECRET_KEY=sk_live_... to sell.")
    else:
        where = "the sandbox on this machine" if settings.STRIPE_SANDBOX else f"Stripe, {kind} mode"
        yield ok("stripe key", f"It is for {where}.")


def stripe_answers() -> Iterator[Finding]:
    base = settings.STRIPE_API_BASE or health.STRIPE_ADDRESS
    try:
        status = _stripe_status(f"{base}/v1/products?limit=1")
    except OSError as failure:
        why = f"{base} does not answer ({type(failure).__name__}): nobody can buy."
        yield error("stripe", why, "Check the network, the proxy, and that the sandbox runs if you use it.")
        return
    if status == HTTPStatus.UNAUTHORIZED:
        yield error("stripe", "Stripe does not know this key.", "Copy STRIPE_SECRET_KEY again from the Dashboard.")
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield error("stripe", f"Stripe answers with {status}.", "Look at status.stripe.com, and try again.")
    else:
        yield ok("stripe", f"{base} answers and knows the key.")


def _stripe_status(url: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"})  # noqa: S310 - http(s)
    try:
        with urllib.request.urlopen(request, timeout=STRIPE_SECONDS) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as failure:
        return failure.code


def webhooks() -> Iterator[Finding]:
    if settings.STRIPE_WEBHOOK_SECRET:
        yield ok("webhooks", "A signing secret is set.")
    elif settings.STRIPE_POLL_EVENTS:
        yield ok("webhooks", "No signing secret is set; events are polled every 2 s instead.")
    else:
        yield error(
            "webhooks",
            "No signing secret is set, so every webhook is refused, and events are polled every 10 minutes only.",
            "Set STRIPE_WEBHOOK_SECRET, or STRIPE_POLL_EVENTS=true where no public address exists.",
        )


def hearts() -> Iterator[Finding]:
    starts = {
        "worker": "celery -A config.celery worker, and celery -A config.celery beat",
        "pulse": "manage.py pulse",
    }
    why = {
        "worker": "renewal notices, reminders and clean-up wait",
        "pulse": "payments in flight, webhooks and mails wait",
    }
    try:
        beats = health.last_beats()
    except Exception:  # noqa: BLE001 - said under redis already
        yield note("worker", "Worker and pulse cannot be heard without Redis.", "Mend Redis first.")
        return
    for name, at in beats.items():
        if at is None:
            yield error(name, f"It has not been heard of in an hour: {why[name]}.", f"Start it: {starts[name]}")
        elif (age := clock.wall() - at) > health.LATE_AFTER:
            seconds = int(age.total_seconds())
            yield error(name, f"It was last heard {seconds} s ago: {why[name]}.", f"Start it again: {starts[name]}")
        else:
            yield ok(name, "It beats.")


def static_files() -> Iterator[Finding]:
    if settings.TEST:
        return
    if (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield ok("static files", "They are collected.")
    else:
        yield error("static files", "They are not collected: pages fail.", "Run manage.py collectstatic --no-input.")


def mail() -> Iterator[Finding]:
    if settings.EMAIL_BACKEND != SMTP_BACKEND:
        yield ok("mail", "Mails stay on this machine, in the mailbox page.")
        return
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    try:
        server = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
        with server(host, port, timeout=settings.EMAIL_TIMEOUT) as talk:
            if settings.EMAIL_USE_TLS:
                talk.starttls(context=ssl.create_default_context())
            if settings.EMAIL_HOST_USER:
                talk.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except smtplib.SMTPAuthenticationError:
        yield error("mail", f"{host} refuses our user or password: no mail leaves.", "Correct them in EMAIL_URL.")
    except (OSError, smtplib.SMTPException, socket.gaierror) as failure:
        yield error("mail", f"{host}:{port} does not answer ({type(failure).__name__}): no mail leaves.", "Check EMAIL_URL.")
    else:
        yield ok("mail", f"{host}:{port} takes our mails.")
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(RESERVED_NAMES):
        yield note("mail", "The sender is a made-up address, and receivers will refuse it.", "Set DEFAULT_FROM_EMAIL.")
