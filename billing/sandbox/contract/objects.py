"""The API's objects as stripe-python's resource classes declare them, and fresh skeletons of them."""

import ast
import functools
import re
from dataclasses import dataclass
from typing import Any

from billing.sandbox.contract import shapes, sources

_MOMENT = re.compile(r"unix (?:epoch|timestamp)|\btimestamp\b", re.IGNORECASE)
_MOMENT_NAME = re.compile(r"^created$|(?:^|_)(?:start|end|start_date|end_date|available_on|frozen_time|deletes_after)$")
_ENTRY = re.compile(r'"(?P<object>[\w.]+)": \(\s*"(?P<module>[\w.]+)",\s*"(?P<name>\w+)",?\s*\)')


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field: ``nullable`` where null is an answer, ``moment`` for a Unix timestamp."""

    name: str
    shape: shapes.Shape
    nullable: bool
    moment: bool


def skeleton(object_name: str) -> dict[str, Any]:
    """A fresh object with every declared field.

    Null where null is allowed and where the code has to say something (ids, enums, timestamps, decimals); 0, false, [] and
    {} where these are neutral; hashes that are never null come with their own fields.
    """
    fresh: dict[str, Any] = _copy(_template(object_name))
    return fresh


def part(object_name: str, *names: str) -> dict[str, Any]:
    """A fresh hash from inside an object, by the fields that lead to it: ``part("price", "recurring")``.

    For the hashes that are null in a skeleton. Raises LookupError where no hash is.
    """
    return _copy(_part(object_name, names))  # type: ignore[no-any-return]  # a copy of a dict is one


@functools.cache
def _part(object_name: str, names: tuple[str, ...]) -> dict[str, Any]:
    source: sources.ClassSource | None = class_of(object_name)
    for name in names:
        field = declared(source).get(name) if source else None
        source = _hash_of(field.shape) if field else None
    if source is None:
        raise LookupError(f"{object_name} has no hash at {'.'.join(names)}")
    return _neutral_record(source)


def _hash_of(shape: shapes.Shape) -> sources.ClassSource | None:
    """The class of a hash, or of the hashes in a list."""
    inner = shape.item if isinstance(shape, shapes.ListOf) else shape
    return inner.source if isinstance(inner, shapes.Record) else None


def fields(object_name: str) -> frozenset[str]:
    """The names an object's class declares."""
    return frozenset(declared(class_of(object_name)))


def known(object_name: str) -> bool:
    """True for the objects that version 1 of the API has."""
    return object_name in _classes()


@functools.cache
def _classes() -> dict[str, tuple[str, str]]:
    table = sources.text("stripe._object_classes").partition("V2_OBJECT_CLASSES")[0]
    return {
        found["object"]: (found["module"], found["name"])
        for found in _ENTRY.finditer(table)
        if found["object"] not in {"list", "search_result"}
    }


def class_of(object_name: str) -> sources.ClassSource:
    """The resource class of an object. Raises LookupError for an object the API does not have."""
    if object_name not in _classes():
        raise LookupError(f"stripe-python knows no object {object_name!r}")
    module, name = _classes()[object_name]
    return sources.module(module).classes[name]


@functools.cache
def declared(source: sources.ClassSource) -> dict[str, Field]:
    """The fields of a class, in the order of its declaration."""
    found: dict[str, Field] = {}
    for each in source.fields:
        private = each.name.startswith("_") or "ClassVar" in ast.unparse(each.annotation)
        # `deleted` stands on the stub that answers a deletion, never on a living object.
        if private or (each.name == "deleted" and each.doc.startswith("Always true for a deleted")):
            continue
        found[each.name] = Field(
            name=each.name,
            shape=shapes.parse(each.annotation, functools.partial(_resolve, source)),
            nullable=shapes.is_optional(each.annotation),
            moment=bool(_MOMENT.search(each.doc) or _MOMENT_NAME.search(each.name)),
        )
    return found


def _resolve(source: sources.ClassSource, name: str) -> sources.ClassSource | None:
    """A class by the name an annotation uses: nested in the same class, in the same module, or imported."""
    module = sources.module(source.module)
    found = source.inner.get(name) or module.classes.get(name)
    if found is None and name in module.imports:
        origin, original = module.imports[name]
        found = sources.module(origin).classes.get(original)
    return found


@functools.cache
def _template(object_name: str) -> dict[str, Any]:
    return _neutral_record(class_of(object_name))


def _neutral_record(source: sources.ClassSource) -> dict[str, Any]:
    return {field.name: _neutral(field) for field in declared(source).values()}


def _neutral(field: Field) -> Any:
    if field.name == "metadata":
        return {}
    return None if field.nullable or field.moment else _neutral_value(field.shape)


def _neutral_value(shape: shapes.Shape) -> Any:
    value: Any = None
    match shape:
        case shapes.ListOf(paged=True):
            value = {"object": "list", "data": [], "has_more": False, "url": ""}
        case shapes.ListOf():
            value = []
        case shapes.MapOf():
            value = {}
        case shapes.Choice(values=(only,)):
            value = only
        case shapes.Scalar(kind="integer"):
            value = 0
        case shapes.Scalar(kind="boolean"):
            value = False
        case shapes.Record(source=source) if not is_resource(source):
            value = _neutral_record(source)
    return value


def is_resource(source: sources.ClassSource) -> bool:
    """True for an object that names itself by its `object` field, False for a hash inside one."""
    return any(field.name == "OBJECT_NAME" for field in source.fields)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value
