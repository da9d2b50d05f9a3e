"""What coming back would be, in words: the plan, its seats and add-ons at what they cost now, and who is in again."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Cart
from billing.queries import catalog, catalog_words, returning
from billing.queries.overview import Standing
from config import words
from storefront import tax_words


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One sentence each; an empty one does not apply."""

    title: str
    text: str
    people: str
    left_out: str

    @property
    def whole(self) -> str:
        return " ".join(part for part in (self.text, self.people, self.left_out) if part)


def shown(standing: Standing) -> Shown | None:
    """None where there is nothing to come back to. One query."""
    row = standing.row
    again = returning.again(row)
    if again is None:
        return None
    price = again.plan.price(again.interval, again.currency)
    line = catalog.on_sale().line(row.line.code)
    if price is None or line is None:
        return None
    total = price.total(again.seats) + sum(_addon_minor(line, again, code, number) for code, number in again.addons.items())
    values = {
        "plan": again.plan.name,
        "seats": words.seats(again.seats),
        "amount": words.money(total, again.currency, whole=True),
    }
    said = _("%(plan)s with %(seats)s for %(amount)s a year, as it is sold now.")
    if again.interval == "month":
        said = _("%(plan)s with %(seats)s for %(amount)s a month, as it is sold now.")
    return Shown(
        title=_("Come back to what you had"),
        text=" ".join(part for part in (said % values, tax_words.of_price(standing.levy)) if part),
        people=people(min(len(again.people), again.seats)),
        left_out=_("Not sold any more: %(names)s.") % {"names": catalog_words.listed(again.left_out)} if again.left_out else "",
    )


def people(count: int) -> str:
    """ "7 people get their seats back." """
    if not count:
        return ""
    said = ngettext("%(count)s person gets their seat back.", "%(count)s people get their seats back.", count)
    return said % {"count": words.number(count)}


def of_cart(cart: Cart) -> str:
    """Who is in again once this cart is bought; "" for any other cart. One query for one of them."""
    if cart.back_from is None or cart.back_from.line_id != cart.plan.line_id:
        return ""
    had = returning.had(cart.back_from)
    return people(min(len(had.people), cart.seats)) if had else ""


def _addon_minor(line: catalog.LineOnSale, again: returning.Again, code: str, number: int | None) -> int:
    addon = line.addon(code)
    price = addon.price(again.interval, again.currency) if addon else None
    return price.total(again.seats if number is None else number) if price else 0
