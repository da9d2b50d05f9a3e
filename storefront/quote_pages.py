"""A quote's PDF as an answer, and why it cannot be accepted or made, in words."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _

from billing.models import Quote, QuoteState
from billing.queries import quote_sheets, quote_words
from billing.queries import quotes as queries
from billing.services import commands, faults
from billing.services.books import quote_rows
from billing.services.changes import paying_first, seats
from billing.services.quoting import acceptances, quotes, terms
from config import words


@dataclass(frozen=True)
class Problem:
    """`tone` is a banner's; `status` the answer's."""

    title: str
    text: str
    tone: str = "warn"
    status: int = 409


def pdf(quote: Quote) -> HttpResponse:
    """In the active language. One that is open says where it is accepted."""
    is_open = quote.state == QuoteState.OPEN
    state = "" if is_open or quote.state == QuoteState.DRAFT else str(quote.get_state_display())
    link = quote_rows.link(quote) if is_open else ""
    document = quote_words.of(quote, outcome=queries.outcome(quote))
    response = HttpResponse(quote_sheets.render(document, link=link, state=state), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{quote.number or "quote"}.pdf"'
    return response


def problem(error: Exception, quote: Quote | None = None) -> Problem:
    """Why it cannot be made, issued or accepted, and what to do."""
    buyer = (quote_rows.asker(quote) if quote is not None else "") or _("the buyer")
    return _of_quote(error, buyer) or _of_change(error, buyer)


def _of_quote(error: Exception, buyer: str) -> Problem | None:
    """What is said of the quote itself."""
    found = None
    match error:
        case acceptances.Moved():
            text = _("Seats, plan or add-ons have changed since it was made. Ask %(buyer)s for a new one. Nothing was charged.")
            found = Problem(_("What it rests on has changed"), text % {"buyer": buyer})
        case acceptances.Bought(subscription=row):
            text = _("%(plan)s with %(seats)s is there already. Nothing was charged.")
            values = {"plan": row.plan.name, "seats": words.seats(row.quantity)}
            found = Problem(_("It was bought meanwhile"), text % values, "info")
        case acceptances.TooEarly(begins_at=begins_at):
            text = _("It begins on %(day)s and can be accepted from that day on. Nothing was charged.")
            found = Problem(_("Not yet"), text % {"day": words.full_day(begins_at)}, "info")
        case acceptances.OneOfUs():
            text = _("You are signed in as one of us. The customer accepts it by this link, signed out or as themselves.")
            found = Problem(_("It is the customer's to accept"), text)
        case acceptances.Beside():
            text = _("Somebody at your company is buying the same thing in the store at this moment. Nothing was charged here.")
            found = Problem(_("Somebody was a moment earlier"), text, "info")
        case acceptances.Changed() | seats.Stale():
            found = Problem(_("The amount has changed since you looked"), _("Look at it again, and accept it as it is now."))
        case quotes.TooMany(most=most):
            text = _("%(most)s quotes were made within a day. The next one can be made tomorrow.")
            found = Problem(_("Enough quotes for today"), text % {"most": words.number(most)}, status=429)
        case terms.NotQuotable():
            text = _("Trials cost nothing, and pilots have one fixed price. Buy it as it is.")
            found = Problem(_("There is no quote of this"), text)
    return found


def _of_change(error: Exception, buyer: str) -> Problem:
    if isinstance(error, faults.GatewayError):
        text = _("Nothing was changed or charged. Try again in a minute.")
        return Problem(_("Our payment service does not answer"), text, "bad", 503)
    if isinstance(error, commands.Busy | seats.WaitsForPayment):
        return Problem(_("Another change is being made"), _("Look again in a minute. Nothing was charged."))
    if isinstance(error, paying_first.PayFirst | seats.NotLive):
        return Problem(_("A payment is missing"), _("Once it is made, this can go on. Nothing was charged."))
    text = _("What waits for the next period, or what is had, does not go with it. Ask %(buyer)s. Nothing was charged.")
    return Problem(_("This cannot be done as things stand"), text % {"buyer": buyer})


def yes(found: queries.Yes | None) -> str:
    """An approver's yes that is not paid, for the buyer's page and the link's; "": there is none."""
    if found is None:
        return ""
    values = {"name": found.name, "when": words.named_moment(found.decided_at)}
    if found.payable_until is None:
        return _("%(name)s accepted it, %(when)s, but it was not paid: nothing was charged.") % values
    said = _("%(name)s accepted it, %(when)s. It is not paid yet; it can be until %(until)s.")
    return said % (values | {"until": words.named_moment(found.payable_until)})
