"""The types of stripe-python's annotations as plain values: one grammar for request parameters and response objects."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from billing.sandbox.contract import sources

Kind = Literal["string", "integer", "boolean", "decimal", "number", "any"]

_SCALARS: dict[str, Kind] = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "float": "number",
    "Decimal": "decimal",
    "datetime": "integer",
    "Any": "any",
    "object": "any",
}
_TRANSPARENT = frozenset({"NotRequired", "Required", "Optional"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf. ``decimal`` travels as a string, ``number`` as a JSON number."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """A closed set of literals."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array; ``paged`` marks Stripe's list object (``data``, ``has_more``, ``url``)."""

    item: "Shape"
    paged: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """Free keys, such as metadata."""

    value: "Shape"


@dataclass(frozen=True, slots=True)
class Expandable:
    """An id, or the object itself once expanded."""

    target: "Shape"


@dataclass(frozen=True, slots=True)
class Record:
    """A hash with named fields: a TypedDict, a nested class of a resource, or a resource."""

    source: sources.ClassSource


@dataclass(frozen=True, slots=True)
class Union:
    """One of several; ``emptiable`` where "" is allowed, which unsets the value."""

    options: "tuple[Shape, ...]"
    emptiable: bool = False


Shape = Scalar | Choice | ListOf | MapOf | Expandable | Record | Union
Resolve = Callable[[str], sources.ClassSource | None]


class UnreadableError(Exception):
    """stripe-python uses a type this grammar does not know; the message names it."""


def parse(annotation: ast.expr, resolve: Resolve) -> Shape:
    """The shape of an annotation. ``NotRequired`` and ``Optional`` are transparent: see :func:`is_optional`."""
    match annotation:
        case ast.Constant(value=str() as quoted):
            return parse(ast.parse(quoted, mode="eval").body, resolve)
        case ast.Constant(value=None):
            return Union((), emptiable=False)
        case ast.Name(id=name):
            return _named(name, resolve)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([parse(left, resolve), parse(right, resolve)])
        case ast.Subscript(value=ast.Name(id=generic), slice=arguments):
            return _generic(generic, arguments, resolve)
    raise UnreadableError(ast.unparse(annotation))


def is_optional(annotation: ast.expr) -> bool:
    """True for ``NotRequired[...]`` (a parameter that may be left out) and ``Optional[...]`` (a field that may be null)."""
    match annotation:
        case ast.Constant(value=str() as quoted):
            return is_optional(ast.parse(quoted, mode="eval").body)
        case ast.Subscript(value=ast.Name(id="NotRequired" | "Optional")):
            return True
    return False


def _named(name: str, resolve: Resolve) -> Shape:
    if name in _SCALARS:
        return Scalar(_SCALARS[name])
    if name in {"UntypedStripeObject", "StripeObject", "Dict"}:
        return MapOf(Scalar("any"))
    found = resolve(name)
    if found is None:
        raise UnreadableError(name)
    return Record(found)


def _generic(generic: str, arguments: ast.expr, resolve: Resolve) -> Shape:
    if generic == "Literal":
        return _literal(arguments)
    parts = [parse(each, resolve) for each in (arguments.elts if isinstance(arguments, ast.Tuple) else [arguments])]
    if generic in _TRANSPARENT:
        return parts[0]
    if generic not in _GENERICS:
        raise UnreadableError(generic)
    return _GENERICS[generic](parts)


def _literal(arguments: ast.expr) -> Shape:
    values: list[object] = []
    for each in arguments.elts if isinstance(arguments, ast.Tuple) else [arguments]:
        if not isinstance(each, ast.Constant):
            raise UnreadableError(ast.unparse(each))
        values.append(each.value)
    options = tuple(value for value in values if value != "")
    choice = (Choice(options),) if options else ()
    return _union(list(choice), emptiable=len(options) < len(values))


def _union(parts: list[Shape], *, emptiable: bool = False) -> Shape:
    options: list[Shape] = []
    for part in parts:
        if isinstance(part, Union):
            emptiable = emptiable or part.emptiable
            options.extend(option for option in part.options if option not in options)
        elif part not in options:
            options.append(part)
    # `Literal["a", "b"] | str` is how stripe-python says "a or b, and whatever a later version adds": at the pinned
    # version the set is closed.
    if any(isinstance(option, Choice) for option in options):
        options = [option for option in options if option != Scalar("string")]
    if len(options) == 1 and not emptiable:
        return options[0]
    return Union(tuple(options), emptiable=emptiable)


_GENERICS: dict[str, Callable[[list[Shape]], Shape]] = {
    "Union": _union,
    "List": lambda parts: ListOf(parts[0]),
    "ListObject": lambda parts: ListOf(parts[0], paged=True),
    "Dict": lambda parts: MapOf(parts[-1]),
    "UntypedStripeObject": lambda parts: MapOf(parts[-1]),
    "ExpandableField": lambda parts: Expandable(parts[0]),
}
