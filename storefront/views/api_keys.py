"""The organization's API keys: made and shown once, rotated, revoked."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import ApiKey
from accounts.queries import api_keys as read
from accounts.services import api_keys
from config import clock
from storefront.forms.api_keys import ApiKeyForm, NonceForm, new_nonce
from storefront.views import organizations


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_API_KEYS)
def listing(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/api-keys/: the keys, and a new one, whose text is in this answer and nowhere else."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key, text = api_keys.create(
                organization=request.organization, **form.cleaned_data, origin=access.origin(request), at=clock.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _page(request, ApiKeyForm(), made=key, text=text)
    return _page(request, form, status=422 if form.errors else 200)


@require_POST
@access.require(Permission.MANAGE_API_KEYS)
def rotation(request: OrganizationRequest, key_id: int) -> HttpResponse:
    """POST /settings/api-keys/<id>/rotation/: a successor, shown once; the old key works on for a while."""
    form = NonceForm(request.POST)
    nonce = form.cleaned_data["nonce"] if form.is_valid() else ""
    try:
        key, text = api_keys.rotate(key=_own(request, key_id), origin=access.origin(request), at=clock.now(), nonce=nonce)
    except (api_keys.KeyEnded, api_keys.MadeAlready) as error:
        messages.error(request, " ".join(error.messages))
        return redirect("storefront:api_keys")
    return _page(request, ApiKeyForm(), made=key, text=text)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_API_KEYS)
def revocation(request: OrganizationRequest, key_id: int) -> HttpResponse:
    """GET, POST /settings/api-keys/<id>/revocation/: what it means, then it stops working."""
    key = _own(request, key_id)
    if request.method != "POST":
        return render(request, "storefront/api_keys/revocation.html", {"key": key})
    api_keys.revoke(key=key, origin=access.origin(request), at=clock.now())
    messages.success(request, _("The key “%(name)s” no longer works.") % {"name": key.name})
    return redirect("storefront:api_keys")


def _own(request: OrganizationRequest, key_id: int) -> ApiKey:
    return get_object_or_404(ApiKey.objects.select_related("organization"), pk=key_id, organization=request.organization)


def _page(
    request: OrganizationRequest, form: ApiKeyForm, *, made: ApiKey | None = None, text: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "nonce": new_nonce(),
        "made": made,
        "text": text,
        "keys": read.listed(request.organization, clock.now()),
        "sections": organizations.sections(request),
    }
    return render(request, "storefront/api_keys/listing.html", context, status=status)
