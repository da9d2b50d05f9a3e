"""Requests that were made, held against the contract afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing.sandbox.contract import checking, errors, forms


@dataclass(frozen=True, slots=True)
class Request:
    """One recorded request: ``params`` as the nested dict of strings, or the query string or form body itself."""

    method: str
    path: str
    params: Mapping[str, Any] | str | bytes = ""

    @classmethod
    def of_call(cls, call: Mapping[str, Any]) -> "Request":
        """An entry of the sandbox's own list of calls (``GET /_sandbox/calls``): method, path, params."""
        return cls(call["method"], call["path"], call["params"])


class RefusedError(AssertionError):
    """A request that Stripe would refuse: it names the request and Stripe's words."""

    def __init__(self, request: Request, refusal: errors.ParameterError) -> None:
        super().__init__(f"{request.method.upper()} {request.path}: {refusal.message} (param: {refusal.param})")
        self.request = request
        self.refusal = refusal


def refusals(requests: Iterable[Request]) -> Iterator[RefusedError]:
    """The requests among these that Stripe would refuse for their URL or their parameters."""
    for request in requests:
        try:
            params = forms.decode(request.params) if isinstance(request.params, str | bytes) else request.params
            checking.check(request.method, request.path, params)
        except errors.ParameterError as refusal:
            yield RefusedError(request, refusal)


def check_request_log(requests: Iterable[Request]) -> int:
    """Raise :class:`RefusedError` on the first request that Stripe would refuse; else say how many there were.

    A suite that means something by this asserts the number too: an empty log refuses nothing.
    """
    count = 0
    for request in requests:
        for refused in refusals([request]):
            raise refused
        count += 1
    return count
