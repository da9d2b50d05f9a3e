"""The two pages that end something: one's own account, and an organization."""

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.middleware import CURRENT
from accounts.queries import members
from accounts.services import closure, deletion
from billing.services import closing
from config import clock, words
from storefront import departures
from storefront.forms.departures import ClosureForm, DeletionForm
from storefront.views import organizations

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def account_deletion(request: HttpRequest) -> HttpResponseBase:
    """GET, POST /account/deletion/ with `email`. The POST asks for the password or a factor again."""
    return (_delete if request.method == "POST" else _deletion_page)(request)


@access.signed_in
def _deletion_page(request: OrganizationRequest) -> HttpResponse:
    return _show_deletion(request, DeletionForm(address=request.user.email))


@access.signed_in
@access.proven_again
def _delete(request: OrganizationRequest) -> HttpResponse:
    form = DeletionForm(request.POST, address=request.user.email)
    if not form.is_valid():
        return _show_deletion(request, form, status=422)
    try:
        departures.delete_account(user=request.user, origin=access.origin(request), at=clock.now())
    except (departures.LastOwner, deletion.StaffAccount):
        return _show_deletion(request, form, status=CONFLICT)
    logout(request)
    messages.success(request, _("Your account is deleted. A mail confirms it."))
    return redirect("storefront:pricing")


def _show_deletion(request: OrganizationRequest, form: DeletionForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "owned_alone": departures.owned_alone(request.user), "is_staff": request.user.is_staff}
    return render(request, "account/deletion.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CLOSE_ORGANIZATION)
def organization_closure(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/closure/ with `name`."""
    if request.method == "POST":
        return _close(request)
    return _show_closure(request, ClosureForm())


@access.proven_again
def _close(request: OrganizationRequest) -> HttpResponse:
    form, organization = ClosureForm(request.POST), request.organization
    if not form.is_valid():
        return _show_closure(request, form, status=422)
    try:
        until = closing.close(
            organization=organization, typed_name=form.cleaned_data["name"], origin=access.origin(request), at=clock.now()
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _show_closure(request, form, status=422)
    except closing.InTheWay:
        return _show_closure(request, form, status=CONFLICT)
    except closure.Already:
        return redirect("/")
    request.session.pop(CURRENT, None)
    text = _("%(organization)s is closed. Until %(day)s our support can open it again.")
    messages.success(request, text % {"organization": organization.name, "day": words.day(until)})
    return redirect("/")


def _show_closure(request: OrganizationRequest, form: ClosureForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "organization": request.organization,
        "outlook": closing.outlook(request.organization),
        "people": members.of(request.organization).count(),
        "sections": organizations.sections(request),
    }
    return render(request, "storefront/organizations/closure.html", context, status=status)
