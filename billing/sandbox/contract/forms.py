"""Form encoding, as stripe-python writes it and Stripe reads it."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox.contract import errors

_PARTS = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str | bytes) -> dict[str, Any]:
    """A query string or form body as a nested dict with string leaves.

    ``items[0][price]=p`` becomes ``{"items": {"0": {"price": "p"}}}``; ``expand[]=a&expand[]=b`` counts its elements.
    Raises :class:`errors.ParameterError` where one name is both a value and a hash.
    """
    text = encoded.decode("utf-8", "replace") if isinstance(encoded, bytes) else encoded
    return nest(parse_qsl(text, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The nested dict of bracketed names and their values."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, _ = name.partition("[")
        path = [head, *_PARTS.findall(name)] if bracket else [name]
        _place(tree, path, value, name)
    return tree


def _place(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    branch = tree
    for part in path[:-1]:
        following = branch.setdefault(part or str(len(branch)), {})
        if not isinstance(following, dict):
            raise errors.not_of_kind("object", name, value)
        branch = following
    leaf = path[-1] or str(len(branch))
    if isinstance(branch.get(leaf), dict):
        raise errors.not_of_kind("object", name, value)
    branch[leaf] = value
