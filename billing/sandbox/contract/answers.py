"""A finished answer, held against the resource classes of stripe-python."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing.sandbox.contract import objects, shapes, sources

# Fields that Stripe leaves out of an answer until they are expanded. stripe-python's types do not tell them apart from
# fields that may be null. Source: "this field is not included by default" in the API reference.
ON_EXPANSION: Mapping[str, frozenset[str]] = {
    "charge": frozenset({"refunds"}),
    "checkout.session": frozenset({"line_items"}),
    "coupon": frozenset({"applies_to", "currency_options"}),
    "customer": frozenset({"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"}),
    "invoice": frozenset({"confirmation_secret", "payments"}),
    "price": frozenset({"currency_options", "tiers"}),
}

ABSENT, LEFT_OUT = "absent", "left out"
_LIST_FIELDS = frozenset({"object", "data", "has_more", "url"})


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an object differs from its class: ``path`` leads to the field, ``what`` says how."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def missing(thing: Mapping[str, Any], *, strict: bool = False) -> list[str]:
    """The declared fields that are absent from an answer, at any depth, as paths such as ``items.data[0].price``.

    Stripe leaves a field that may be null out of a hash inside an object (a payment method's kind, say), so that these count
    only if ``strict``; an object's own fields are always there.
    """
    return [violation.path for violation in violations(thing, strict=strict) if violation.what in {ABSENT, LEFT_OUT}]


def violations(thing: Mapping[str, Any], *, strict: bool = False) -> list[Violation]:
    """Every way in which an answer differs from stripe-python's types: absent, null, ill-typed, unknown field or literal."""
    return [violation for violation in _object(thing, "") if strict or violation.what != LEFT_OUT]


def _object(thing: Mapping[str, Any], path: str) -> Iterator[Violation]:
    """An object that says by its ``object`` what it is."""
    name = thing.get("object")
    if name in {"list", "search_result"}:
        yield from _page(thing, path, None)
    elif thing.get("deleted") is True:
        yield from (Violation(_join(path, each), ABSENT) for each in ("id", "object") if each not in thing)
    elif not isinstance(name, str) or not objects.known(name):
        yield Violation(_join(path, "object"), f"{name!r} is no object of the API")
    else:
        yield from _record(objects.class_of(name), thing, path, ON_EXPANSION.get(name, frozenset()))


def _page(thing: Mapping[str, Any], path: str, item: shapes.Shape | None) -> Iterator[Violation]:
    expected = _LIST_FIELDS if thing.get("object") != "search_result" else _LIST_FIELDS | {"next_page"}
    yield from (Violation(_join(path, each), ABSENT) for each in sorted(expected - thing.keys()))
    for index, each in enumerate(thing.get("data") or []):
        inner = f"{_join(path, 'data')}[{index}]"
        yield from _object(each, inner) if item is None else _check(item, each, inner)


def _record(
    source: sources.ClassSource, thing: Mapping[str, Any], path: str, optional: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    declared = objects.declared(source)
    yield from (Violation(_join(path, name), "not declared") for name in thing if name not in declared)
    for field in declared.values():
        where = _join(path, field.name)
        if field.name not in thing:
            if field.name not in optional:
                yield Violation(where, LEFT_OUT if field.nullable and not objects.is_resource(source) else ABSENT)
        elif thing[field.name] is None:
            if not field.nullable:
                yield Violation(where, "null")
        else:
            yield from _check(field.shape, thing[field.name], where)


def _check(shape: shapes.Shape, value: Any, path: str) -> Iterator[Violation]:
    match shape:
        case shapes.Expandable(target=target):
            yield from () if isinstance(value, str) else _check(target, value, path)
        case shapes.Union(options=options):
            found = [list(_check(option, value, path)) for option in options]
            yield from min(found, key=len, default=[])
        case shapes.Choice(values=values):
            if value not in values:
                yield Violation(path, f"{value!r} is none of {', '.join(map(str, values))}")
        case shapes.Scalar(kind=kind):
            if not _is_of_kind(kind, value):
                yield Violation(path, f"ill-typed {type(value).__name__}")
        case _:
            yield from _check_container(shape, value, path)


def _check_container(shape: shapes.Shape, value: Any, path: str) -> Iterator[Violation]:
    match shape:
        case shapes.ListOf(paged=True, item=item) if isinstance(value, Mapping):
            yield from _page(value, path, item)
        case shapes.ListOf(paged=False, item=item) if isinstance(value, list):
            for index, each in enumerate(value):
                yield from _check(item, each, f"{path}[{index}]")
        case shapes.MapOf() if isinstance(value, Mapping):
            # An event carries a whole object where its class says no more than that something is there.
            if objects.known(str(value.get("object"))):
                yield from _object(value, path)
        case shapes.Record(source=source) if isinstance(value, Mapping):
            yield from _object(value, path) if objects.is_resource(source) else _record(source, value, path)
        case _:
            yield Violation(path, f"ill-typed {type(value).__name__}")


def _is_of_kind(kind: shapes.Kind, value: Any) -> bool:
    if kind == "any":
        return True
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
