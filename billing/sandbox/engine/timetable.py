"""Which verb each due thing is."""

from billing.sandbox.engine import changes, checkout_ends, clearing, discounts, disputes, phases, renewals, resuming, tax_ids
from billing.sandbox.transactions import Transaction

VERBS = {
    "pending_update_expires": changes.expire_pending,
    "tax_id_checked": tax_ids.check,
    "dispute_runs_out": disputes.run_out,
    "bank_answers": clearing.answer,
    "discounts_end": discounts.end_of_subscription,
    "customer_discount_ends": discounts.end_of_customer,
    "checkout_expires": checkout_ends.expire_due,
    "incomplete_expires": renewals.expire_incomplete,
    "trial_notice": renewals.notice_trial,
    "subscription_cancels": renewals.cancel_due,
    "phase_changes": phases.move_on,
    "trial_ends": renewals.end_trial,
    "subscription_renews": renewals.renew,
    "resumption_expires": resuming.expire,
    "invoice_finalizes": renewals.finalize_due,
    "payment_retries": renewals.retry,
    "invoice_will_be_due": renewals.notice_due,
    "invoice_overdue": renewals.overdue,
}


def perform(tx: Transaction, kind: str, identity: str, what: str) -> None:
    """Do what has come due for an object. (`kind` names its type; the verbs know it.)"""
    VERBS[what](tx, identity)
