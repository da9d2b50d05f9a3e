"""A quote by its link: whoever has it may read it and accept it, without an account, for exactly what is shown.

A look changes nothing (mail scanners look, too).
"""

from contextlib import AbstractContextManager, ExitStack
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.middleware import zone
from accounts.models import User
from accounts.origin import Origin, Source
from accounts.queries import legal
from billing.models import (
    ChangeState,
    CheckoutAttempt,
    CheckoutState,
    Quote,
    QuoteKind,
    QuoteState,
    QuoteWay,
    SeatChange,
    Subscription,
)
from billing.queries import quote_words
from billing.queries import quotes as queries
from billing.services import commands, faults, notice_facts
from billing.services.books import sent_invoices
from billing.services.changes import seats
from billing.services.mirroring import invoices
from billing.services.quoting import acceptances, quotes, terms
from billing.services.selling import checkout
from config import clock
from offramps.services import deal_questions
from storefront import limits, quote_pages
from storefront.forms.quotes import AcceptForm, DealAcceptForm
from storefront.views import redirects

# Of one network address in an hour: a link that went round a company, and not somebody who tries links.
MOST_LOOKS, MOST_ACCEPTS = 240, 30
REFUSALS = (terms.NotQuotable, quotes.QuoteError, checkout.CheckoutError, seats.SeatsError, commands.Busy, faults.GatewayError)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /quotes/approval/<token>/: the document and what accepting means today; `?paid=1` on the way back from Stripe.

    POST {name, email, purchase_order, accept, due, token}: accept it, and on to pay. POST {way=pay}: on to what it waits for.

    With way=invoice it is bought on invoice, where that may be. POST {way=ask, name, question}: to whoever of us made it.
    """
    if limits.is_over(request, "quote", MOST_LOOKS):
        return _too_many(request)
    found = _find(token)
    with _read_as(found):
        if request.GET.get("paid") and found.state == QuoteState.OPEN:
            return _came_back(request, found)
        if request.method == "POST":
            return _accept(request, found)
        return _show(request, found)


@never_cache
@require_safe
def pdf(request: HttpRequest, token: str) -> HttpResponse:
    """GET /quotes/approval/<token>/pdf/: the document as a file."""
    if limits.is_over(request, "quote", MOST_LOOKS):
        return _too_many(request)
    found = _find(token)
    with _read_as(found):
        return quote_pages.pdf(found)


def _too_many(request: HttpRequest) -> HttpResponse:
    """Too often within this hour: when it can be asked again."""
    values = {"quote": None, "wait_minutes": limits.wait_minutes()}
    return limits.wait(render(request, "storefront/quotes/approval.html", values, status=429))


def _find(token: str) -> Quote:
    found = queries.of_token(token)
    if found is None or queries.is_gone(found, clock.now()):
        raise Http404
    return found


def _read_as(quote: Quote) -> AbstractContextManager[Any]:
    """In the organization's language and time zone: the document is the same for everybody who has its link."""
    held = ExitStack()
    held.enter_context(translation.override(quote.organization.locale))
    held.enter_context(timezone.override(zone(quote.organization.time_zone)))
    return held


def _show(
    request: HttpRequest,
    quote: Quote,
    *,
    form: AcceptForm | None = None,
    problem: quote_pages.Problem | None = None,
    status: int = 200,
    came_back: bool = False,
    asked: str = "",
) -> HttpResponse:
    at, offered = clock.now(), None
    is_open = quote.state == QuoteState.OPEN and quote.lapses_at is not None and at < quote.lapses_at
    if is_open:
        try:
            offered = acceptances.offer(quote, at=at)
        except REFUSALS as error:
            problem = problem or quote_pages.problem(error, quote)
            status = problem.status if isinstance(error, faults.GatewayError) else status
    yes = queries.unpaid_yes(quote) if offered and not offered.waiting else None
    document = quote_words.of(quote, offered.document if offered else None, queries.outcome(quote))
    values = {
        "quote": quote,
        "document": document,
        "invoice_url": sent_invoices.pay_url(document.invoice.pk) if document.invoice else "",
        "state": quote.state if is_open or quote.state != QuoteState.OPEN else QuoteState.LAPSED.value,
        "tone": quote_words.state_tone(quote.state),
        "offered": offered,
        "yes_text": quote_pages.yes(yes) if offered and not offered.waiting else "",
        "how": _how(quote) if offered else "",
        "minutes": acceptances.valid_minutes(offered, at) if offered else 0,
        "problem": problem,
        "came_back": came_back,
        "pdf_url": f"{request.path}pdf/",
        "form": form or _form(request, quote, yes),
        "documents": legal.all_current(at),
        "asked": asked,
        "fingerprint": acceptances.fingerprint(quote) if quote.rep_id is not None else "",
    }
    return render(request, "storefront/quotes/approval.html", values, status=status)


