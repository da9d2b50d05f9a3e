"""A promotion code on the pricing page: what each plan costs with it. From memory, without a query.

Whether it is used up, or for first purchases only, the cart says: that depends on who buys.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from billing.queries import promotion_words, promotions
from billing.queries.catalog import OnSale, PriceOnSale
from billing.rules import promotions as rules
from billing.rules.promotions import Promotion, Refusal
from config import words

# Stands for every code that is none of ours, so that made-up ones share one page in memory.
UNKNOWN = "?"


def known(on_sale: OnSale, text: str) -> str:
    """The code as pages are told apart by it: as it is spelled, UNKNOWN for none of ours, "" for none."""
    code = promotions.spelled(text)
    return code if not code or on_sale.promotion(code) else UNKNOWN


def banner(on_sale: OnSale, code: str, at: datetime) -> tuple[str, bool]:
    """What the code does, or why nothing, and whether it does: said above the cards; ("", True) without a code."""
    if not code:
        return "", True
    promotion = on_sale.promotion(code)
    if promotion is None:
        return _("This code is none of ours. Check its spelling; these are the prices without it."), False
    starts, expires = rules.instant(promotion.starts_at), rules.instant(promotion.expires_at)
    if starts and at < starts:
        return _("%(code)s can be used from %(day)s.") % {"code": code, "day": words.day(starts)}, False
    if expires and at >= expires:
        return _("%(code)s has expired: it could be used until %(day)s.") % {"code": code, "day": words.day(expires)}, False
    said = {"name": promotion_words.name(promotion.name, code)}
    if promotion.first_purchase_only:
        return _("%(name)s is worked into the plans it counts for. It is for a first purchase.") % said, True
    return _("%(name)s is worked into the plans it counts for.") % said, True


def of_card(on_sale: OnSale, code: str, plan: str, price: PriceOnSale, *, parts: Sequence[int], at: datetime) -> str:
    """ "With WELCOME20: $144 a month for 3 months, then $180.", or that it does not count here, or "" without a code.

    `parts` of the charge are the plan's, then each add-on's.
    """
    promotion = on_sale.promotion(code)
    if promotion is None:
        return ""
    use = rules.Use(plan=plan, interval=price.interval, currency=price.currency, at=at)
    why = rules.refusal(promotion, use)
    if why in (Refusal.NOT_YET, Refusal.EXPIRED):
        return ""
    if why is Refusal.OTHER_INTERVAL:
        yearly = "year" in promotion.intervals
        return (_("%(code)s counts when you pay yearly.") if yearly else _("%(code)s counts when you pay monthly.")) % {
            "code": code
        }
    if why is not None:
        return _("%(code)s does not count here.") % {"code": code}
    return _with(promotion, price, parts, sum(_off(promotion, price, parts)))


def _off(promotion: Promotion, price: PriceOnSale, parts: Sequence[int]) -> Sequence[int]:
    """What it takes off: of the plan alone, where it is for certain plans."""
    counted = parts[:1] if promotion.plans else parts
    if promotion.percent_bps is None:
        return [rules.off(sum(counted), percent_bps=None, amount_minor=promotion.amount_off(price.currency))]
    return [rules.off(part, percent_bps=promotion.percent_bps, amount_minor=None) for part in counted]


def _with(promotion: Promotion, price: PriceOnSale, parts: Sequence[int], off: int) -> str:
    total = sum(parts)
    less = total - off
    values = {
        "code": promotion.code,
        "less": words.money(less, price.currency, whole=True),
        "full": words.money(total, price.currency, whole=True),
        "how_long": promotion_words.how_long(promotion.duration, promotion.months),
    }
    if promotion.duration == rules.Duration.FOREVER:
        monthly = price.interval == "month"
        return (_("With %(code)s: %(less)s a month") if monthly else _("With %(code)s: %(less)s a year")) % values
    if price.interval == "year" or promotion.duration == rules.Duration.ONCE:
        first = _("With %(code)s: %(less)s for the first year, then %(full)s")
        month = _("With %(code)s: %(less)s for the first month, then %(full)s")
        return (first if price.interval == "year" else month) % values
    return _("With %(code)s: %(less)s a month %(how_long)s, then %(full)s") % values
