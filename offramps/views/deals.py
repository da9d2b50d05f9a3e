"""Deals at the desk: built from a case, shown with what is not the catalog's, asked for, sent, taken back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.models import Organization
from accounts.services.organizations import Details
from billing.queries import budget_words, quote_words
from config import clock
from offramps.desk_guard import FloorRequest, dealers_only, floor_only
from offramps.models import BEING_MADE, Deal, DealVersion, Lead, VersionState
from offramps.queries import case as case_queries
from offramps.queries import deal_words, desk_access
from offramps.queries import deals as queries
from offramps.services import cases, deal_approvals, deals
from offramps.views import deal_form

FOUND = 20


@require_http_methods(["GET", "HEAD", "POST"])
@floor_only
def build(request: FloorRequest, public_id: str) -> HttpResponse:
    """GET /desk/cases/<id>/deal/?deal=: the form, with the newest version of a deal. POST: what it comes to; with action=save
    it is kept as the next version.
    """
    lead = _lead(request, public_id)
    if lead.organization is None:
        messages.info(request, _("Say first which organization it is for."))
        return HttpResponseRedirect(f"{reverse('offramps:deal_customers')}?case={lead.public_id}")
    held = _of_lead(lead, request.GET.get("deal", ""))
    if request.method != "POST":
        newest = queries.versions(held)[0] if held else None
        begun = deal_form.of_version(newest) if newest else deal_form.of_lead(lead)
        form = deal_form.DealForm(initial=begun, organization=lead.organization)
        as_if = deal_form.DealForm(begun, organization=lead.organization)  # what it begins with, as if it had been sent
        return render(request, "offramps/deal_form.html", {**_drafted(lead, held, as_if), "form": form})
    form = deal_form.DealForm(request.POST, organization=lead.organization)
    if not form.is_valid():
        return _form(request, lead, held, form, status=422)
    if request.POST.get("action") == "save":
        return _save(request, lead, held, form)
    return _form(request, lead, held, form)


def _save(request: FloorRequest, lead: Lead, held: Deal | None, form: deal_form.DealForm) -> HttpResponse:
    try:
        version = deals.save(lead, form.wanted(), deal=held, at=clock.now(), origin=access.origin(request))
    except ValidationError as error:
        _blame(form, error)
        return _form(request, lead, held, form, status=422)
    except deals.NotNow as error:
        messages.info(request, _now(error.version))
        return _to(error.version.deal)
    return _to(version.deal)


def _form(request: FloorRequest, lead: Lead, held: Deal | None, form: deal_form.DealForm, *, status: int = 200) -> HttpResponse:
    """The form with what it comes to; the part alone for whoever asks for that."""
    context = _drafted(lead, held, form)
    status = status if form.is_valid() else 422
    is_part = bool(request.headers.get("HX-Request"))
    return render(request, "offramps/_deal_draft.html" if is_part else "offramps/deal_form.html", context, status=status)


def _drafted(lead: Lead, held: Deal | None, form: deal_form.DealForm) -> dict[str, Any]:
    """What the form's page needs: what the form comes to, where it does."""
    context: dict[str, Any] = {"lead": lead, "deal": held, "form": form}
    if not form.is_valid() or lead.organization is None:
        return context
    try:
        made = deals.draft(lead.organization, form.wanted(), subject=held.subject if held else "", at=clock.now())
    except ValidationError as error:
        _blame(form, error)
        return context
    return context | {"draft": made, "findings": deal_words.findings(made.verdict)}


@require_safe
@dealers_only
def deal(request: FloorRequest, public_id: str) -> HttpResponse:
    """GET /desk/deals/<id>/: the newest version, what is to be done with it, and those before."""
    found = _deal(request, public_id)
    held = queries.versions(found)
    newest = held[0]
    can_work = desk_access.of(request).is_manager or request.rep is not None
    context = {
        "deal": found,
        "newest": newest,
        "subject": deal_words.subject(newest),
        "addons": list(deal_words.addons(newest)),
        "findings": deal_words.findings(queries.verdict_of(newest)),
        "who": deal_words.who(queries.verdict_of(newest).who),
        "is_for_rep": queries.verdict_of(newest).is_for_rep,
        "older": held[1:],
        "tone": _tone(newest.state),
        "can_work": can_work,
        "may_decide": queries.decider(request.user).may_decide(newest),
        "is_over": any(one.state == VersionState.ACCEPTED for one in held),
        "is_live": any(one.state in (*BEING_MADE, VersionState.SENT) for one in held),
        "document": quote_words.of(newest.quote) if newest.quote else None,
        "case_url": reverse("offramps:case", args=[found.lead.public_id]) if can_work else "",
    }
    return render(request, "offramps/deal.html", context)


