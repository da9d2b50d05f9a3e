"""How often one address may do what costs us rows or mails."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

from config import limits


def address(request: HttpRequest) -> str:
    """The network address that a request came from."""
    return str(get_adapter(request).get_client_ip(request))


def is_over(request: HttpRequest, what: str, limit: int) -> bool:
    """Count one `what` of this request's address, and say whether it is more than `limit` in this hour."""
    return limits.is_over(get_adapter(request).get_client_ip(request), what, limit)


def wait_minutes() -> int:
    """In how many minutes it can be tried again, at least one."""
    return -(-limits.wait_seconds() // 60)


def wait(response: HttpResponse) -> HttpResponse:
    """Have an answer say to programs, too, when to ask again."""
    response.headers["Retry-After"] = str(limits.wait_seconds())
    return response
