"""Answers as the documentation shows them."""

from typing import Any

from billing.api import agreements, pilots

PREVIEW: dict[str, Any] = {
    "token": ".eJyrVspM...",
    "expires_at": "2026-03-12T09:45:00Z",
    "currency": "usd",
    "seats_before": 10,
    "seats_after": 13,
    "seats_at_renewal": 11,
    "addon": "",
    "addon_after": None,
    "plan": "",
    "proration_at": "2026-03-12T09:30:00Z",
    "lines": [
        {
            "description": "Unused time on 10 x Team after 12 Mar 2026",
            "addon": "",
            "quantity": 10,
            "amount_minor": -9600,
            "starts_at": "2026-03-12T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
            "discount_minor": 0,
        },
        {
            "description": "Remaining time on 13 x Team after 12 Mar 2026",
            "addon": "",
            "quantity": 13,
            "amount_minor": 12480,
            "starts_at": "2026-03-12T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
            "discount_minor": 0,
        },
    ],
    "subtotal_minor": 2880,
    "tax_minor": 0,
    "taxes": [],
    "discount_minor": 0,
    "total_minor": 2880,
    "balance_applied_minor": 0,
    "due_now_minor": 2880,
    "carried_minor": 0,
    "payable_at": None,
    "charged_at": "2026-03-13T09:30:00Z",
    "unbilled_seats": 0,
    "renewal_minor": 17600,
    "between_at": None,
    "between_minor": 0,
    "between_tax_minor": 0,
    "renewal_discount_minor": 0,
    "renewal_tax_minor": 0,
    "discounts": [],
    "renewal_at": "2026-03-30T09:30:00Z",
    "ends_at": None,
    "first_charge": None,
}
CHANGE: dict[str, Any] = {
    "id": "k3m9x2c7w5nq8h4t",
    "external_id": "po-118",
    "kind": "seats",
    "state": "done",
    "seats_before": 10,
    "seats_after": 13,
    "addon": "",
    "addon_after": None,
    "plan": "",
    "due_now_minor": 2880,
    "payable_at": None,
    "charged_at": "2026-03-13T09:30:00Z",
    "currency": "usd",
    "message": "",
    "finish_url": None,
    "created_at": "2026-03-12T09:31:12Z",
    "expires_at": None,
    "concluded_at": "2026-03-12T09:31:13Z",
}
SCHEDULED: dict[str, Any] = {
    "id": "p7d2f6r3v9ya4k8s",
    "external_id": None,
    "kind": "seats",
    "delta": -2,
    "addon": "",
    "addon_after": None,
    "plan": "",
    "effective_at": "2026-03-30T09:30:00Z",
    "state": "pending",
    "reason_code": "",
    "created_at": "2026-03-05T14:02:10Z",
}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1QxExample",
    "external_id": "contract-7",
    "plan": {"line": "fieldnote", "code": "team", "name": "Team"},
    "parts": [],
    "interval": "month",
    "currency": "usd",
    "status": "active",
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "is_being_arranged": False,
    "seats": {"bought": 13, "assigned": 9, "held": 1, "free": 3, "coming": 11},
    "period": {"starts_at": "2026-02-28T09:30:00Z", "ends_at": "2026-03-30T09:30:00Z"},
    "ends_at": None,
    "addons": [
        {
            "code": "blueprints",
            "name": "Blueprints",
            "quantity": 10,
            "follows_seats": True,
            "total_minor": 3000,
            "interval": "month",
            "period_ends_at": None,
        }
    ],
    "trial": None,
    "pause": None,
    "pilot": None,
    "next_charge": {
        "at": "2026-03-30T09:30:00Z",
        "seats": 11,
        "total_minor": 17600,
        "discount_minor": 0,
        "tax_minor": 0,
        "taxes": [],
        "is_before_tax": False,
        "balance_minor": -1200,
        "due_minor": 16400,
    },
    "between_charge": None,
    "discounts": [],
    "balance_minor": -1200,
    "missing_payment": None,
    "pending": None,
    "window": None,
    "scheduled": [SCHEDULED],
    "agreements": [agreements.EXAMPLE],
    "plan_end": None,
}
MEMBERS: dict[str, Any] = {
    "data": [
        {
            "id": 4711,
            "name": "Mia Member",
            "email": "mia@acme.example",
            "external_id": "u-93",
            "role": "member",
            "has_seat": True,
            "joined_at": "2026-01-07T08:00:00Z",
        }
    ],
    "next": None,
}
ENTITLEMENT: dict[str, Any] = {
    "feature": "storage_gb",
    "entitled": True,
    "limit": 250,
    "reason": "included",
    "plan": "fieldnote/team",
    "until": "2026-03-30T09:30:00Z",
    "missing_payment": None,
    "used": None,
    "remaining": None,
    "resets_at": None,
    "version": 41,
}
METERED: dict[str, Any] = ENTITLEMENT | {
    "feature": "reports",
    "limit": 500,
    "used": 118,
    "remaining": 382,
    "resets_at": "2026-03-30T09:30:00Z",
}
USAGE: dict[str, Any] = {
    "feature": "reports",
    "changed": 3,
    "used": 121,
    "limit": 500,
    "remaining": 379,
    "resets_at": "2026-03-30T09:30:00Z",
}
CATALOG: dict[str, Any] = {
    "version": 3,
    "currencies": ["usd", "eur"],
    "lines": [
        {
            "code": "fieldnote",
            "name": "Fieldnote",
            "pitch": "Notes and inspections that survive the field.",
            "plans": [
                {
                    "code": "team",
                    "name": "Team",
                    "pitch": "Several crews that share templates, reports and one picture.",
                    "seats_min": 3,
                    "seats_max": 100,
                    "is_recommended": True,
                    "trial_days": 14,
                    "parts": [],
                    "features": [{"code": "storage_gb", "name": "Photo storage", "limit": 250, "unit": "GB", "resets": None}],
                    "prices": [
                        {
                            "interval": "month",
                            "currency": "usd",
                            "scheme": "volume",
                            "tiers": [{"up_to": 9, "unit_minor": 1800}, {"up_to": None, "unit_minor": 1600}],
                        }
                    ],
                }
            ],
            "addons": [
                {
                    "code": "blueprints",
                    "name": "Blueprints",
                    "pitch": "Plans and drawings on site, marked up by everybody.",
                    "kind": "per_seat",
                    "quantity_min": 1,
                    "quantity_max": 1,
                    "plans": ["team"],
                    "features": [{"code": "storage_gb", "name": "Photo storage", "limit": 5, "unit": "GB", "resets": None}],
                    "prices": [
                        {
                            "interval": "month",
                            "currency": "usd",
                            "scheme": "per_unit",
                            "tiers": [{"up_to": None, "unit_minor": 300}],
                        }
                    ],
                }
            ],
            "pilots": [pilots.OFFER],
        }
    ],
}

# What is given back of a month that ends early.
UNUSED_LINE: dict[str, Any] = {
    "description": "Unused time on 10 x Team after 12 Mar 2026",
    "addon": "",
    "quantity": 10,
    "amount_minor": -9280,
    "starts_at": "2026-03-12T09:30:00Z",
    "ends_at": "2026-03-30T09:30:00Z",
    "discount_minor": 0,
}
