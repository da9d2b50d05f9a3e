"""Which mails somebody gets: the preference page, the link that each mail carries, and showing that mails arrive again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest
from accounts.queries import mail_choices as read
from accounts.rules import mail_topics
from accounts.rules.mail_topics import Topic
from accounts.services import mail_choices
from config import clock


@require_http_methods(["GET", "HEAD", "POST"])
@access.signed_in
def preferences(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/mails/ with `topic` for each that is wanted: for this person, in the organization they act for."""
    organization = request.organization
    topics = [topic for topic in Topic if organization or mail_topics.is_everywhere(topic)]
    if request.method == "POST":
        wanted = [topic for topic in topics if topic.value in request.POST.getlist("topic")]
        mail_choices.choose(user=request.user, organization=organization, topics=topics, wanted=wanted, at=clock.now())
        messages.success(request, _("Saved."))
        return redirect("storefront:mail_preferences")
    context = {
        "choices": read.choices(user=request.user, address="", organization=organization, topics=topics),
        "organization": organization,
        "suppression": read.suppression_of(request.user.email),
    }
    return render(request, "storefront/mails/preferences.html", context)


# Mail programs post here by themselves (RFC 8058), without a page of ours before it: the signed token is the authority.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET, POST /mails/stop/<token>/: one mail's topic, stopped; with `again` started. Signed in or not; GET changes none."""
    mail = mail_choices.by_token(token)
    topic = mail_topics.topic_of(mail.kind) if mail else None
    if mail is None or topic is None:
        raise Http404
    if request.method == "POST":
        mail_choices.set_wanted(mail, is_wanted=bool(request.POST.get("again")), at=clock.now())
    [choice] = read.choices(user=mail.user, address=mail.recipient, organization=mail.organization, topics=[topic])
    where = None if mail_topics.is_everywhere(topic) else mail.organization
    context = {"choice": choice, "organization": where, "is_done": request.method == "POST"}
    return render(request, "storefront/mails/stop.html", context)


@require_POST
@access.signed_in
def address_checks(request: OrganizationRequest) -> HttpResponse:
    """POST /settings/mails/checks/: mail a link to one's own address that came back, to show that it works again."""
    mail_choices.check_address(user=request.user, at=clock.now())
    messages.success(request, _("A mail is on its way to %(email)s. Follow its link.") % {"email": request.user.email})
    return redirect("storefront:mail_preferences")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address_check(request: HttpRequest, token: str) -> HttpResponse:
    """GET, POST /mails/check/<token>/: the link of that mail. Signed in or not; GET changes nothing."""
    at = clock.now()
    if not mail_choices.is_address_check(text=token, at=at):
        raise Http404
    if request.method == "POST":
        mail_choices.confirm_address(text=token, at=at)
    return render(request, "storefront/mails/check.html", {"is_done": request.method == "POST"})
