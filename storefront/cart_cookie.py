"""The visitor's cart, remembered by a signed cookie that holds its public id and nothing else."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from billing.models import Cart
from billing.queries import carts

NAME: Final = "cart"
_SALT: Final = "storefront.cart"
_AGE: Final = timedelta(days=90)


def read(request: HttpRequest) -> Cart | None:
    """The open cart of this browser; None for none, a closed one, or a cookie that we did not sign. At most one query."""
    public_id = request.get_signed_cookie(NAME, default="", salt=_SALT, max_age=_AGE)
    return carts.open_with(public_id) if public_id else None


def write(response: HttpResponse, cart: Cart) -> None:
    response.set_signed_cookie(
        NAME,
        cart.public_id,
        salt=_SALT,
        max_age=_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(NAME, samesite="Lax")
