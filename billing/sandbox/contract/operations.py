"""An operation's parameters as a schema, read from its TypedDict when the operation is first asked for."""

import functools
import re
from dataclasses import dataclass, field

from billing.sandbox.contract import routes, shapes, sources

_CHARACTERS = re.compile(r"\b(?:up to|at most|maximum(?: of)?) \*?(\d+) characters", re.IGNORECASE)
_ELEMENTS = re.compile(r"\b(?:list of up to|pass up to|array of up to|up to) (\d+) (?!characters|years|days)\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: ``limit`` is the most characters (a string) or elements (a list) Stripe's own text allows."""

    name: str
    shape: shapes.Shape
    required: bool
    limit: int | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for: its name (``subscriptions.update``), the path's values, its parameters."""

    name: str
    method: str
    template: str
    path_params: dict[str, str]
    parameters: dict[str, Parameter] = field(repr=False)


def find(method: str, path: str) -> Operation | None:
    """The operation of a request, or None where version 1 of the API has none."""
    found = routes.find(method, path)
    if found is None:
        return None
    route, values = found
    return Operation(route.name, route.method, route.template, values, parameters_of(route))


@functools.cache
def parameters_of(route: routes.Route) -> dict[str, Parameter]:
    """The schema of an operation; operations without parameters take ``expand`` alone."""
    if route.params is None:
        return {"expand": Parameter("expand", shapes.ListOf(shapes.Scalar("string")), required=False, limit=None)}
    module, name = route.params
    return of_class(sources.module(module).classes[name])


def of_class(source: sources.ClassSource) -> dict[str, Parameter]:
    """The parameters a TypedDict declares, its bases' included."""
    return _of_class(source.module, source.name)


@functools.cache
def _of_class(module: str, name: str) -> dict[str, Parameter]:
    classes = sources.module(module).classes
    source = classes[name]
    found: dict[str, Parameter] = {}
    for base in source.bases:
        if base in classes:
            found.update(_of_class(module, base))
    for each in source.fields:
        shape = shapes.parse(each.annotation, classes.get)
        found[each.name] = Parameter(each.name, shape, not shapes.is_optional(each.annotation), _limit(shape, each.doc))
    return found


def _limit(shape: shapes.Shape, doc: str) -> int | None:
    options = shape.options if isinstance(shape, shapes.Union) else (shape,)
    if shapes.Scalar("string") in options:
        found = _CHARACTERS.search(doc)
    elif any(isinstance(option, shapes.ListOf) for option in options):
        found = _ELEMENTS.search(doc)
    else:
        found = None
    return int(found[1]) if found else None
