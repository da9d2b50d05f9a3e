"""What was typed on the cart before paying, kept in the session until it goes through: so that the page after an error is one
that the browser can go back to, with everything as it was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest

from billing.models import Cart
from storefront.forms.company import OrderForm

KEPT: Final = "order_typed"
LONGEST: Final = 500


@dataclass(frozen=True, kw_only=True)
class Typed:
    """`said` of each field; `errors` that only trying found, by field; `accepts`: the terms were ticked; `drops`: tax ids."""

    said: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    accepts: bool = False
    drops: tuple[str, ...] = ()

    def fill(self, form: OrderForm) -> OrderForm:
        """`form` of this, with its errors."""
        form.is_valid()
        for name, texts in self.errors.items():
            for text in texts:
                if text not in form.errors.get(name, []):
                    form.add_error(name if name in form.fields else None, text)
        return form


def keep(request: HttpRequest, cart: Cart, form: OrderForm, *, drops: list[str], without: frozenset[str]) -> None:
    """Keep what was posted for `cart`, but for the fields `without`, and what is wrong with it."""
    request.session[KEPT] = {
        "cart": cart.public_id,
        "said": {name: request.POST[name][:LONGEST] for name in form.fields if name in request.POST and name not in without},
        "errors": {name: [str(text) for text in texts] for name, texts in form.errors.items()},
        "accepts": request.POST.get("accept") == "yes",
        "drops": drops,
    }


def of(request: HttpRequest, cart: Cart) -> Typed | None:
    """What was typed for `cart`; None: nothing. No query besides the session's own."""
    kept: dict[str, Any] = request.session.get(KEPT) or {}
    if kept.get("cart") != cart.public_id:
        return None
    said = {name: value for name, value in kept.items() if name != "cart"}
    return Typed(**{**said, "drops": tuple(kept["drops"])})


def forget(request: HttpRequest) -> None:
    """It went through."""
    request.session.pop(KEPT, None)
