"""What may still be done about a dispute, and the evidence that is put together from what is known."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.rules import disputes

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
KNOWN = {
    "product": "Fieldnote",
    "plan": "Team",
    "seats": 10,
    "customer": "Acme",
    "email": "owner@acme.example",
    "invoice": "FN-0042",
    "amount": "$160.00",
    "charged_on": date(2027, 2, 1),
    "period": (date(2027, 2, 1), date(2027, 2, 28)),
}


@pytest.mark.parametrize(
    ("status", "days", "can", "urgent"),
    [
        ("needs_response", 10, True, False),
        ("needs_response", 2, True, True),
        ("needs_response", 0, False, False),
        ("warning_needs_response", 2, True, True),
        ("under_review", 2, False, False),
        ("lost", 2, False, False),
    ],
)
def test_evidence_goes_once_and_in_time(status, days, can, urgent):
    due_at = NOW + timedelta(days=days)
    assert disputes.can_answer(status, due_at, NOW) is can
    assert disputes.is_urgent(status, due_at, NOW) is urgent
    assert disputes.is_open(status) is (status != "lost")


def test_evidence_says_what_is_known_and_nothing_else():
    found = disputes.compose(disputes.Known(**KNOWN))
    assert set(found) <= set(disputes.FIELDS)
    assert "access_activity_log" not in found
    assert (
        found["product_description"]
        == "Fieldnote, plan Team: an online subscription for 10 people for 2027-02-01 to 2027-02-28."
    )
    more = {"seats_in_use": 8, "last_seen_on": date(2027, 2, 27), "used": {"reports": 40}, "paid_before": 3}
    terms = [("Terms", date(2026, 1, 1), date(2026, 5, 4))]
    full = disputes.compose(disputes.Known(**KNOWN, **more, terms=terms))
    assert "8 of 10 seats" in full["access_activity_log"]
    assert "40 of reports" in full["access_activity_log"]
    assert "accepted on 2026-05-04" in full["refund_policy_disclosure"]
    assert "3 earlier invoices" in full["uncategorized_text"]
