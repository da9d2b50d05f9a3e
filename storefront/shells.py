"""What surrounds every signed-in page (scripts, header, footer, sandbox bar), kept as text in this process's memory.

The same person sees the same frame on page after page, and it would be half of a page's work. A kept text is a function of
its template, the language and the facts below, and of nothing else: it is rendered in a context of its own that holds no more
than they do, so it can't be stale and can't show anybody what is not in their own facts. Tokens are not kept: a mark stands
in their place.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.http import HttpRequest
from django.template import Context, engines
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from accounts.middleware import RETURN_URL
from config.context import Store
from offramps.queries import desk_access

# Frames of about 5 kB each; the least recently used give way.
KEPT: Final = 1_000
TOKEN: Final = "csrf-token-of-the-request"  # noqa: S105 - the mark in its place


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    is_staff: bool
    is_authenticated: bool = True


@dataclass(frozen=True, slots=True)
class Company:
    pk: int
    public_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    organization: Company


@dataclass(frozen=True, slots=True)
class Position:
    """What one is in the organization one is in."""

    role: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the shells' templates read of `request`; None and empty for what they do not."""

    path: str = ""
    full_path: str = ""
    user: Person | None = None
    organization: Company | None = None
    memberships: tuple[Member, ...] = ()
    membership: Position | None = None
    way_back: str = ""
    desk: tuple[str, ...] = ()
    """Names of the sales floor's pages that this person may open."""

    def get_full_path(self) -> str:
        return self.full_path


def header(request: Any) -> Facts:
    return Facts(
        path=request.path,
        user=_person(request),
        organization=_company(getattr(request, "organization", None)),
        memberships=tuple(Member(_found(one.organization)) for one in getattr(request, "memberships", ())),
        membership=_position(getattr(request, "membership", None)),
        way_back=way_back(request),
        desk=desk_access.of(request).pages if _person(request) else (),
    )


def language_switch(request: HttpRequest) -> Facts:
    """The footer's, which leads back to where one is."""
    return Facts(path=request.path, full_path=request.get_full_path())


def sandbox_bar(request: HttpRequest) -> Facts:
    return Facts(full_path=request.get_full_path(), user=_person(request))


def render(template: str, facts: Facts, token: str = "") -> SafeString:
    """The text of a shell's template, kept from the last time that these facts were asked for."""
    text = _text(template, translation.get_language() or "", facts)
    return mark_safe(text.replace(TOKEN, token))  # noqa: S308 - rendered by Django; tokens are letters and digits


def forget() -> None:
    """Drop all texts (a test that changes brand or addresses)."""
    _text.cache_clear()


@lru_cache(maxsize=KEPT)
def _text(template: str, _language: str, facts: Facts) -> str:
    found = engines["django"].engine.get_template(template)  # type: ignore[attr-defined] # Django's own engine has one
    return str(found.render(Context({"request": facts, "store": Store(facts), "csrf_token": TOKEN})))


def way_back(request: Any) -> str:
    """Where the vendor's product wants the person back who came in from it; nothing for everybody else."""
    user = getattr(request, "user", None)
    return str(request.session.get(RETURN_URL, "")) if user is not None and user.is_authenticated else ""


def _person(request: Any) -> Person | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return Person(user.name, user.email, user.is_staff)


def _position(membership: Any) -> Position | None:
    return None if membership is None else Position(membership.role)


def _company(organization: Any) -> Company | None:
    return None if organization is None else _found(organization)


def _found(organization: Any) -> Company:
    return Company(organization.pk, organization.public_id, organization.name)
