"""One change of what an organization has: how it stands, and taking it back while that is possible."""

from collections.abc import Callable
from typing import Any, ClassVar, Generic

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.models import Scope
from billing.api import idempotency
from billing.api.views import base


class ChangeView(base.View, Generic[base.M]):
    """Of `model`, whose rows have a public id and a subscription; told by `plain` in `shape`."""

    required_scopes = {"GET": [Scope.BILLING_READ], "DELETE": [Scope.BILLING_WRITE]}
    shape: ClassVar[type[Serializer[Any]]]
    model: type[base.M]
    plain: Callable[[Any], dict[str, Any]]

    def undo(self, change: base.M) -> None:
        raise NotImplementedError

    def get(self, request: Request, change_id: str) -> Response:
        return self._told(change_id)

    @idempotency.honoured
    def delete(self, request: Request, change_id: str) -> Response:
        self.undo(self._change(change_id))
        return self._told(change_id)

    def _told(self, change_id: str) -> Response:
        return base.answer(self.shape, self.plain(self._change(change_id)))

    def _change(self, change_id: str) -> base.M:
        rows = self.model._default_manager.select_related("subscription__organization")  # noqa: SLF001 - Django's documented name
        return base.own(rows, subscription__organization=self.organization, public_id=change_id)
