"""One object of an organization: how it stands, and ending it while that is possible."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.services import naming
from billing.api import idempotency, inputs, references, schema
from billing.api.views import base
from config import clock


class ObjectView(base.View, ABC, Generic[base.M]):
    """Named in the path, as `place`, by its own id (the field `by`) or the vendor's; told by `plain` in `shape`."""

    shape: ClassVar[type[Serializer[Any]]]
    place: ClassVar[str]
    by: ClassVar[str] = "public_id"

    @abstractmethod
    def rows(self) -> QuerySet[base.M]:
        """The organization's own."""

    @abstractmethod
    def plain(self, row: Any) -> dict[str, Any]:
        """A row as `shape` takes it."""

    def own(self, path: Mapping[str, Any]) -> base.M:
        return references.named(self.rows(), str(path[self.place]), self.place, by=self.by)

    def get(self, request: Request, **path: str) -> Response:
        return self.told(path)

    def told(self, path: Mapping[str, Any]) -> Response:
        return base.answer(self.shape, self.plain(self.own(path)))


class NamingView(ObjectView[base.M]):
    """One that PATCH names, once, for people may have made it in the store."""

    @idempotency.honoured
    def patch(self, request: Request, **path: str) -> Response:
        row, wanted = cast(Any, self.own(path)), self.body(inputs.OwnIdInput)["external_id"]
        self.check_match(self.shape, self.plain(row))
        naming.name_once(row, wanted, organization=self.organization, origin=self.origin(), at=clock.now())
        return self.told(path)


def naming_once(operation: str, what: str, answer: schema.Answer, *, tag: str, place: OpenApiParameter) -> schema.Decorator:
    """How that PATCH is described."""
    return schema.change(
        operation,
        f"Give {what} your own id",
        answer,
        tag=tag,
        description="If it has none yet, for example because it was made in the store. The same one twice is no error.",
        parameters=[place, schema.IF_MATCH],
        body=inputs.OwnIdInput,
        bodies={"Yours": {"external_id": "ours-7"}},
        refusals=[schema.TAKEN, schema.CHANGED_SINCE],
    )


class EndingView(ObjectView[base.M]):
    """One that DELETE ends: it stays to be looked at, in another state."""

    @abstractmethod
    def end(self, row: base.M) -> None:
        """End it by its service; ending twice is no error."""

    @idempotency.honoured
    def delete(self, request: Request, **path: str) -> Response:
        self.end(self.own(path))
        return self.told(path)
