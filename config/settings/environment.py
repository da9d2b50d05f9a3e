"""What the environment says. Every variable is read here, once, with a clear error for a missing or malformed one."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
T = TypeVar("T")


class Mode(StrEnum):
    """How this process runs: for customers, for a visitor's own machine, or under the test suite."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


def _mode() -> Mode:
    said = env.str("STOREFRONT_MODE", default=Mode.PRODUCTION)
    try:
        return Mode(said)
    except ValueError:
        choices = ", ".join(mode.value for mode in Mode)
        raise ImproperlyConfigured(f"STOREFRONT_MODE is {said!r}; it takes one of: {choices}.") from None


MODE = _mode()


def required(name: str, read: Callable[..., T], example: str) -> T:
    """Read a variable that has no sensible default.

    Raises ImproperlyConfigured, naming the variable and showing a well-formed value, when it is missing or cannot be read.
    """
    if name not in os.environ:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment, for example {name}={example} "
            "(or start everything with bin/demo, which needs no set-up)."
        )
    try:
        value = read(name)
    except (ValueError, TypeError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error}. A good value looks like {example}") from None
    if value in ("", None, {}):
        raise ImproperlyConfigured(f"{name} is empty. A good value looks like {example}")
    return value


def optional(name: str, read: Callable[..., T], default: T, example: str) -> T:
    """Read a variable that has a default; a malformed value is an error, never silently the default."""
    try:
        return read(name, default=default)
    except (ValueError, TypeError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error}. A good value looks like {example}") from None
