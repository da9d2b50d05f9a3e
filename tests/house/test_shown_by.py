"""docs/shown-by.md names tests: each is there."""

import ast
import re

from django.conf import settings

NAMED = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


def test_every_test_that_is_named_is_there():
    named = NAMED.findall((settings.ROOT / "docs" / "shown-by.md").read_text(encoding="utf-8"))
    assert len(named) > 60
    gone = [f"{path}::{name}" for path, name in named if name not in _tests(path)]
    assert not gone, f"docs/shown-by.md names what is not there: {gone}"


def _tests(path):
    file = settings.ROOT / path
    if not file.exists():
        return set()
    return {node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
