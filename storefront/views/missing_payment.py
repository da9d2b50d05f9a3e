"""A payment that is missing, put right by the link of a mail: whoever has it may pay or change the card, and see nothing else.

No sign-in: the person who holds the company's card is often nobody's member here. A look changes nothing (mail scanners look,
too), and the page says no more than the mail did.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.middleware import zone
from accounts.origin import Origin, Source
from billing.models import Customer, DunningEpisode, Invoice
from billing.queries import dunning
from billing.rules import dunning as rules
from billing.services import faults, notice_facts
from billing.services.books import sent_invoices
from billing.services.mirroring import invoices
from billing.services.recovery import dunning_mails
from billing.services.selling import cards
from config import clock
from storefront import invoice_words, limits, missing_words
from storefront.views import redirects

# Of one network address in an hour: a link that went round a company, and not somebody who tries links.
MOST_LOOKS, MOST_CARDS = 120, 20
LONGEST_SESSION_ID = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /missing-payments/<token>/: what is missing and what happens when; `?session=` on the way back from Stripe's page.

    POST with `invoice` leads to Stripe's page of it (of the oldest, for none that is missing); with `way` `card` to the one for
    a new card.
    """
    if limits.is_over(request, "missing_payment", MOST_LOOKS):
        return _show(request, None, status=429)
    episode = _episode(token)
    organization = episode.organization
    with translation.override(organization.locale), timezone.override(zone(organization.time_zone)):
        if request.method == "POST":
            return _leave(request, episode)
        if request.GET.get("session"):
            _came_back(request.GET["session"][:LONGEST_SESSION_ID], episode)
            return redirects.see(f"{request.path}?back=card")
        return _show(request, episode)


def _episode(token: str) -> DunningEpisode:
    found = dunning_mails.of_token(token)
    if found is None:
        raise Http404
    rows = DunningEpisode.objects.select_related("organization__customer", "subscription__plan")
    return get_object_or_404(rows, pk=found, organization__closed_at=None)


def _show(request: HttpRequest, episode: DunningEpisode | None, *, status: int = 200, problem: str = "") -> HttpResponse:
    """Three queries: the episode, what is missing of it, the store's time; one more where a bank is at work on all of it."""
    now = clock.now()
    refused = problem or ("often" if status == 429 else "")
    context: dict[str, Any] = {"episode": None, "problem": refused, "wait_minutes": limits.wait_minutes()}
    if episode is not None:
        missing = dunning.missing(episode) or dunning.at_the_bank(episode)
        is_over = dunning_mails.is_over(episode, now) or not missing
        context |= {"episode": episode, "missing": missing, "is_over": is_over}
        context["total_minor"] = sum(invoice.amount_remaining_minor for invoice in missing)
        context["is_sent"] = bool(missing) and all(invoice.is_sent for invoice in missing)
        context["how"] = notice_facts.tried(episode.organization)
        context["is_at_the_bank"] = bool(missing) and all(invoice.debited_at is not None for invoice in missing)
        context["account"] = _account(episode, missing) if context["is_sent"] else []
        context["events"] = _events(episode, missing, now)
        context["came_back"] = request.GET.get("back") == "card"
        status = 410 if is_over and missing and status == 200 else status
    answer = render(request, "storefront/payment/missing.html", context, status=status)
    return limits.wait(answer) if status == 429 else answer


def _account(episode: DunningEpisode, missing: list[Invoice]) -> list[dict[str, str]]:
    """Where sent invoices can be paid to by transfer. One query."""
    customer = Customer.objects.filter(organization=episode.organization_id).first()
    numbers = ", ".join(invoice.number for invoice in missing)
    return invoice_words.account(sent_invoices.bank_account(customer, episode.currency), numbers)


def _events(episode: DunningEpisode, missing: list[Invoice], now: datetime) -> list[dict[str, Any]]:
    tries = [invoice.next_attempt_at for invoice in missing if invoice.next_attempt_at]
    facts = rules.Missing(
        since=episode.started_at,
        step=episode.step or rules.Step.FAILED,
        read_only_at=episode.read_only_at,
        off_at=episode.off_at,
    )
    then = episode.is_cancelled_then
    sent = bool(missing) and all(invoice.is_sent for invoice in missing)
    return missing_words.events(facts, next_attempt_at=min(tries, default=None), is_cancelled_then=then, at=now, is_sent=sent)


def _leave(request: HttpRequest, episode: DunningEpisode) -> HttpResponse:
    missing = dunning.missing(episode)
    if dunning_mails.is_over(episode, clock.now()) or not missing:
        return _show(request, episode)
    if limits.is_over(request, "missing_payment_card", MOST_CARDS):
        return _show(request, episode, status=429)
    try:
        url = _card_url(request, episode) if request.POST.get("way") == "card" else _pay_url(request, missing)
    except (faults.GatewayError, invoices.NoPage, cards.NoCustomer):
        url = ""
    return redirects.see(url) if url else _show(request, episode, status=503, problem="silent")


def _pay_url(request: HttpRequest, missing: list[Invoice]) -> str:
    wanted = request.POST.get("invoice", "")
    return invoices.hosted_url(next((one for one in missing if one.stripe_id == wanted), missing[0]))


def _card_url(request: HttpRequest, episode: DunningEpisode) -> str:
    origin = Origin(source=Source.PAGE, request_id=getattr(request, "id", ""))
    back = settings.STORE_URL + reverse("storefront:missing_payment", args=[dunning_mails.token(episode.pk)])
    return str(cards.start_setup(episode.organization, origin=origin, at=clock.now(), back=back).result.get("url", ""))


def _came_back(session_id: str, episode: DunningEpisode) -> None:
    """Whoever comes first, this look or the event: the new card is tried on what is missing at once."""
    try:
        cards.look_up(session_id, episode.organization)
    except faults.GatewayError:
        return  # the event brings it
