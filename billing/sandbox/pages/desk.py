"""What every page starts from: the account behind an id, the words, what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox import rendering
from billing.sandbox.accounts import Account
from billing.sandbox.http import Request
from billing.sandbox.pages import cards, words

Obj = dict[str, Any]
LONGEST_FORM = 20_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page about one object of one account."""

    account: Account
    request: Request
    identity: str

    @property
    def merchant(self) -> str:
        return str(self.account.settings["name"])

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    def entry(self) -> cards.Entry:
        """What was typed into the page's form; on a GET what the address says of an attempt before."""
        return cards.Entry(form(self.request)) if self.posted else cards.Entry()

    def say(self, *locales: str | None) -> words.Say:
        """The words of the first locale that says something, else of the browser's language."""
        wanted = next((locale for locale in locales if locale and locale != "auto"), None)
        return words.choose(wanted, self.request.headers.get("accept-language", ""))

    def shown(self, kind: str, *expand: str) -> Obj:
        """The object as the API shows it, with these paths expanded."""
        with self.account.lock:
            tx = self.account.begin()
            return rendering.render(tx, tx.need(kind, self.identity), rendering.paths(list(expand)))

    def row(self, kind: str) -> Obj:
        """The stored object, its private notes included: for reading only."""
        with self.account.lock:
            return self.account.begin().need(kind, self.identity)


def form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form. What is longer than any of these forms is cut off."""
    return dict(parse_qsl(request.body[:LONGEST_FORM].decode("utf-8", "replace"), keep_blank_values=True))
