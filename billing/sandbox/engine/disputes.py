"""Disputed charges, as Stripe's test mode plays them (docs.stripe.com/testing, Disputes; /api/disputes).

A card that disputes does so once its charge has succeeded. Evidence that is submitted with the words `winning_evidence` or
`losing_evidence` in `uncategorized_text` decides it at once; any other is under review until the sandbox is told otherwise.
What nobody answered is lost when its day has passed. The days are the sandbox's own: banks give seven to 21.
"""

from typing import Final

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import cards, payment_methods, periods
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

DAYS_TO_ANSWER: Final = 14
WINNING, LOSING = "winning_evidence", "losing_evidence"
OPEN: Final = frozenset({"needs_response", "warning_needs_response"})
REVIEWED: Final = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
NETWORK_CODES: Final = {"fraudulent": "10.4", "product_not_received": "13.1"}


def after_charge(tx: Transaction, charge: Obj, method: Obj) -> None:
    """Dispute a charge whose card is one that does."""
    card = payment_methods.card_of(method)
    if card.dispute and not tx.preview:
        open_one(tx, charge, card)


def open_one(tx: Transaction, charge: Obj, card: cards.Card) -> Obj:
    status = "warning_needs_response" if card.is_inquiry else "needs_response"
    made = tx.new(
        "dispute",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        is_charge_refundable=card.is_inquiry,
        metadata={},
        network_reason_code=NETWORK_CODES.get(card.dispute),
        payment_intent=charge["payment_intent"],
        reason=card.dispute,
        status=status,
        _customer=charge["customer"],
    )
    made["_clock"] = (tx.get("customer", charge["customer"]) or {}).get("test_clock")
    made["evidence"]["enhanced_evidence"] = made["evidence_details"]["enhanced_eligibility"] = {}
    made["evidence_details"]["submission_method"] = "not_submitted"
    made["evidence_details"]["due_by"] = tx.now + DAYS_TO_ANSWER * periods.DAY
    made["payment_method_details"] = {
        "type": "card",
        "card": {
            "brand": charge["payment_method_details"]["card"]["brand"],
            "case_type": "inquiry" if card.is_inquiry else "chargeback",
            "network": charge["payment_method_details"]["card"]["brand"],
            "network_reason_code": NETWORK_CODES.get(card.dispute),
        },
    }
    tx.add(made)
    if not card.is_inquiry:
        tx.edit("charge", charge["id"])["disputed"] = True
    tx.emit("charge.dispute.created", made)
    if not card.is_inquiry:
        tx.emit("charge.dispute.funds_withdrawn", made)
    return made


def debit_lost(tx: Transaction, charge: Obj) -> Obj:
    """A debit was taken back at the bank: that is final, and nobody is asked for evidence (SEPA: without any question)."""
    made = tx.new(
        "dispute",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        is_charge_refundable=False,
        metadata={},
        network_reason_code=None,
        payment_intent=charge["payment_intent"],
        reason="debit_not_authorized",
        status="lost",
        _customer=charge["customer"],
    )
    made["evidence"]["enhanced_evidence"] = made["evidence_details"]["enhanced_eligibility"] = {}
    made["evidence_details"]["submission_method"] = "not_submitted"
    made["evidence_details"]["due_by"] = None
    made["payment_method_details"] = None
    tx.add(made)
    tx.edit("charge", charge["id"])["disputed"] = True
    for event in ("created", "funds_withdrawn", "closed"):
        tx.emit(f"charge.dispute.{event}", made)
    return made


def retrieve(call: Call) -> Obj:
    return call.tx.need("dispute", call.ids["id"])


def list_all(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("charge", "created", "payment_intent")}
    return paging.listing(call.tx, "dispute", call.params, call.url, where=where)


def update(call: Call) -> Obj:
    """Evidence is kept, and sent to the bank unless `submit` is false."""
    tx, params = call.tx, call.params
    dispute = tx.edit("dispute", call.ids["id"])
    tx.follow(dispute["_customer"])
    if dispute["status"] not in OPEN and "evidence" in params:
        raise errors.invalid("This dispute is already under review or closed; its evidence can't be changed.")
    assign(dispute, params)
    if "evidence" in params:
        dispute["evidence"] = {**dispute["evidence"], **params["evidence"]}
    details = {**dispute["evidence_details"], "has_evidence": any(dispute["evidence"].values())}
    dispute["evidence_details"] = details
    if "evidence" in params and params.get("submit", True):
        details["submission_count"] += 1
        details["submission_method"] = "manual"
        dispute["status"] = REVIEWED[dispute["status"]]
        tx.emit("charge.dispute.updated", dispute)
        _decide_by_words(tx, dispute)
    elif "evidence" in params:
        tx.emit("charge.dispute.updated", dispute)
    return dispute


def _decide_by_words(tx: Transaction, dispute: Obj) -> None:
    text = str(dispute["evidence"].get("uncategorized_text") or "")
    if WINNING in text:
        decide(tx, dispute["id"], won=True)
    elif LOSING in text:
        decide(tx, dispute["id"], won=False)


def close(call: Call) -> Obj:
    """The vendor accepts it as lost."""
    dispute = call.tx.edit("dispute", call.ids["id"])
    call.tx.follow(dispute["_customer"])
    if dispute["status"] not in OPEN:
        raise errors.invalid("This dispute is already closed.")
    decide(call.tx, dispute["id"], won=False)
    return call.tx.need("dispute", dispute["id"])


def run_out(tx: Transaction, identity: str) -> None:
    """Nobody answered in time."""
    tx.edit("dispute", identity)["evidence_details"]["past_due"] = True
    decide(tx, identity, won=False)


def decide(tx: Transaction, identity: str, *, won: bool) -> None:
    """The bank's word. An inquiry is only closed: no money had moved."""
    dispute = tx.edit("dispute", identity)
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if is_inquiry else "won" if won else "lost"
    if won and not is_inquiry:
        tx.emit("charge.dispute.funds_reinstated", dispute)
    tx.emit("charge.dispute.closed", dispute)
