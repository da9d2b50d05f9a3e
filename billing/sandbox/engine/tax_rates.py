"""Tax rates made by hand. Stripe Tax makes its own (`automatic_tax`)."""

from fractions import Fraction

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

FIELDS = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")


def create(call: Call) -> Obj:
    params = call.params
    if not 0 <= Fraction(str(params["percentage"])) <= 100:
        raise errors.invalid("Invalid percentage: it must be between 0 and 100.", "percentage")
    return call.tx.add(new(call.tx, params))


def new(tx: Transaction, params: Obj, **fields: object) -> Obj:
    """A tax rate that isn't stored yet. Its percentage is kept as it was written."""
    percentage = str(params["percentage"])
    rate = tx.new(
        "tax_rate",
        inclusive=params["inclusive"],
        rate_type="percentage",
        percentage=float(Fraction(percentage)),
        effective_percentage=float(Fraction(percentage)),
        _percent=percentage,
        **fields,
    )
    rate["active"] = True
    assign(rate, params, *FIELDS)
    return rate


def retrieve(call: Call) -> Obj:
    return call.tx.need("tax_rate", call.ids["id"], "tax_rate")


def update(call: Call) -> Obj:
    rate = call.tx.edit("tax_rate", call.ids["id"], "tax_rate")
    assign(rate, call.params, *FIELDS)
    return rate


def list_all(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("active", "created", "inclusive")}
    return paging.listing(call.tx, "tax_rate", call.params, call.url, where=where)


def named(tx: Transaction, given: list[str] | str | None, param: str, kept: list[str] | None = None) -> list[str]:
    """The ids of rates that a parameter names. Raises for one that doesn't exist, or is archived and not among the `kept`."""
    made = list(given or [])
    for index, identity in enumerate(made):
        rate = tx.need("tax_rate", identity, f"{param}[{index}]")
        if not rate["active"] and identity not in (kept or []):
            raise errors.invalid(f"The tax rate {identity} is archived and can't be used any more.", f"{param}[{index}]")
    return made
