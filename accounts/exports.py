"""Lists of the admin as CSV files: filtered and searched as the list is, row by row, and written down who took it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from accounts import access
from accounts.origin import Source
from accounts.queries import policies
from accounts.services import journal
from config import clock, csv_rows, words
from config.admin import acts
from config.admin.pages import ReadOnly

PERMISSION = "accounts.export_rows"
CHUNK = 1_000
# Name of a column, in the words of programs; and its value of a row.
Column = tuple[str, Callable[[Any], Any]]


def field(name: str, path: str = "") -> Column:
    """A column of a field, by its path: `field("plan", "plan__code")`."""
    steps = (path or name).split("__")

    def value(row: Any) -> Any:
        for step in steps:
            row = getattr(row, step) if row is not None else None
        return row

    return name, value


class Exported(ReadOnly):
    """A list that those with PERMISSION may take along. `export_columns` are its file's; `export_related` what they read."""

    export_columns: Sequence[Column] = ()
    export_related: tuple[str, ...] = ()
    list_before_template = "admin/offers.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the way to the file, for who may take it."""
        offers = []
        if request.user.has_perm(PERMISSION):
            query = request.GET.urlencode()
            url = self._export_url() + (f"?{query}" if query else "")
            offers.append(acts.Offer(gettext("Export as CSV"), url, "download"))
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "offers": offers})
        return response

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """GET: how many rows, of which filter, and how many at most. POST: the file. The query is the list's own."""
        if not (request.user.has_perm(PERMISSION) and self.has_view_permission(request)):
            raise PermissionDenied
        try:
            rows: QuerySet[Any] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self._list_url())
        found, most = rows.count(), int(policies.value("accounts.export_rows", clock.now()))
        if request.method != "POST":
            return self._offer(request, found, most)
        return self._file(request, rows, found, most)

    def _offer(self, request: HttpRequest, found: int, most: int) -> HttpResponse:
        query = request.GET.urlencode()
        shown = [acts.Row(name, ", ".join(request.GET.getlist(name))) for name in request.GET]
        rows = [*shown, acts.Row(gettext("Rows"), words.number(min(found, most)), is_sum=True)]
        cut = gettext("The list has %(found)s rows; a file holds %(most)s, the first of them. Filter it to get the rest.")
        act = acts.Act(
            title=gettext("Export: %(list)s") % {"list": capfirst(str(self.opts.verbose_name_plural))},
            lead=gettext(
                "A CSV file for spreadsheets: amounts in minor units and as numbers, times in UTC. Who takes it is kept."
            ),
            form=forms.Form(),
            button=gettext("Download"),
            back_url=self._list_url() + (f"?{query}" if query else ""),
            rows=rows,
            problem=cut % {"found": words.number(found), "most": words.number(most)} if found > most else "",
        )
        return acts.render(self, request, None, act)

    def _file(self, request: HttpRequest, rows: QuerySet[Any], found: int, most: int) -> StreamingHttpResponse:
        origin, at = access.origin(request, Source.ADMIN), clock.now()
        with transaction.atomic():
            journal.append(
                kind="accounts.export.made",
                organization=None,
                at=at,
                origin=origin,
                data={"list": self.opts.label_lower, "filter": request.GET.urlencode(), "rows": min(found, most), "of": found},
            )
        lines = csv_rows.lines([name for name, _value in self.export_columns], self._values(rows, most))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}-{at:%Y-%m-%d}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response

    def _values(self, rows: QuerySet[Any], most: int) -> Iterator[list[Any]]:
        if self.export_related:
            rows = rows.select_related(*self.export_related)
        for row in rows[:most].iterator(chunk_size=CHUNK):
            yield [value(row) for _name, value in self.export_columns]

    def _export_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
