"""The store's API as this product uses it: what people may use, what they used, and links that bring them into the store."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

KEPT_SECONDS = 10.0
"""How long an answer is taken as still true without asking: a seat given or taken is seen that late."""
CALL_SECONDS = 3.0
NOT_MODIFIED = 304

Features = dict[str, dict[str, Any]]


class Refused(Exception):
    """The store said no; `detail` says why, in words for people, `kind` by name."""

    def __init__(self, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.detail, self.kind = detail, kind


class Unreachable(Exception):
    """The store does not answer."""


@dataclass
class _Kept:
    """What the store said, its ETag, and since when it is known to be true."""

    features: Features
    tag: str
    at: float


@dataclass(frozen=True)
class _Use:
    """What was used and is to be reported; `key` makes sure that it counts once."""

    organization: str
    member: str
    feature: str
    quantity: int
    key: str


@dataclass
class Store:
    """`url` is the store's address, `key` a vendor key with the scopes entitlements:read, usage:write and sessions:write."""

    url: str
    key: str
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    _unreported: list[_Use] = field(default_factory=list)
    _reporting: threading.Lock = field(default_factory=threading.Lock)

    def features(self, organization: str, member: str) -> Features:
        """Every feature, with whether this person may use it: `entitled`, `limit`, `used`, `reason`.

        One call for all of them, at most every ten seconds, and mostly a 304. While the store is away, what it said last
        counts: customers are not locked out because their vendor's store is down. Raises Unreachable if it never said
        anything, and Refused.
        """
        asked = (organization, member)
        kept = self._kept.get(asked)
        if kept and time.monotonic() - kept.at < KEPT_SECONDS:
            return kept.features
        try:
            self._report()
            query = urllib.parse.urlencode({"member": member})
            headers = {"If-None-Match": kept.tag} if kept else {}
            found, tag = self._call("GET", f"/api/v1/entitlements?{query}", organization, headers=headers)
        except Unreachable:
            if kept:
                return kept.features
            raise
        said = {one["feature"]: one for one in found["data"]} if found or not kept else kept.features
        self._kept[asked] = _Kept(said, tag or (kept.tag if kept else ""), time.monotonic())
        return said

    def forget(self, organization: str) -> None:
        """The store told us that something changed for this company: what it said before is asked again."""
        for asked, kept in list(self._kept.items()):
            if asked[0] == organization:
                kept.at = float("-inf")

    def use(self, organization: str, member: str, feature: str, *, key: str, quantity: int = 1) -> None:
        """Count what is used before it is used. The same `key` counts once, however often it is clicked. Raises Refused.

        While the store is away the customer goes on, and what they used is reported later.
        """
        wanted = _Use(organization, member, feature, quantity, key)
        try:
            self._report()
            self._consume(wanted, on_limit="refuse")
        except Unreachable:
            self._unreported.append(wanted)

    def way_in(self, organization: str, member: str, *, page: str, back: str) -> str:
        """A link into the store, good once: ask for it when it is clicked, and redirect to it. Raises Refused, Unreachable."""
        body = {"member": member, "page": page, "return_url": back}
        return str(self._call("POST", "/api/v1/sessions", organization, body=body)[0]["url"])

    def _report(self) -> None:
        """What was used while the store was away. It may have been counted all the same: so the same call is made again."""
        with self._reporting:
            while self._unreported:
                try:
                    self._consume(self._unreported[0], on_limit="refuse")
                except Refused as error:
                    if error.kind == "limit-reached":  # it was used, whatever the limit is
                        self._consume(self._unreported[0], on_limit="exceed")
                self._unreported.pop(0)

    def _consume(self, wanted: _Use, *, on_limit: str) -> None:
        body = {"quantity": wanted.quantity, "member": wanted.member, "on_limit": on_limit}
        headers = {"Idempotency-Key": f"{wanted.key}-{on_limit}"}  # another body is another request
        path = f"/api/v1/entitlements/{wanted.feature}/consume"
        self._call("POST", path, wanted.organization, body=body, headers=headers)
        kept = self._kept.get((wanted.organization, wanted.member))
        if kept:
            kept.at = 0.0  # what it said of `used` is no longer true

    def _call(
        self,
        method: str,
        path: str,
        organization: str,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[dict[str, Any], str]:
        """The answer and its ETag; nothing and "" for 304."""
        said = {"Authorization": f"Bearer {self.key}", "Storefront-Organization": organization, **(headers or {})}
        data = None
        if body is not None:
            data, said["Content-Type"] = json.dumps(body).encode(), "application/json"
            said.setdefault("Idempotency-Key", uuid.uuid4().hex)
        call = urllib.request.Request(f"{self.url}{path}", data=data, headers=said, method=method)  # noqa: S310 - our own address
        try:
            with urllib.request.urlopen(call, timeout=CALL_SECONDS) as answer:  # noqa: S310 - as above
                return json.load(answer), answer.headers.get("ETag", "")
        except urllib.error.HTTPError as error:
            with error:
                if error.code == NOT_MODIFIED:
                    return {}, ""
                raise _refused(error) from error
        except OSError as error:
            raise Unreachable from error


def _refused(error: urllib.error.HTTPError) -> Refused:
    try:
        said = json.load(error)
        return Refused(str(said["detail"]), str(said["type"]).rpartition(":")[2])
    except (ValueError, KeyError, TypeError):
        return Refused(f"The store answered {error.code}.")
