"""Functions fit in the head and files in a sitting: 50 lines and 400. Whoever must go over says why, here."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("accounts", "billing", "bench", "config", "offramps", "sample", "storefront", "telemetry", "tests")
FUNCTION_LINES = 50
FILE_LINES = 400

FILES_OVER: dict[str, str] = {}
FUNCTIONS_OVER = {
    "tests/house/asking.py:_billing_rows": "rows of the one table; splitting them would hide a missing one",
    "tests/sandbox/test_contract_requests.py:sell_everything": "a list of calls, each a line, that the contract has to pass",
    "tests/sandbox/test_journey.py:test_checkout_seats_up_down_and_renewal": "the main story is read from top to bottom",
}


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and "/." not in name:  # a hidden folder holds what was installed or generated
                yield name, path.read_text(encoding="utf-8")


def functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            first = body[0].lineno if body else node.lineno
            yield node.name, (node.end_lineno or first) - first + 1


def test_files_fit():
    long = {path: count for path, text in sources() if (count := text.count("\n")) > FILE_LINES}
    assert set(long) == set(FILES_OVER), long


def test_functions_fit():
    long = {f"{path}:{name}": lines for path, text in sources() for name, lines in functions(text) if lines > FUNCTION_LINES}
    assert set(long) == set(FUNCTIONS_OVER), long


def test_exceptions_carry_reasons():
    assert all(len(reason.split()) > 3 for reason in (*FILES_OVER.values(), *FUNCTIONS_OVER.values()))


@pytest.mark.parametrize(("lines", "found"), [(49, False), (60, True)])
def test_the_measure_measures(lines, found):
    text = "def f():\n" + "    x = 1\n" * lines
    assert any(count > FUNCTION_LINES for _name, count in functions(text)) is found
