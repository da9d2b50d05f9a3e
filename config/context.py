"""What every template may ask of the store: brand, addresses, where one is. Nothing here runs a query or opens a session."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from config import brand, switches
from config.switches import Feature

NAVIGATION = [
    ("storefront:home", _("Home")),
    ("storefront:seats", _("Seats")),
    ("storefront:team", _("Team")),
    ("storefront:invoices", _("Invoices")),
    ("storefront:quotes", _("Quotes")),
    ("storefront:organization_settings", _("Settings")),
]
# The staff's pages; who may open which is said by offramps.queries.desk_access.
FLOOR = {
    "offramps:desk": _("Desk"),
    "offramps:board": _("Board"),
    "offramps:approvals": _("Approvals"),
    "offramps:credit": _("Credit"),
}
# Pages that a role is not offered, because they would turn it away (accounts.rules.permissions decides; a test compares).
CLOSED_TO = {
    "member": {
        "storefront:home",
        "storefront:seats",
        "storefront:team",
        "storefront:invoices",
        "storefront:quotes",
        "storefront:organization_settings",
    },
    "billing_admin": {"storefront:organization_settings"},
}
PROVIDER_NAMES = {"google": "Google", "microsoft": "Microsoft"}
LEGAL = [
    ("terms", _("Terms")),
    ("privacy", _("Privacy")),
    ("dpa", _("Data processing")),
]


def address(name: str, *args: str) -> str:
    """The address of a page, or nothing in a store that has left the page out."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link by name; `current` marks the page one is on or below."""

    url: str
    label: str | Promise
    current: bool = False


def links(entries: Iterable[tuple[str, str | Promise]], path: str = "") -> list[Link]:
    """The pages that exist, the one with the longest matching address marked as current.

    If none matches, the only one in the path's section is: `/settings/organization/` on `/settings/billing/`.
    """
    found = [(url, label) for name, label in entries if (url := address(name))]
    below = [url for url, _label in found if path == url or (url != "/" and path.startswith(url))]
    beside = [url for url, _label in found if url != "/" and _section(url) == _section(path)]
    current = max(below, key=len, default=beside[0] if len(beside) == 1 else None)
    return [Link(url, label, url == current) for url, label in found]


def _section(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who may vouch for somebody who signs in."""

    id: str
    name: str
    url: str


class Located(Protocol):
    """What has a place in the store: a request, or the facts of one."""

    @property
    def path(self) -> str: ...


class Store:
    """`store` in templates. Each part is worked out when a template asks for it."""

    brand = settings.BRAND
    demo = settings.DEMO
    sandbox = settings.STRIPE_SANDBOX

    def __init__(self, request: Located) -> None:
        self._request = request

    @property
    def tagline(self) -> str:
        """The brand's line in the reader's language, or as it stands."""
        return str(settings.BRAND.get(f"tagline_{self.language.partition('-')[0]}") or settings.BRAND["tagline"])

    @cached_property
    def nav(self) -> list[Link]:
        """The pages that this person may open; a plain member has a home and needs no menu, staff have the floor's."""
        if self.desk and getattr(self._request, "membership", None) is None:
            return self.desk
        closed = CLOSED_TO.get(getattr(getattr(self._request, "membership", None), "role", ""), set())
        if not self.has["team"]:
            closed = closed | {"storefront:team"}
        return links([entry for entry in NAVIGATION if entry[0] not in closed], self._request.path)

    @cached_property
    def desk(self) -> list[Link]:
        """The sales floor's pages, for reps and managers."""
        names = getattr(self._request, "desk", ())
        return links([(name, FLOOR[name]) for name in names], self._request.path)

    @cached_property
    def has(self) -> dict[str, bool]:
        """What the store does itself and does not leave to the product."""
        return {feature.value: switches.has(feature) for feature in Feature}

    @cached_property
    def legal(self) -> list[Link]:
        return [Link(url, label) for kind, label in LEGAL if (url := address("storefront:legal", kind))]

    @cached_property
    def brand_css_url(self) -> str:
        return brand.stylesheet_url() if address("manifest") else ""

    @cached_property
    def manifest_url(self) -> str:
        return address("manifest")

    @cached_property
    def home_url(self) -> str:
        return address("storefront:home") or "/"

    @cached_property
    def pricing_url(self) -> str:
        return address("storefront:pricing")

    @cached_property
    def talk_url(self) -> str:
        return address("storefront:talk")

    @cached_property
    def header_url(self) -> str:
        return address("storefront:header")

    @cached_property
    def switch_url(self) -> str:
        return address("storefront:organization_switch")

    @cached_property
    def organization_new_url(self) -> str:
        return address("storefront:organization_new")

    @cached_property
    def mailbox_url(self) -> str:
        """The demo's mailbox; nothing elsewhere."""
        return address("mailbox") if self.demo else ""

    @cached_property
    def sandbox_url(self) -> str:
        return address("storefront:sandbox_bar") if self.demo and self.sandbox else ""

    @cached_property
    def language_url(self) -> str:
        return address("language")

    @cached_property
    def set_language_url(self) -> str:
        return address("set_language")

    @cached_property
    def sign_in_providers(self) -> list[Provider]:
        """Google and Microsoft, where the settings name an application registered with them."""
        named = [name for name, settings_of in settings.SOCIALACCOUNT_PROVIDERS.items() if settings_of.get("APPS")]
        return [Provider(name, PROVIDER_NAMES[name], address(f"{name}_login")) for name in named]

    @cached_property
    def can_use_passkeys(self) -> bool:
        """Browsers tie a passkey to a name; at an address that is a bare number (http://127.0.0.1) they refuse."""
        host = urlsplit(settings.STORE_URL).hostname or ""
        return not (host.replace(".", "").isdigit() or ":" in host)

    @property
    def language(self) -> str:
        return translation.get_language() or settings.LANGUAGE_CODE

    @cached_property
    def language_name(self) -> str:
        return str(translation.get_language_info(self.language)["name_local"])

    @cached_property
    def languages(self) -> list[dict[str, Any]]:
        return [translation.get_language_info(code) for code, _name in settings.LANGUAGES]


def store(request: HttpRequest) -> dict[str, Store]:
    return {"store": Store(request)}
