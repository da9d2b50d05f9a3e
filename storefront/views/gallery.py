"""Every component in every state on one page: the demo's own style guide, and what its screenshots are taken of."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config import clock


class SampleForm(forms.Form):
    """One field of each kind; bound with `BAD` it shows each one's error."""

    name = forms.CharField(label="Company name", help_text="As it stands on your invoices.")
    website = forms.CharField(label="Domain", required=False)
    budget = forms.IntegerField(label="Monthly budget", min_value=0, required=False)
    people = forms.ChoiceField(label="People in the company", choices=[("1", "1 to 9"), ("10", "10 to 49"), ("50", "50 to 99")])
    reason = forms.CharField(label="What is it about?", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    way = forms.ChoiceField(
        label="How shall we answer?", choices=[("p", "By phone"), ("m", "By mail")], widget=forms.RadioSelect
    )
    terms = forms.BooleanField(label="We accept the terms of 1 March", help_text="You can read them before and after.")


BAD = {"name": "", "budget": "-4", "people": "7", "way": "", "website": "acme.example"}


def _plans() -> list[dict[str, Any]]:
    shared = {"currency": "USD", "unit": "a seat, each month", "action_name": "plan"}
    return [
        shared
        | {
            "name": "Team",
            "pitch": "For crews that write things down.",
            "seat_minor": 1200,
            "total_minor": 172800,
            "total_text": "a year for 12 seats",
            "features": ["Unlimited notes", "10 inspection forms", "Offline on two devices"],
            "action_label": "Choose Team",
            "action_value": "team",
        },
        shared
        | {
            "name": "Business",
            "pitch": "For firms with more than one site.",
            "seat_minor": 1950,
            "total_minor": 280800,
            "total_text": "a year for 12 seats",
            "saving_text": "You save $360 a year from seat 10 on",
            "features": ["Everything in Team", "Unlimited forms", "Single sign-on", "Audit trail for 12 months"],
            "recommended": True,
            "action_label": "Choose Business",
            "action_value": "business",
        },
        shared
        | {
            "name": "Scale",
            "pitch": "For regulated work.",
            "seat_minor": 3100,
            "total_minor": 446400,
            "total_text": "a year for 12 seats",
            "features": ["Everything in Business", "Data in your region", "Answer within 2 hours"],
            "current": True,
            "action_label": "Your plan",
            "action_value": "scale",
        },
    ]


def _comparison() -> dict[str, Any]:
    plans = ["Team", "Business", "Scale"]
    rows: list[tuple[str, str, list[str | bool]]] = [
        ("Inspection forms", "Templates your teams fill in", ["10", "Unlimited", "Unlimited"]),
        ("Single sign-on", "", [False, True, True]),
        ("Audit trail", "", [False, "12 months", "7 years"]),
    ]
    return {
        "caption": "What each plan holds",
        "plans": plans,
        "groups": [
            {
                "name": "Work and safety",
                "rows": [
                    {"name": name, "hint": hint, "cells": [{"plan": p, "value": v} for p, v in zip(plans, values, strict=True)]}
                    for name, hint, values in rows
                ],
            }
        ],
    }


def _receipt() -> dict[str, Any]:
    now = clock.now()
    return {
        "title": "3 more seats, from today",
        "on": now,
        "currency": "USD",
        "lines": [
            {"label": "3 seats for the 19 days left", "note": "3 at $19.50, 19 of 31 days", "amount_minor": 3585},
            {"label": "Tier price from seat 10", "note": "12 seats move to $18.00 each", "amount_minor": -1103},
        ],
        "subtotal_minor": 2482,
        "taxes": [{"label": "VAT 19%", "amount_minor": 472}],
        "balance_minor": -500,
        "total_minor": 2454,
        "next_minor": 23400,
        "next_on": now + timedelta(days=19),
    }


def _events() -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {"on": now - timedelta(days=12), "title": "10 seats bought", "kind": "past", "amount_minor": 19500, "currency": "USD"},
        {
            "on": now,
            "title": "3 seats more",
            "detail": "13 seats from now on.",
            "kind": "now",
            "amount_minor": 2454,
            "currency": "USD",
        },
        {
            "on": now + timedelta(days=5),
            "title": "The card on file expires",
            "detail": "The charge after that will fail unless you change it.",
            "kind": "warn",
        },
        {
            "on": now + timedelta(days=19),
            "title": "Renewal with 11 seats",
            "detail": "2 seats fewer, as you set on 3 March.",
            "amount_minor": 21450,
            "currency": "USD",
            "undo_url": "#",
            "undo_label": "Keep 13 seats",
        },
    ]


def _rows() -> list[list[dict[str, Any]]]:
    invoices = [("FN-0042", "3 March", "$24.54"), ("FN-0041", "1 March", "$195.00"), ("FN-0040", "1 February", "$195.00")]
    return [
        [{"value": n}, {"label": "Date", "value": d}, {"label": "Amount", "value": a, "numeric": True}] for n, d, a in invoices
    ]


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """GET /demo/components/, in the demo only."""
    if not settings.DEMO:
        raise Http404
    months = ["October", "November", "December", "January", "February", "March"]
    context = {
        "form": SampleForm(),
        "bad_form": SampleForm(BAD),
        "plans": _plans(),
        "comparison": _comparison(),
        "receipt": _receipt(),
        "stale": _receipt() | {"stale": True, "next_text": "The renewal is charged on 1 April."},
        "events": _events(),
        "columns": [{"label": "Invoice"}, {"label": "Date"}, {"label": "Amount", "numeric": True}],
        "rows": _rows(),
        "points": list(zip(months, [4, 6, 6, 9, 8, 12], strict=True)),
        "until": clock.now() + timedelta(seconds=74),
        "intervals": [{"value": "month", "label": _("Monthly")}, {"value": "year", "label": _("Yearly"), "note": "save 17%"}],
        "currencies": [
            {"url": "#usd", "label": "USD", "current": True},
            {"url": "#eur", "label": "EUR"},
            {"url": "#gbp", "label": "GBP"},
        ],
        "reasons": [
            {"value": "a", "label": "More than 200 seats"},
            {"value": "b", "label": "A security review"},
            {"value": "c", "label": "A purchase order"},
        ],
        "stops": [10, 50],
        "menu": [
            {"label": "Make billing admin", "url": "#", "icon": "key"},
            {"label": "Remove from team", "action": "#", "icon": "trash"},
        ],
        "facts": [{"label": "Plan", "value": "Business, yearly"}, {"label": "Paid by", "value": "Visa ending in 4242"}],
        "steps": ["Plan", "Account", "Company", "Payment"],
        "icons": sorted(path.stem for path in (settings.ROOT / "static" / "img" / "icons").glob("*.svg")),
    }
    return render(request, "components/gallery.html", context)
