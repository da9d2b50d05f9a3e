"""The store's API as this product uses it: may they use a feature, and a link that brings them into the store."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

KEPT_SECONDS = 10.0
"""How long an answer about a feature is taken as still true: a seat given or taken is seen that late."""
CALL_SECONDS = 3.0


class Refused(Exception):
    """The store said no; `detail` says why, in words for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unreachable(Exception):
    """The store does not answer."""


@dataclass
class Store:
    """`url` is the store's address, `key` a vendor key with the scopes entitlements:read and sessions:write."""

    url: str
    key: str
    _kept: dict[tuple[str, str, str], tuple[float, dict[str, Any]]] = field(default_factory=dict)

    def may(self, organization: str, member: str, feature: str) -> dict[str, Any]:
        """The entitlement of a person: `entitled`, `limit`, `reason`, `plan`.

        While the store is away, what it said last counts: customers are not locked out because their vendor's store is down.
        Raises Unreachable if it never said anything, and Refused.
        """
        asked = (organization, member, feature)
        kept_at, kept = self._kept.get(asked, (0.0, {}))
        if kept and time.monotonic() - kept_at < KEPT_SECONDS:
            return kept
        try:
            query = urllib.parse.urlencode({"feature": feature, "member": member})
            found = self._call("GET", f"/api/v1/entitlements?{query}", organization)
        except Unreachable:
            if kept:
                return kept
            raise
        self._kept[asked] = (time.monotonic(), found)
        return found

    def way_in(self, organization: str, member: str, *, page: str, back: str) -> str:
        """A link into the store, good once: ask for it when it is clicked, and redirect to it. Raises Refused, Unreachable."""
        body = {"member": member, "page": page, "return_url": back}
        return str(self._call("POST", "/api/v1/sessions", organization, body)["url"])

    def _call(self, method: str, path: str, organization: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Storefront-Organization": organization}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
            headers["Idempotency-Key"] = uuid.uuid4().hex
        call = urllib.request.Request(f"{self.url}{path}", data=data, headers=headers, method=method)  # noqa: S310 - our own address
        try:
            with urllib.request.urlopen(call, timeout=CALL_SECONDS) as answer:  # noqa: S310 - as above
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(_detail(error)) from error
        except OSError as error:
            raise Unreachable from error
        return found


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The store answered {error.code}."
