"""What every page starts from: the account behind an id, the words, what was typed; and its way into the engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from billing.sandbox import rendering
from billing.sandbox.accounts import Account
from billing.sandbox.http import Request
from billing.sandbox.pages import cards, words
from billing.sandbox.transactions import Transaction

Obj = dict[str, Any]
Result = TypeVar("Result")
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
        """What was typed into the page's form: nothing on a GET."""
        return cards.Entry(form(self.request)) if self.posted else cards.Entry()

    def query(self, name: str) -> str:
        """A value from the address, or ""."""
        return dict(parse_qsl(self.request.query)).get(name, "").strip()

    def say(self, *locales: str | None) -> words.Say:
        """The words of the first locale that says something, else of the browser's language."""
        wanted = next((locale for locale in locales if locale and locale != "auto"), None)
        return words.choose(wanted, self.request.headers.get("accept-language", ""))

    def look(self, verb: Callable[[Transaction], Result]) -> Result:
        """Read; whatever the verb changes is dropped."""
        with self.account.lock:
            return verb(self.account.begin().child(preview=True))

    def act(self, verb: Callable[[Transaction], Result]) -> Result:
        """Do something, whole or, where it raises, not at all."""
        with self.account.lock:
            tx = self.account.begin()
            result = verb(tx)
            self.account.commit(tx)
            return result

    def shown(self, kind: str, *expand: str) -> Obj:
        """This visit's object as the API shows it, with these paths expanded."""
        return self.look(lambda tx: rendering.render(tx, tx.need(kind, self.identity), rendering.paths(list(expand))))


def form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form. What is longer than any of these forms is cut off."""
    return dict(parse_qsl(request.body[:LONGEST_FORM].decode("utf-8", "replace"), keep_blank_values=True))
