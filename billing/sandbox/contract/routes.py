"""Which operation a request is: read out of the ``_request("post", "/v1/...")`` calls of stripe-python's service classes.

One regular-expression pass over the service sources (one megabyte, some tens of milliseconds, once a process) finds method,
path, parameter type and the operation's name as ``stripe.StripeClient`` spells it (``subscriptions.update``).
"""

import functools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from billing.sandbox.contract import sources

_SUBSERVICES = re.compile(r'^    "(?P<name>\w+)": \[\s*"(?P<module>[\w.]+)",\s*"\w+",?\s*\]', re.MULTILINE)
_METHOD = re.compile(r"^    def (?P<name>\w+)\(\n(?P<body>.*?)(?=^    (?:async )?def |\Z)", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r'self\._request\(\s*"(?P<method>\w+)",\s*"(?P<path>/v1/[^"]*)"')
_PARAMS = re.compile(r'^        params: (?:Optional\[\s*)?"(?P<type>\w+)"', re.MULTILINE)
_IMPORT = r"from (?P<module>stripe\.params[\w.]*) import \(?\s*{type}\b"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API: ``name`` and ``template`` for people, ``params`` as (module, TypedDict) or None."""

    name: str
    method: str
    template: str
    params: tuple[str, str] | None
    segments: tuple[str, ...] = field(repr=False)

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """The values of the path's placeholders, or None when the path is another one."""
        found: dict[str, str] = {}
        for own, given in zip(self.segments, segments, strict=True):
            if own.startswith("{"):
                found[own[1:-1]] = unquote(given)
            elif own != given:
                return None
        return found


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and its path parameters; literal segments win over placeholders."""
    segments = tuple(path.strip("/").split("/"))
    for route in _by_size().get((method.lower(), len(segments)), ()):
        values = route.match(segments)
        if values is not None and all(values.values()):
            return route, values
    return None


@functools.cache
def every() -> tuple[Route, ...]:
    """All operations of version 1 of the API, in the order of the client's services."""
    return tuple(_services("stripe._v1_services", ""))


@functools.cache
def _by_size() -> dict[tuple[str, int], list[Route]]:
    table: defaultdict[tuple[str, int], list[Route]] = defaultdict(list)
    for route in every():
        table[route.method, len(route.segments)].append(route)
    for routes in table.values():
        routes.sort(key=lambda route: [segment.startswith("{") for segment in route.segments])
    return dict(table)


def _services(module: str, prefix: str) -> Iterator[Route]:
    text = sources.text(module)
    yield from _operations(text, prefix)
    for found in _SUBSERVICES.finditer(text):
        yield from _services(found["module"], f"{prefix}{found['name']}.")


def _operations(text: str, prefix: str) -> Iterator[Route]:
    for method in _METHOD.finditer(text):
        call = _CALL.search(method["body"])
        if call is None:
            continue
        params = _PARAMS.search(method["body"])
        yield Route(
            name=prefix + method["name"],
            method=call["method"],
            template=call["path"],
            params=(_module_of(params["type"], text), params["type"]) if params else None,
            segments=tuple(call["path"].strip("/").split("/")),
        )


def _module_of(params: str, text: str) -> str:
    found = re.search(_IMPORT.format(type=params), text)
    if found is None:
        raise RuntimeError(f"stripe-python's services import no {params}: this reader does not fit the installed version")
    return found["module"]
