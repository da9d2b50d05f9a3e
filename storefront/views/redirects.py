"""Redirects after a POST: 303, so that the browser asks the next page with GET whatever it sent here."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


class See(HttpResponseRedirect):
    status_code = 303


def see(url: str) -> See:
    """See other: a page of ours, or Stripe's."""
    return See(url)


def back(request: HttpRequest, fallback: str, **query: str) -> See:
    """To the page that the form's `next` names if it is one of ours, else to the named page with `query`."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return See(wanted if wanted and is_ours else f"{reverse(fallback)}{'?' if query else ''}{urlencode(query)}")