def _how(quote: Quote) -> str:
    """How a change is paid, as its subscription is; "" of a purchase. One query."""
    rows = Subscription.objects.select_related("organization__customer")
    row = rows.filter(quotes=quote).first() if quote.kind == QuoteKind.CHANGE else None
    return notice_facts.how(row) if row else ""


def _form(request: HttpRequest, quote: Quote, yes: queries.Yes | None) -> AcceptForm:
    """With what was said by whoever has accepted it and not paid yet; a reader who is signed in goes by their own name."""
    user = _user(request)
    known = {"email": quote.approver_email, "purchase_order": quote.purchase_order} | dict(yes.said if yes is not None else {})
    return _form_of(quote)(initial=known | ({"email": user.email, "name": user.name} if user else {}))


def _form_of(quote: Quote) -> type[AcceptForm]:
    return DealAcceptForm if quote.rep_id is not None else AcceptForm


def _user(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def _accept(request: HttpRequest, quote: Quote) -> HttpResponse:
    if request.POST.get("way") == "pay":
        return _pay(request, quote)
    if request.POST.get("way") == "ask" and quote.rep_id is not None:
        return _ask(request, quote)
    if limits.is_over(request, "quote_accept", MOST_ACCEPTS):
        return _too_many(request)
    form = _form_of(quote)(request.POST)
    if not form.is_valid():
        return _show(request, quote, form=form, status=422)
    said, due = form.cleaned_data, request.POST.get("due", "")
    way = QuoteWay.INVOICE if request.POST.get("way") == "invoice" else QuoteWay.CARD
    named = {name: said[name] for name in ("name", "email", "purchase_order", "title", "authority") if name in said}
    approver = acceptances.Approver(**named, way=way, user=_user(request), address=limits.address(request))
    try:
        accepted = acceptances.accept(
            quote,
            approver=approver,
            due_minor=int(due) if due.isascii() and due.isdigit() and len(due) < 16 else -1,
            token=request.POST.get("token", "")[:20_000],
            origin=Origin(source=Source.PAGE, request_id=getattr(request, "id", "")),
            at=clock.now(),
        )
    except REFUSALS as error:
        quote.refresh_from_db()
        problem = None if isinstance(error, quotes.NotOpen) else quote_pages.problem(error, quote)
        return _show(request, quote, form=form, problem=problem, status=problem.status if problem else 409)
    return _go(request, quote, accepted)


def _ask(request: HttpRequest, quote: Quote) -> HttpResponse:
    """A question to whoever of us made it: on the case, and by mail."""
    if limits.is_over(request, "quote_ask", MOST_ACCEPTS):
        return _too_many(request)
    said = {name: request.POST.get(name, "") for name in ("name", "question")}
    try:
        deal_questions.ask(quote, name=said["name"], text=said["question"], at=clock.now())
    except ValidationError as error:
        return _show(request, quote, asked=" ".join(error.messages), status=422)
    return redirects.see(f"{request.path}?asked=1")


def _pay(request: HttpRequest, quote: Quote) -> HttpResponse:
    """On to the invoice that an acceptance waits for."""
    try:
        waiting = acceptances.offer(quote, at=clock.now()).waiting
    except REFUSALS:
        waiting = None
    return _to_invoice(request, waiting) if waiting is not None else redirects.see(request.path)


def _to_invoice(request: HttpRequest, change: SeatChange) -> HttpResponse:
    try:
        return redirects.see(invoices.payment_url(change.stripe_invoice_id))
    except (faults.GatewayError, invoices.NoPage):
        return redirects.see(request.path)


def _go(request: HttpRequest, quote: Quote, accepted: acceptances.Accepted) -> HttpResponse:
    """To the payment page, or back to the quote, which says how it stands."""
    attempt, change = accepted.attempt, accepted.change
    if attempt is not None and attempt.state == CheckoutState.OPEN and attempt.url:
        return redirects.see(attempt.url)
    if change is not None and change.state == ChangeState.WAITING:
        return _to_invoice(request, change)
    if change is not None and change.state in (ChangeState.DECLINED, ChangeState.FAILED):
        return redirects.see(f"{request.path}?declined=1")
    return redirects.see(request.path)


def _came_back(request: HttpRequest, quote: Quote) -> HttpResponse:
    """Whoever comes first, this look or the event."""
    attempt = CheckoutAttempt.objects.filter(cart=quote.cart_id, state=CheckoutState.OPEN).order_by("-pk").first()
    try:
        if attempt is not None:
            checkout.look_up(attempt)
    except faults.GatewayError:
        return _show(request, quote, came_back=True)
    quote = queries.of_token(_token(request)) or quote
    return _show(request, quote, came_back=quote.state == QuoteState.OPEN)


def _token(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs["token"]) if match else ""
