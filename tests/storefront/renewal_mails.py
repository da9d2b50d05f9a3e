"""Contexts of the mails of renewals, prices, cards, expansions, carts and quotes (tests/storefront/test_mails.py)."""

from datetime import UTC, datetime

AT = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
THEN = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)
PLAN = {"organization": "Acme", "plan": "Team", "interval": "month", "currency": "usd", "period_ends_at": THEN}
QUOTE = {
    "organization": "Acme",
    "number": "Q-2027-00042",
    "buyer": "Olive Owner",
    "plan": "Team",
    "interval": "month",
    "seats": 13,
    "is_purchase": False,
    "due_minor": 5180,
    "period_minor": 20800,
    "currency": "usd",
    "valid_on": THEN.date(),
    "open_url": "https://store.example/quotes/approval/x/",
}
APPROVAL = {
    "customer": "Acme",
    "asked_by": "Sue Port",
    "amount_minor": 16000,
    "currency": "usd",
    "row_url": "https://store.example/admin/billing/adjustment/1/change/",
}
CONTEXTS = {
    "seats_expanded": PLAN
    | {
        "seats_before": 10,
        "seats": 13,
        "added": 3,
        "amount_minor": 1585,
        "renewal_minor": 20800,
        "by": "",
        "undo_until": THEN,
        "undo_url": "https://store.example/seats/expansion/abc/undo/",
    },
    "expansion_undone": PLAN | {"seats": 10, "back_minor": 1585, "by": "Olive Owner"},
    "expansion_stopped": PLAN
    | {
        "seats": 13,
        "most": 13,
        "budget_minor": 50000,
        "why": "budget",
        "detail": "",
        "expansion_url": "https://store.example/seats/expansion/?line=fieldnote",
    },
    "approval_asked": APPROVAL | {"note": "T-7"},
    "exceptions_near": {
        "segment": "mid_market",
        "quarter": "2027-Q1",
        "share_bps": 420,
        "ceiling_bps": 500,
        "budget_url": "https://store.example/admin/billing/exceptionbudget/1/change/",
    },
    "approval_decided": APPROVAL | {"by": "Fin Ance", "note": "", "is_approved": True},
    "card_expires": {
        "organization": "Acme",
        "card_brand": "visa",
        "last4": "4242",
        "last_on": THEN.date(),
        "is_over": False,
        "fails": True,
        "charge_at": THEN,
        "amount_minor": 20800,
        "currency": "usd",
        "card_url": "https://store.example/payment-method/card/",
    },
    "cart_reminder": {
        "organization": "Acme",
        "plan": "Team",
        "interval": "month",
        "seats": 10,
        "amount_minor": 16000,
        "currency": "usd",
        "is_trial": False,
        "cart_url": "https://store.example/cart/",
    },
    "payment_days": PLAN
    | {
        "days": 45,
        "days_before": 30,
        "next_at": THEN,
        "open_numbers": ["FN-0043"],
        "pay_url": "https://store.example/payment-method/",
    },
    "terms_end": {
        "organization": "Acme",
        "agreement": {"kind": "discount", "value": {"percent_bps": 1000}},
        "last_on": THEN.date(),
        "plan": "Team",
        "interval": "month",
        "now_minor": 14400,
        "then_minor": 16000,
        "currency": "usd",
        "charge_at": THEN,
        "plan_url": "https://store.example/subscription/plan/?line=fieldnote",
    },
    "sunset": PLAN
    | {
        "seats": 13,
        "renews_at": THEN,
        "answer_by": AT,
        "is_end": True,
        "is_last": True,
        "now_minor": 20800,
        "successor": "Business",
        "then_minor": 33800,
        "choose_url": "https://store.example/subscription/sunset/?line=fieldnote",
    },
    "sunset_off": PLAN | {"has_chosen": True},
    "quote_to_approve": QUOTE | {"is_buyer": False},
    "quote_lapses": QUOTE | {"is_buyer": True},
    "quote_overtaken": QUOTE | {"overtaken": {"why": "changed", "plan": "Team", "seats": 12, "interval": "month"}},
    "quote_accepted": QUOTE
    | {"approver": "Frida Finance", "way": "card", "how": "card", "amount_minor": 5180, "quote_url": QUOTE["open_url"]},
    "quote_done": QUOTE | {"how": "invoice", "amount_minor": 5180, "refusal": ""},
    "quote_failed": QUOTE
    | {"how": "card", "amount_minor": 5180, "refusal": "", "is_buyer": True, "is_left": True, "approver": "Frida Finance"},
    "price_moves": PLAN
    | {
        "seats": 13,
        "renews_at": THEN,
        "now_minor": 20800,
        "then_minor": 23400,
        "is_end": True,
        "answer_by": AT,
        "renewal_url": "https://store.example/subscription/renewal/?line=fieldnote",
        "plans_url": "https://store.example/subscription/plan/?line=fieldnote",
    },
    "renewal": PLAN
    | {
        "interval": "year",
        "is_last": True,
        "renews_at": THEN,
        "through_at": THEN,
        "plan_now": "",
        "interval_now": "month",
        "seats": 50,
        "seats_now": 52,
        "amount_minor": 80000,
        "is_before_tax": False,
        "discount_minor": 0,
        "ending": {"name": {"en": "Welcome", "de": "Willkommen"}, "code": "WELCOME20"},
        "card": "4242",
        "used": {"active": 38, "days": 28},
        "advice": {"seats": 40, "amount_minor": 64000},
        "before": {"sent_at": AT, "amount_minor": 83200, "seats": 52},
        "renewal_url": "https://store.example/subscription/renewal/?line=fieldnote",
    },
}
ON_INVOICE = {
    "organization": "Acme",
    "number": "FN-0043",
    "purchase_order": "PO-7",
    "amount_minor": 20800,
    "currency": "usd",
    "issued_at": AT,
    "due_at": THEN,
    "account": {"kind": "aba", "account_holder_name": "Acme", "account_number": "000123456789", "routing_number": "000000000"},
    "pay_url": "https://store.example/open-invoices/x/",
}
DISPUTE = {
    "organization": "Acme",
    "number": "FN-0043",
    "amount_minor": 16000,
    "currency": "usd",
    "reason": "fraudulent",
    "opened_at": AT,
    "invoices_url": "https://store.example/invoices/",
}
SAID_BY = {
    ("seats_added", "debit"): "Being debited, for the rest of this period",
    ("discount_ends", "debit"): "First debited in full on 22 Mar",
    ("discount_ends", "invoice"): "First invoiced in full on 22 Mar",
    ("addon_added", "debit"): "$38.00 are debited, on 22 Mar",
    ("addon_added", "invoice"): "$38.00 are invoiced, on 22 Mar",
    ("cancellation", "debit"): "Nothing more is debited.",
    ("cancellation", "invoice"): "No more invoices come.",
    ("window_opened", "debit"): "Nothing is debited today",
    ("window_billed", "debit"): "is being debited for the rest of this period",
    ("payment_failed", "debit"): "Invoice FN-0043 could not be debited. Everybody keeps working.",
    ("payment_missing", "debit"): "Pay now or change what pays",
    ("ended", "debit"): "could not be debited and is still open",
    ("given_back", "debit"): "To your bank account",
    ("given_back", "card"): "To your card",
    ("cancellation", ""): "Nothing more is charged.",  # written before mails said how
}
IBAN = {"kind": "iban", "iban": "DE00SAND00012345678900", "bic": "SANDIE2D"}
MISSING = {
    "organization": "Acme",
    "plan": "Team",
    "step": "second",
    "number": "FN-0043",
    "invoices": [{"number": "FN-0043", "amount_minor": 20800, "due_at": None}],
    "amount_minor": 20800,
    "currency": "usd",
    "next_attempt_at": THEN,
    "failed_at": AT,
    "is_read_only": True,
    "read_only_at": THEN,
    "off_at": THEN,
    "is_cancelled_then": True,
    "pay_url": "https://store.example/missing-payments/x/",
}
