"""A request's parameters against the schema of its operation: typed values come out, or Stripe's refusal.

Parameters arrive as Stripe receives them: a nested dict with string leaves, lists as dicts with index keys
(``items[0][price]=...``) or as lists. Out come ints, bools, lists and dicts; decimals stay strings in canonical spelling; ""
stays where the type allows to unset a value.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.sandbox.contract import errors, operations, shapes

METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500
STRING_LENGTH = 5000
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_BOOLEANS = {"true": True, "false": False}

Parameters = Mapping[str, operations.Parameter]


def check(method: str, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The typed parameters of a request.

    Raises :class:`errors.ParameterError` for an unknown URL (404) and for parameters that Stripe would refuse.
    """
    operation = operations.find(method, path)
    if operation is None:
        raise errors.unrecognized_url(method, path)
    return _fields(operation.parameters, params, "")


def _fields(schema: Parameters, given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    strangers = [name for name in given if name not in schema]
    if strangers:
        raise errors.unknown([_name(prefix, name) for name in strangers], _near(strangers, schema, prefix))
    for parameter in schema.values():
        if parameter.required and parameter.name not in given:
            raise errors.absent(_name(prefix, parameter.name))
    return {name: _value(schema[name].shape, value, _name(prefix, name), schema[name].limit) for name, value in given.items()}


def _near(strangers: list[str], schema: Parameters, prefix: str) -> str | None:
    close = difflib.get_close_matches(strangers[0], schema, n=1, cutoff=0.8) if len(strangers) == 1 else []
    return _name(prefix, close[0]) if close else None


def _name(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _value(shape: shapes.Shape, value: Any, param: str, limit: int | None = None) -> Any:
    if value == "":
        if isinstance(shape, shapes.Union) and shape.emptiable:
            return ""
        raise errors.empty(param)
    match shape:
        case shapes.Union(options=options):
            return _any_of(options, value, param, limit)
        case shapes.Choice(values=choices):
            return _choice(choices, value, param)
        case shapes.Scalar(kind=kind):
            return _scalar(kind, value, param, limit)
        case shapes.ListOf(item=item):
            return _list(item, value, param, limit)
    return _hash(shape, value, param)


def _hash(shape: shapes.Shape, value: Any, param: str) -> Any:
    if not isinstance(value, Mapping):
        raise errors.not_of_kind("object", param, value)
    match shape:
        case shapes.MapOf(value=inner):
            return _map(inner, value, param)
        case shapes.Record(source=source):
            return _fields(operations.of_class(source), value, param)
    raise AssertionError(f"{shape} is no parameter's type")


def _any_of(options: tuple[shapes.Shape, ...], value: Any, param: str, limit: int | None) -> Any:
    """The first option that takes the value; the refusal of the one that fits its form best."""
    refusals: list[errors.ParameterError] = []
    for option in sorted(options, key=lambda option: not _alike(option, value)):
        try:
            return _value(option, value, param, limit)
        except errors.ParameterError as refusal:
            refusals.append(refusal)
    if not refusals:
        raise errors.empty(param)
    choices = [choice for option in options if isinstance(option, shapes.Choice) for choice in option.values]
    if choices and isinstance(value, str) and shapes.Scalar("integer") not in options:
        raise errors.not_a_choice(param, choices)
    numeric = [refusal for refusal in refusals if refusal.code == "parameter_invalid_integer"]
    raise (numeric or refusals)[0]


def _alike(option: shapes.Shape, value: Any) -> bool:
    """Leaves go with leaves, choices before free text; hashes with hashes."""
    if isinstance(value, str):
        return isinstance(option, shapes.Choice) or (isinstance(option, shapes.Scalar) and option.kind != "string")
    return isinstance(option, shapes.Record | shapes.ListOf | shapes.MapOf)


def _list(item: shapes.Shape, value: Any, param: str, limit: int | None) -> list[Any]:
    elements = list(_elements(value, param))
    if limit is not None and len(elements) > limit:
        raise errors.too_many(param, limit)
    return [_value(item, element, f"{param}[{index}]") for index, element in elements]


def _elements(value: Any, param: str) -> Iterator[tuple[int, Any]]:
    if isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, Mapping) and all(key.isdecimal() for key in value):
        yield from sorted((int(key), each) for key, each in value.items())
    else:
        raise errors.not_of_kind("array", param, value)


def _map(inner: shapes.Shape, value: Mapping[str, Any], param: str) -> dict[str, Any]:
    if param.rpartition("[")[2].rstrip("]") == "metadata":
        return _metadata(value, param)
    return {key: _value(inner, each, _name(param, key)) for key, each in value.items()}


def _metadata(value: Mapping[str, Any], param: str) -> dict[str, str]:
    """Metadata: "" unsets one key."""
    if len(value) > METADATA_KEYS:
        raise errors.metadata_too_many(param, len(value), METADATA_KEYS)
    for key, each in value.items():
        name = _name(param, key)
        if not isinstance(each, str):
            raise errors.not_of_kind("string", name, each)
        if len(key) > METADATA_KEY_LENGTH:
            raise errors.metadata_too_long(param, "key", key, METADATA_KEY_LENGTH)
        if len(each) > METADATA_VALUE_LENGTH:
            raise errors.metadata_too_long(name, "value", each, METADATA_VALUE_LENGTH)
    return dict(value)


def _choice(choices: tuple[object, ...], value: Any, param: str) -> Any:
    for choice in choices:
        if value == (choice if isinstance(choice, str) else str(choice).lower()):
            return choice
    raise errors.not_a_choice(param, choices)


def _scalar(kind: shapes.Kind, value: Any, param: str, limit: int | None) -> Any:
    if kind == "any":
        return value
    if not isinstance(value, str):
        raise errors.not_of_kind({"number": "decimal"}.get(kind, kind), param, value)
    if kind == "integer":
        if not _INTEGER.fullmatch(value):
            raise errors.not_integer(param, value)
        return int(value)
    if kind == "boolean":
        if value not in _BOOLEANS:
            raise errors.not_of_kind("boolean", param, value)
        return _BOOLEANS[value]
    return _decimal(value, param) if kind in {"decimal", "number"} else _text(value, param, limit or STRING_LENGTH)


def _decimal(value: str, param: str) -> str:
    """A finite decimal in plain spelling: "1e1" becomes "10", "0.50" becomes "0.5"."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise errors.not_of_kind("decimal", param, value) from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise errors.not_of_kind("decimal", param, value)
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _text(value: str, param: str, limit: int) -> str:
    if len(value) > limit:
        raise errors.too_long(param, value, limit)
    return value
