"""Search by Stripe's query language (docs.stripe.com/search): clauses of field, operator and value, joined by AND or by OR.

`:` is equality, `~` a part of a text (three letters at least, of text fields alone), `>` `<` `>=` `<=` compare numbers, `-`
before a clause turns it round, and `field:null` asks whether it is empty. At Stripe what is new takes a minute to be found.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.paging import Page
from billing.sandbox.rendering import Path
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

MOST_CLAUSES: Final = 10
SHORTEST_PART: Final = 3


class Type(StrEnum):
    NUMBER = "numeric"
    WHOLE = "token"  # a text that is compared whole
    TEXT = "string"


N, K, T = Type.NUMBER, Type.WHOLE, Type.TEXT
FIELDS: Final[dict[str, dict[str, Type]]] = {
    "charge": {
        "amount": N,
        "created": N,
        "currency": K,
        "customer": K,
        "disputed": K,
        "refunded": K,
        "status": K,
        **{f"payment_method_details.card.{name}": K for name in ("brand", "fingerprint", "last4")},
        **{f"payment_method_details.card.{name}": N for name in ("exp_month", "exp_year")},
        "billing_details.address.postal_code": K,
    },
    "customer": {"created": N, "email": T, "name": T, "phone": T},
    "invoice": {
        "created": N,
        "total": N,
        "currency": K,
        "customer": K,
        "number": K,
        "receipt_number": K,
        "status": K,
        "subscription": K,
    },
    "payment_intent": {"amount": N, "created": N, "currency": K, "customer": K, "status": K},
    "price": {"active": K, "currency": K, "lookup_key": K, "product": K, "type": K},
    "product": {"active": K, "description": T, "name": T, "shippable": K, "url": T},
    "subscription": {"canceled_at": N, "created": N, "status": K},
}
# Where a field is kept under another name.
KEPT: Final = {("invoice", "subscription"): "_subscription"}
CLAUSE = re.compile(
    r"""(?P<turn>-)?(?P<field>[\w.]+(?:\[(?P<quote>["'])(?P<key>[^"']+)(?P=quote)\])?)\s*(?P<by>>=|<=|[:~<>=])\s*"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s"']+))\s*"""
)
JOINT = re.compile(r"(AND|OR)\s+", re.IGNORECASE)
COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {
    ":": lambda value, bound: value == bound,
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
}


@dataclass(frozen=True)
class Clause:
    """One test of an object. `key` is of metadata; `text` None asks for what is empty."""

    field: str
    key: str | None
    by: str
    text: str | None
    type: Type
    turned: bool

    def holds(self, kind: str, row: Obj) -> bool:
        return self._holds(_value(row, KEPT.get((kind, self.field), self.field), self.key)) != self.turned

    def _holds(self, value: Any) -> bool:
        if self.text is None:
            return value in {None, ""}
        if value is None:
            return False
        if self.type is Type.NUMBER:
            return COMPARED[self.by](float(value), float(self.text))
        found, wanted = (str(one).lower() for one in (value, self.text))
        return wanted in found if self.by == "~" else found == wanted


def _value(row: Obj, field: str, key: str | None) -> Any:
    if key is not None:
        return (row.get("metadata") or {}).get(key)
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def parse(query: str, kind: str, plural: str) -> tuple[list[Clause], bool]:
    """The clauses, and whether one of them is enough. Raises what Stripe says to a query that it does not understand."""
    clauses, joints, rest = [], set(), query.strip()
    while rest:
        found = CLAUSE.match(rest)
        if found is None:
            raise _unparsed()
        clauses.append(_clause(found, kind, plural))
        rest = rest[found.end() :]
        joint = JOINT.match(rest)
        if rest:
            joints.add(joint[1].upper() if joint else "AND")
            rest = rest[joint.end() :] if joint else rest
            if not rest:
                raise _unparsed()
    if not clauses:
        raise _unparsed()
    if len(clauses) > MOST_CLAUSES:
        raise errors.invalid(f"Search queries have up to {MOST_CLAUSES} clauses.", "query")
    if len(joints) > 1:
        raise errors.invalid("Search queries can't have both AND and OR.", "query")
    return clauses, joints == {"OR"}


def _clause(found: re.Match[str], kind: str, plural: str) -> Clause:
    key, name = found["key"], found["field"].partition("[")[0]
    type_ = Type.WHOLE if key is not None and name == "metadata" else FIELDS[kind].get(found["field"])
    if type_ is None:
        raise errors.invalid(
            f"Field `{found['field']}` is an unsupported search field for resource `{plural}`. See "
            f"https://stripe.com/docs/search#query-fields-for-{plural.replace('_', '')} for a list of supported fields.",
            "query",
        )
    quoted = found["double"] if found["double"] is not None else found["single"]
    text = quoted if quoted is not None else found["bare"]
    is_null = quoted is None and text.lower() == "null"
    _check_value(found["by"], text, type_, is_bare=quoted is None, is_null=is_null)
    return Clause(name, key, found["by"], None if is_null else re.sub(r"\\(.)", r"\1", text), type_, bool(found["turn"]))


def _check_value(by: str, text: str, type_: Type, *, is_bare: bool, is_null: bool) -> None:
    if is_null:
        return
    if type_ is Type.NUMBER:
        if by == "~" or not re.fullmatch(r"-?\d+(\.\d+)?", text):
            raise _unparsed()
    elif by not in {":", "~"} or is_bare:
        raise _unparsed()
    elif by == "~" and (type_ is not Type.TEXT or len(text) < SHORTEST_PART):
        raise errors.invalid(f"`~` needs a text field and at least {SHORTEST_PART} characters.", "query")


def _unparsed() -> errors.StripeError:
    return errors.invalid(
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` to query for metadata or '
        'key:"value" to query for other fields.',
        "query",
    )


class Found(Page):
    """A page of what was found; `page` of the next call is `next_page` of this one."""

    def render(self, tx: Transaction, expand: list[Path]) -> Obj:
        wants_count = ["total_count"] in expand
        shown = super().render(tx, [path for path in expand if path != ["total_count"]])
        shown["object"] = "search_result"
        shown["next_page"] = self.rows[-1]["id"] if self.has_more else None
        if wants_count:
            shown["total_count"] = self.total
        return shown

    total: int = 0


def verb(kind: str, plural: str) -> Callable[[Call], Page]:
    """The search verb of a type."""

    def search(call: Call) -> Page:
        clauses, one_is_enough = parse(call.params["query"], kind, plural)
        whole = any if one_is_enough else all
        rows = [
            row
            for row in call.tx.rows.newest_first(kind)
            if not row.get("deleted") and whole(clause.holds(kind, row) for clause in clauses)
        ]
        limit = int(call.params.get("limit") or paging.DEFAULT_LIMIT)
        if not 1 <= limit <= paging.MAXIMUM_LIMIT:
            raise errors.invalid(f"Invalid integer: must be between 1 and {paging.MAXIMUM_LIMIT}.", "limit")
        after = _after(rows, call.params.get("page"))
        found = Found(call.url, after[:limit], has_more=len(after) > limit)
        found.total = len(rows)
        return found

    return search


def _after(rows: list[Obj], cursor: str | None) -> list[Obj]:
    if not cursor:
        return rows
    places = [place for place, row in enumerate(rows) if row["id"] == cursor]
    if not places:
        raise errors.invalid("The page is none of this search.", "page")
    return rows[places[0] + 1 :]
