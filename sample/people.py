"""The product's own users, as a file says them; and who is signed in, as a signed cookie says it."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """`organization` is the product's own id of the company: the store knows it as external id."""

    organization: str
    organization_name: str
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class Setup:
    """What `--setup` names: a JSON file with `product`, `api_key`, `webhook_secret` (may be missing) and `people`."""

    product: str
    api_key: str
    people: list[Person]
    webhook_secret: str = ""

    @classmethod
    def read(cls, path: Path) -> "Setup":
        said = json.loads(path.read_text(encoding="utf-8"))
        people = [Person(**one) for one in said["people"]]
        return cls(said["product"], said["api_key"], people, said.get("webhook_secret", ""))

    def named(self, email: str) -> Person | None:
        return next((one for one in self.people if one.email == email), None)


def sign(email: str, secret: str) -> str:
    return f"{email}|{_mark(email, secret)}"


def signed(text: str, secret: str) -> str:
    """The address in a cookie; empty if the mark is not ours."""
    email, _bar, mark = text.rpartition("|")
    return email if hmac.compare_digest(mark, _mark(email, secret)) else ""


def _mark(email: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"sample-product:{email}".encode(), hashlib.sha256).hexdigest()
