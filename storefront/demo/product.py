"""What the demo's sample product is given: a vendor key, a webhook endpoint, and its own users."""

import json
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from accounts.models import Scope
from accounts.origin import Origin
from accounts.queries import api_keys as read
from accounts.queries import webhooks
from accounts.services import api_keys, webhook_endpoints
from config import clock
from storefront.demo.companies import Company

FILE = "product.json"
NAME = "The sample product"
SCOPES = (Scope.ENTITLEMENTS_READ, Scope.USAGE_WRITE, Scope.SESSIONS_WRITE, Scope.MEMBERS_READ)


def write(wanted: Iterable[Company], folder: Path) -> None:
    """Write the file that `python -m sample --setup` reads. A key in force stays: its text is nowhere but there."""
    path = folder / FILE
    people = [
        {
            "organization": company.external_id,
            "organization_name": company.name,
            "name": person.name,
            "email": person.email,
            "role": person.role,
        }
        for company in wanted
        for person in company.people
    ]
    said = {
        "product": settings.BRAND["product"],
        "api_key": _kept_key(path) or _new_key(),
        "webhook_secret": _listening(path) if settings.SAMPLE_PRODUCT else "",
        "people": people,
    }
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FILE}.draft"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(said, indent=1), encoding="utf-8")
    draft.replace(path)


def _listening(path: Path) -> str:
    """The secret of the endpoint that hears of all companies; of the one there is, if the file has it, at today's address."""
    url, origin, at = f"{settings.SAMPLE_PRODUCT}/webhooks/", Origin.system(), clock.now()
    kept = _kept(path, "webhook_secret")
    for endpoint in webhooks.of(None).filter(description=NAME):
        if kept and kept in webhook_endpoints.secrets_in_force([endpoint.pk], clock.wall()).get(endpoint.pk, []):
            webhook_endpoints.change(endpoint=endpoint, wanted={"url": url}, origin=origin, at=at)
            webhook_endpoints.enable(endpoint=endpoint, origin=origin, at=at)
            return kept
        webhook_endpoints.delete(endpoint=endpoint, origin=origin, at=at)
    _endpoint, secret = webhook_endpoints.create(organization=None, url=url, types=[], description=NAME, origin=origin, at=at)
    return secret


def _kept(path: Path, name: str) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[name])
    except (OSError, ValueError, KeyError):
        return ""


def _kept_key(path: Path) -> str:
    kept = _kept(path, "api_key")
    found = read.find(kept, clock.now())
    return kept if found is not None and set(SCOPES) <= set(found.scopes) else ""


def _new_key() -> str:
    _key, text = api_keys.create(organization=None, name=NAME, scopes=SCOPES, origin=Origin.system(), at=clock.now())
    return text
