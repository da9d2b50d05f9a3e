"""How often one address may do what costs us rows or mails."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from config import limits


def is_over(request: HttpRequest, what: str, limit: int) -> bool:
    """Count one `what` of this request's address, and say whether it is more than `limit` in this hour."""
    return limits.is_over(get_adapter(request).get_client_ip(request), what, limit)
