"""stripe-python's source text, read as data.

Nothing of the package is executed: importing it costs a third of a second and its types sit behind ``TYPE_CHECKING``. A
module is parsed once, and only what types say is kept (classes, annotated fields, their docstrings, imports).
"""

import ast
import functools
import importlib.util
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldSource:
    """One annotated field: its name, its annotation and the docstring under it ("" when there is none)."""

    name: str
    annotation: ast.expr
    doc: str


@dataclass(frozen=True, slots=True, eq=False)
class ClassSource:
    """A class as its types say it: own fields, bases by name, classes inside it, and the module it stands in.

    Compared and hashed by identity: a module is parsed once, so one class has one of these.
    """

    module: str
    name: str
    bases: tuple[str, ...]
    fields: tuple[FieldSource, ...]
    inner: dict[str, "ClassSource"]


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module: its classes by name, and where imported names come from as (module, original name)."""

    classes: dict[str, ClassSource]
    imports: dict[str, tuple[str, str]]


@functools.cache
def root() -> pathlib.Path:
    """The folder of the installed stripe-python."""
    spec = importlib.util.find_spec("stripe")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("stripe-python is not installed: install requirements.lock")
    return pathlib.Path(spec.submodule_search_locations[0])


def text(module: str) -> str:
    """The source of a dotted module such as ``stripe.checkout._session``."""
    return (root().joinpath(*module.split(".")[1:]).with_suffix(".py")).read_text(encoding="utf-8")


@functools.cache
def module(name: str) -> ModuleSource:
    """Parse a module, once."""
    tree = ast.parse(text(name))
    classes: dict[str, ClassSource] = {}
    for statement in tree.body:
        found = _class(name, statement)
        if found:
            classes[found.name] = found
    return ModuleSource(classes=classes, imports=dict(_imports(tree)))


def _class(module_name: str, statement: ast.stmt) -> ClassSource | None:
    if isinstance(statement, ast.ClassDef):
        inner = (_class(module_name, each) for each in statement.body)
        return ClassSource(
            module=module_name,
            name=statement.name,
            bases=tuple(base.id for base in statement.bases if isinstance(base, ast.Name)),
            fields=tuple(_fields(statement.body)),
            inner={found.name: found for found in inner if found},
        )
    return _functional(module_name, statement)


def _functional(module_name: str, statement: ast.stmt) -> ClassSource | None:
    """``_Base = TypedDict("Name", {"in": ...})``: how a field that is a Python keyword is declared."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(func=ast.Name(id="TypedDict"), args=[_, ast.Dict(keys=keys, values=values)]),
        ):
            fields = tuple(
                FieldSource(key.value, value, "")
                for key, value in zip(keys, values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )
            return ClassSource(module=module_name, name=name, bases=(), fields=fields, inner={})
    return None


def _fields(body: list[ast.stmt]) -> Iterator[FieldSource]:
    for position, statement in enumerate(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            following = body[position + 1] if position + 1 < len(body) else None
            yield FieldSource(statement.target.id, statement.annotation, _doc(following))


def _doc(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str() as doc)):
            return doc.strip()
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    for outer in tree.body:
        if isinstance(outer, ast.ClassDef):
            continue
        for statement in ast.walk(outer):
            if isinstance(statement, ast.ImportFrom) and statement.module:
                yield from ((alias.asname or alias.name, (statement.module, alias.name)) for alias in statement.names)
