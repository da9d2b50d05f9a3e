"""HTML built from values: everything is escaped unless it was built here."""

import html
from collections.abc import Iterable
from typing import TypeAlias

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"
Attribute = str | int | bool | None


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element. ``class_`` and ``for_`` lose their underscore, others become hyphens; True is a bare attribute, None none."""
    opened = f"<{element}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Html(opened if element in VOID else f"{opened}{join(children)}</{element}>")


def join(children: Iterable[Child]) -> Html:
    """Children one after the other, escaped where they are plain text; None is nothing."""
    return Html("".join(_text(child) for child in children))


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return html.escape(str(child))
    return join(child)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
