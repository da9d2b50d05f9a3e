"""What all resources have in common."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import Organization
from accounts.origin import Origin, Source
from billing.api import inputs, problems
from billing.models import Subscription
from billing.services import seats
from config import logs


class View(APIView):
    """What all have in common: refusals of services become problem documents, and a change knows where it came from."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(problems.of(exc) or exc)

    @property
    def organization(self) -> Organization:
        found = self.request._request.organization  # type: ignore[attr-defined] # noqa: SLF001 - set by the authentication
        assert isinstance(found, Organization), "HasScope refuses a call without one"
        return found

    def origin(self) -> Origin:
        return Origin(source=Source.API, request_id=logs.request_id())

    def query(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        return _checked(shape(data=self.request.query_params.dict()))

    def body(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        return _checked(shape(data=self.request.data))

    def current(self) -> Subscription:
        """The live subscription that the call is about."""
        return seats.current(self.organization, line=self.query(inputs.LineQuery).get("line"))


def _checked(shape: Serializer[Any]) -> dict[str, Any]:
    shape.is_valid(raise_exception=True)
    found: dict[str, Any] = shape.validated_data
    return found


def answer(shape: type[Serializer[Any]], plain: Any, status_code: int = status.HTTP_200_OK) -> Response:
    return Response(shape(plain).data, status=status_code)
