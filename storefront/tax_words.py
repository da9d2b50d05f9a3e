"""Taxes in words: the state of an id, and how an organization is taxed and why."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.queries import places
from billing.models import TaxId, TaxStanding
from billing.queries import tax as queries
from billing.rules.tax import Exempt, Levy, Reason
from config import words


@dataclass(frozen=True)
class ShownId:
    """An id as the list shows it; `tone` is a badge's."""

    pk: int
    value: str
    country: str
    state: str
    tone: str
    note: str


@dataclass(frozen=True)
class Treatment:
    """`tone` is a banner's; an empty `title`: nothing to say."""

    title: str
    text: str
    tone: str = "info"


TONES = {
    "verified": "good",
    "unverified": "bad",
    "refused": "bad",
    "pending": "warn",
    "sending": "warn",
    "unavailable": "neutral",
}


def of_price(levy: Levy) -> str:
    """Whether tax is in a price that is said alone; "" where there is none, or nobody charges it."""
    if levy.is_automatic and levy.exempt == Exempt.NONE:
        return _("Tax comes on top, worked out on the day.")
    if not levy.percent or levy.exempt != Exempt.NONE:
        return ""
    values = {"percent": queries.percent(levy.percent), "tax": levy.name or _("Tax")}
    return (_("%(percent)s %(tax)s included.") if levy.inclusive else _("%(percent)s %(tax)s on top.")) % values


def tax_id(row: TaxId) -> ShownId:
    country = dict(places.countries()).get(row.country, row.country)
    return ShownId(row.pk, row.value, country, str(row.get_state_display()), TONES[row.state], _note(row))


def _note(row: TaxId) -> str:
    if row.state == "verified" and row.registered_name:
        return _("Registered to %(name)s.") % {"name": row.registered_name}
    return {
        "verified": _("The authority confirmed it."),
        "pending": _("The authority is being asked; that takes from seconds to some days."),
        "sending": _("It is kept, and goes to the authority with your purchase, or in a moment."),
        "unverified": _("The authority does not know this number. Compare it with your certificate; if it is right, ask them."),
        "unavailable": _("No authority answers for this kind of number. It is printed on invoices as it is."),
        "refused": _("It was not taken: %(why)s") % {"why": row.message},
    }[row.state]


def treatment(row: TaxStanding | None, country: str) -> Treatment:
    """How invoices are taxed, and what would change that."""
    if row is None or row.reason in ("", Reason.OFF):
        return Treatment("", "")
    if row.message:
        text = _("Our payment service needs a complete address: %(why)s") % {"why": row.message}
        return Treatment(_("Tax could not be set up"), text, "bad")
    title = _title(row)
    return Treatment(title, _why(row, dict(places.countries()).get(country, country)), _tone(row))


def _title(row: TaxStanding) -> str:
    if row.exempt == "reverse":
        return _("No tax on your invoices: reverse charge")
    if row.exempt == "exempt":
        return _("No tax on your invoices: you are exempted")
    if row.rate is not None:
        said = {"tax": row.rate.name, "percent": queries.percent(row.rate.percent)}
        return (
            _("%(percent)s %(tax)s is in our prices") if row.rate.is_inclusive else _("%(percent)s %(tax)s on your invoices")
        ) % said
    if row.is_automatic and row.reason != Reason.OUTSIDE:
        return _("Tax on your invoices as your country asks for it")
    return _("Tax on your invoices where your country asks for it") if row.is_automatic else _("No tax on your invoices")


def _tone(row: TaxStanding) -> str:
    return "warn" if row.reason in (Reason.BEING_CHECKED, Reason.NOT_CONFIRMED, Reason.NOT_IN_TIME) else "info"


def _why(row: TaxStanding, country: str) -> str:
    until = words.day(row.until_at) if row.until_at else ""
    return {
        Reason.EXEMPTED: _("Our staff entered the exemption. Write to us when it ends."),
        Reason.OUTSIDE: _("We collect none in %(country)s."),
        Reason.HOME: _("You and we are in the same country, so tax is due with or without a tax id."),
        Reason.NO_ID: _(
            "With a VAT ID of your country that the authority confirms, it goes: you account for the tax yourself."
        ),
        Reason.HOME_ID: _("Your VAT ID is of our own country. One of %(country)s would bring reverse charge."),
        Reason.NOT_CONFIRMED: _(
            "The authority does not know your VAT ID. Put it right and the tax goes from the next invoice on."
        ),
        Reason.NOT_IN_TIME: _("Nobody confirmed your VAT ID in time. Once the authority does, the tax goes by itself."),
        Reason.CONFIRMED: _("Your VAT ID is confirmed. You account for the tax yourself."),
        Reason.BEING_CHECKED: _(
            "Your VAT ID is being checked. If nobody has confirmed it by %(until)s, tax is added from then on."
        ),
    }[Reason(row.reason)] % {"country": country, "until": until}