@require_POST
@floor_only
def act(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/deals/<id>/acts/: verb=propose|send|withdraw, version."""
    found = _deal(request, public_id)
    verb, at, origin = request.POST.get("verb", ""), clock.now(), access.origin(request)
    try:
        if verb == "withdraw":
            deals.withdraw(found, at=at, origin=origin)
            messages.success(request, _("Withdrawn. Nothing of it is offered any more."))
        elif verb == "propose":
            asked = deal_approvals.propose(_version(found, request), at=at, origin=origin)
            _say_asked(request, asked)
        elif verb == "send":
            sent = deals.send(_version(found, request), at=at, origin=origin)
            messages.success(request, _("%(email)s has its link.") % {"email": sent.approver_email})
        else:
            raise Http404
    except deal_approvals.OverBudget as error:
        messages.error(request, budget_words.full(error.full.budget, error.full.standing, error.full.raisers))
    except deals.NotNow as error:
        messages.info(request, _now(error.version))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _to(found)


@require_http_methods(["GET", "HEAD", "POST"])
@floor_only
def customers(request: FloorRequest) -> HttpResponse:
    """GET /desk/customers/?q=&case=: whom a deal is for. POST: organization=<id>, or a new company's fields; on to its deal."""
    lead = _lead(request, request.GET["case"]) if request.GET.get("case") else None
    begun = {"contact_name": lead.contact_name, "contact_email": lead.contact_email} if lead else {}
    is_new = request.method == "POST" and not request.POST.get("organization")
    form = deal_form.CustomerForm(request.POST if is_new else None, initial=begun)
    if request.method == "POST":
        answer = _customer(request, lead, form)
        if answer is not None:
            return answer
    asked = request.GET.get("q", "").strip()
    rows = Organization.objects.filter(name__icontains=asked, closed_at=None).order_by("name")[:FOUND] if asked else []
    context = {"form": form, "asked": asked, "rows": rows, "lead": lead}
    return render(request, "offramps/deal_customers.html", context, status=422 if form.is_bound else 200)


def _customer(request: FloorRequest, lead: Lead | None, form: deal_form.CustomerForm) -> HttpResponse | None:
    """On to the deal of whoever was chosen or made; None: the form does not do."""
    at, origin = clock.now(), access.origin(request)
    organization = Organization.objects.filter(public_id=request.POST.get("organization", ""), closed_at=None).first()
    said = {"name": "", "email": lead.contact_email if lead else ""}
    if organization is None:
        if not form.is_bound:
            raise Http404
        if not form.is_valid():
            return None
        kept = ("name", "country", "employee_bracket", "domain")
        try:
            organization = cases.make_customer(
                Details(**{name: form.cleaned_data[name] for name in kept}), at=at, origin=origin
            )
        except ValidationError as error:
            _blame(form, error)
            return None
        said = {"name": form.cleaned_data["contact_name"], "email": form.cleaned_data["contact_email"]}
    case = cases.open_for(organization, lead=lead, rep=request.rep, contact=said, at=at, origin=origin)
    return HttpResponseRedirect(reverse("offramps:deal_build", args=[case.public_id]))


def _say_asked(request: FloorRequest, version: DealVersion) -> None:
    if version.state == VersionState.APPROVED:
        messages.success(request, _("It takes nobody else. It can be sent."))
    else:
        names = ", ".join(str(one) for one in queries.asked_to_decide(version))
        messages.success(request, _("Asked: %(names)s.") % {"names": names or _("nobody is there who may decide")})


def _now(version: DealVersion) -> str:
    return _("It is %(state)s by now.") % {"state": version.get_state_display()}


def _tone(state: str) -> str:
    tones = {"proposed": "warn", "approved": "good", "declined": "bad", "sent": "accent", "accepted": "good", "lapsed": "warn"}
    return tones.get(state, "neutral")


def _blame(form: Any, error: ValidationError) -> None:
    """Each at its field, or above the form."""
    for name, texts in error.message_dict.items():
        form.add_error(name if name in form.fields else None, texts)


def _to(found: Deal) -> HttpResponse:
    return HttpResponseRedirect(reverse("offramps:deal", args=[found.public_id]))


def _lead(request: FloorRequest, public_id: str) -> Lead:
    sees_all = desk_access.of(request).is_manager
    found = case_queries.find(None if sees_all else request.rep, public_id)
    if found is None:
        raise Http404
    return found


def _of_lead(lead: Lead, public_id: str) -> Deal | None:
    """The deal that is edited: the one named, of this case."""
    if not public_id:
        return None
    found = Deal.objects.filter(lead=lead, public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _deal(request: FloorRequest, public_id: str) -> Deal:
    found = queries.find(request.rep, request.user, public_id, sees_all=desk_access.of(request).sees_deals)
    if found is None:
        raise Http404
    return found


def _version(found: Deal, request: FloorRequest) -> DealVersion:
    number = request.POST.get("version", "")
    held = (
        found.versions.filter(number=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 6 else None
    )
    if held is None:
        raise Http404
    return held
