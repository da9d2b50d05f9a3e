"""Acts on a row that need more than a click: offered as buttons on its page, asked for on a page of their own.

An app offers acts on its own rows or on those of lower apps, which know nothing of them (`offer_on`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

__all__ = ["Act", "Offer", "Row", "offer_on", "offers", "render", "replace"]

# Model -> who offers something on its page, in order.
_OFFERED: dict[type[models.Model], list[Callable[[HttpRequest, Any], "Offer | None"]]] = {}


@dataclass(frozen=True)
class Offer:
    """A button that leads to an act's page. `icon` is a name of Material Symbols."""

    label: str
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Row:
    """A line of what an act would do. `is_sum` draws it as the sum of those above."""

    label: str
    value: str
    is_sum: bool = False


@dataclass(frozen=True)
class Act:
    """An act's page: what it is, what it asks, and once that is known, what it would do (`rows`). No button: it can't."""

    title: str
    lead: str
    form: forms.BaseForm
    button: str
    back_url: str
    rows: Sequence[Row] = ()
    problem: str = ""
    second: str = ""
    """The label of a button that only works the figures out again; it submits `preview`."""
    caption: str = ""
    """What the rows are, where they are not what happens."""


def offer_on(model: type[models.Model], offering: Callable[[HttpRequest, Any], Offer | None]) -> None:
    """Have `offering(request, row)` asked whenever a row's page is shown; None offers nothing."""
    _OFFERED.setdefault(model, []).append(offering)


def offers(request: HttpRequest, row: models.Model) -> list[Offer]:
    found = (offering(request, row) for offering in _OFFERED.get(type(row), ()))
    return [one for one in found if one is not None]


def render(page: Any, request: HttpRequest, row: models.Model | None, act: Act, status: int = 200) -> HttpResponse:
    """An act's page in the admin's frame. `page` is the model's own (it names the way round)."""
    context = {**page.admin_site.each_context(request), "title": act.title, "opts": page.opts, "original": row, "act": act}
    return TemplateResponse(request, "admin/act.html", context, status=status)
