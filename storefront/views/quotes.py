"""Quotes for the buyer: made from a cart or a change, issued, sent on, withdrawn."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Quote, QuoteState
from billing.queries import carts, quote_words
from billing.queries import quotes as queries
from billing.queries import tax as tax_queries
from billing.services import commands, faults
from billing.services.books import quote_rows
from billing.services.changes import seats
from billing.services.quoting import drafts, quotes, terms
from config import clock
from storefront import quote_pages
from storefront.forms.quotes import AddressForm
from storefront.views import redirects

MADE_ANEW = (QuoteState.OPEN, QuoteState.LAPSED, QuoteState.WITHDRAWN, QuoteState.OVERTAKEN)
REFUSALS = (terms.NotQuotable, quotes.QuoteError, seats.SeatsError, commands.Busy, faults.GatewayError)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.BUY)
def listing(request: OrganizationRequest) -> HttpResponse:
    """GET /quotes/?before=: the newest first. POST {cart} or {token} (of a preview): a draft of it."""
    if request.method == "POST":
        return _draft(request)
    said = request.GET.get("before", "")
    before = int(said) if said.isascii() and said.isdigit() and len(said) < 18 else None
    found = queries.page(request.organization, before=before)
    shown = found[: queries.A_PAGE]
    values = {
        "rows": quote_words.listed(shown),
        "older": shown[-1].pk if len(found) > queries.A_PAGE else None,
        "is_first": before is None,
    }
    return render(request, "storefront/quotes/page.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.BUY)
def quote(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /quotes/<id>/: the document. POST {action}: issue (with AddressForm's fields), withdraw, again or discard."""
    found = _find(request, public_id)
    if request.method != "POST":
        return _show(request, found)
    acts = {"issue": _issue, "withdraw": _withdraw, "again": _again, "discard": _discard}
    act = acts.get(request.POST.get("action", ""))
    return act(request, found) if act is not None else _show(request, found)


@require_safe
@access.require(Permission.BUY)
def pdf(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /quotes/<id>/pdf/: the document as a file, in the reader's language."""
    return quote_pages.pdf(_find(request, public_id))


def _find(request: OrganizationRequest, public_id: str) -> Quote:
    found = queries.find(request.organization, public_id)
    if found is None:
        raise Http404
    return found


def _draft(request: OrganizationRequest) -> HttpResponse:
    origin, at = access.origin(request), clock.now()
    try:
        if token := request.POST.get("token", ""):
            made = drafts.of_token(request.organization, token, origin=origin, at=at)
        else:
            cart = carts.open_with(request.POST.get("cart", ""))
            if cart is None or cart.organization_id != request.organization.pk:
                messages.info(request, _("This cart was bought or replaced meanwhile."))
                return redirects.see(reverse("storefront:cart"))
            made = drafts.of_cart(cart, request.organization, origin=origin, at=at)
    except REFUSALS as error:
        found = quote_pages.problem(error)
        messages.error(request, f"{found.title}. {found.text}")
        return redirects.back(request, "storefront:quotes")
    return redirects.see(reverse("storefront:quote", args=[made.public_id]))


def _show(
    request: OrganizationRequest,
    found: Quote,
    *,
    form: AddressForm | None = None,
    problem: quote_pages.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    is_draft, is_open = found.state == QuoteState.DRAFT, found.state == QuoteState.OPEN
    yes = queries.unpaid_yes(found) if is_open else None
    values: dict[str, Any] = {
        "quote": found,
        "document": quote_words.of(found, outcome=queries.outcome(found)),
        "tone": quote_words.state_tone(found.state),
        "problem": problem,
        "form": (form or _form(request)) if is_draft else None,
        "link": quote_rows.link(found) if is_open else "",
        "yes": yes,
        "yes_text": quote_pages.yes(yes),
        "can_be_made_anew": found.rep_id is None
        and found.state in (QuoteState.OPEN, QuoteState.LAPSED, QuoteState.WITHDRAWN, QuoteState.OVERTAKEN),
    }
    return render(request, "storefront/quotes/quote.html", values, status=status)


def _form(request: OrganizationRequest) -> AddressForm:
    return AddressForm(initial={"purchase_order": tax_queries.purchase_order(request.organization)})


def _issue(request: OrganizationRequest, found: Quote) -> HttpResponse:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form=form, status=422)
    said = quotes.Addressed(**form.cleaned_data)
    try:
        made = quotes.issue(found, said=said, origin=access.origin(request), at=clock.now())
    except REFUSALS as error:
        problem = quote_pages.problem(error)
        return _show(request, found, form=form, problem=problem, status=problem.status)
    text = _("Quote %(number)s is issued.") % {"number": made.number}
    if made.approver_email:
        sent = _("%(email)s gets its link by mail.") % {"email": made.approver_email}
        text = f"{text} {sent}"
    messages.success(request, text)
    return redirects.see(reverse("storefront:quote", args=[made.public_id]))


def _withdraw(request: OrganizationRequest, found: Quote) -> HttpResponse:
    try:
        quotes.withdraw(found, origin=access.origin(request), at=clock.now())
    except quotes.NotOpen:
        messages.info(request, _("It was accepted, or is over, already."))
    else:
        messages.success(request, _("Withdrawn. Its link accepts nothing any more."))
    return redirects.see(reverse("storefront:quote", args=[found.public_id]))


def _again(request: OrganizationRequest, found: Quote) -> HttpResponse:
    try:
        made = quotes.again(found, origin=access.origin(request), at=clock.now())
    except REFUSALS as error:
        problem = quote_pages.problem(error)
        return _show(request, found, problem=problem, status=problem.status)
    return redirects.see(reverse("storefront:quote", args=[made.public_id]))


def _discard(request: OrganizationRequest, found: Quote) -> HttpResponse:
    if drafts.discard(found):
        messages.success(request, _("The draft is gone."))
    return redirects.see(reverse("storefront:quotes"))
