"""Billing contacts: adding and removing on the settings page, and the page of the link that their mails carry."""

from django.conf import settings as store
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import BillingContact, Joining
from accounts.queries import joining as joining_read
from accounts.queries import mail_choices
from accounts.services import billing_contacts, joining
from billing.models import Invoice
from billing.services import faults
from billing.services.mirroring import invoices
from config import clock
from storefront.forms.asking import ContactForm, JoiningForm
from storefront.views import organizations, redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_ORGANIZATION)
def people(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/people/: billing contacts (POST adds one), and what colleagues may do without an invitation."""
    form = ContactForm(request.POST if request.method == "POST" else None, initial={"locale": request.organization.locale})
    if request.method == "POST" and form.is_valid():
        try:
            row = billing_contacts.add(
                organization=request.organization, **form.cleaned_data, origin=access.origin(request), at=clock.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(email)s has to agree first: a mail is on its way.") % {"email": row.email})
            return redirect("storefront:people_settings")
    return render(request, "storefront/organizations/people.html", _context(request, form), status=422 if form.errors else 200)


@require_POST
@access.require(Permission.MANAGE_ORGANIZATION)
def joining_choice(request: OrganizationRequest) -> HttpResponse:
    """POST /settings/people/joining/ with `joining`."""
    form = JoiningForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the list."))
        return redirect("storefront:people_settings")
    chosen = Joining(form.cleaned_data["joining"])
    try:
        joining.choose(organization=request.organization, joining=chosen, origin=access.origin(request), at=clock.now())
    except joining.NotProven:
        messages.error(
            request, _("An owner must have confirmed an address of your website's domain first. Nothing was changed.")
        )
    else:
        messages.success(request, _("Saved."))
    return redirect("storefront:people_settings")


@require_POST
@access.require(Permission.MANAGE_ORGANIZATION)
def sends(request: OrganizationRequest, contact_id: int) -> HttpResponse:
    """POST /settings/people/contacts/<id>/sends/: ask the address once more."""
    row = _own(request, contact_id)
    try:
        billing_contacts.resend(contact=row, origin=access.origin(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Asked again."))
    return redirect("storefront:people_settings")


@require_POST
@access.require(Permission.MANAGE_ORGANIZATION)
def removal(request: OrganizationRequest, contact_id: int) -> HttpResponse:
    """POST /settings/people/contacts/<id>/removal/: send it nothing more; it can be added again."""
    row = _own(request, contact_id)
    billing_contacts.remove(contact=row, origin=access.origin(request), at=clock.now())
    messages.success(request, _("%(email)s gets no more mails about money.") % {"email": row.email})
    return redirect("storefront:people_settings")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, token: str) -> HttpResponse:
    """GET, POST /billing-contacts/<token>/ with `answer` (yes, no): the reader agrees or stops it, signed in or not."""
    row = billing_contacts.by_token(token)
    if row is None:
        raise Http404
    at, answer = clock.now(), request.POST.get("answer") if request.method == "POST" else None
    with translation.override(row.locale):
        if answer == "yes":
            billing_contacts.confirm(contact=row, at=at)
        elif answer == "no":
            billing_contacts.refuse(contact=row, at=at)
        row.refresh_from_db(fields=["verified_at", "removed_at", "expires_at"])
        is_late = row.verified_at is None and row.expires_at <= at
        status = 410 if (row.removed_at and answer != "no") or is_late else 200
        return render(request, "storefront/asking/contact.html", {"contact": row, "is_late": is_late}, status=status)


@never_cache
@require_safe
def contact_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """GET /billing-contacts/invoices/<token>/: on to Stripe's page of one invoice, for a contact who can't sign in."""
    found = billing_contacts.invoice_of(token)
    if found is None:
        raise Http404
    invoice = get_object_or_404(Invoice, pk=found[1], organization=found[0].organization)
    try:
        return redirects.see(invoices.hosted_url(invoice))
    except (faults.GatewayError, invoices.NoPage):
        return render(request, "storefront/asking/no_invoice.html", {"email": store.BRAND["support_email"]}, status=503)


def _own(request: OrganizationRequest, contact_id: int) -> BillingContact:
    rows = BillingContact.objects.live().filter(organization=request.organization).select_related("organization")
    return get_object_or_404(rows, pk=contact_id)


def _context(request: OrganizationRequest, form: ContactForm) -> dict[str, object]:
    """Three queries besides the request's own."""
    organization = request.organization
    return {
        "form": form,
        "sections": organizations.sections(request),
        "contacts": list(billing_contacts.listed(organization)),
        "unreachable": mail_choices.unreachable(organization),
        "joining_form": JoiningForm(initial={"joining": organization.joining}),
        "is_proven": joining_read.is_proven(organization),
        "organization": organization,
        "now": clock.now(),
    }
