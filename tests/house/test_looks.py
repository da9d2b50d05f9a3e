"""Every address of the store is looked at in a browser (tests/journeys), or is said here to be no page that anybody sees."""

from django.urls import get_resolver

from tests.house import asking
from tests.journeys import test_every_page, test_every_state

# What answers with something else than a page, or with a page only where the settings have it.
ACTS = {
    *("join_requests", "join_withdrawal", "seat_asks", "address_checks", "joining_choice", "contact_sends"),
    *("factor_offer", "organization_switch", "api_key_rotation", "team_invitations", "invitation_sends", "member_role"),
    *("collection", "seat_changes", "scheduled_change", "seat_assignments", "trial_extension", "checkout", "tax_ids"),
    *("talk_talking", "talk_call"),
    *("visits", "visit_choice"),
    *("mail_events", "contact_removal", "tax_id_removal", "return"),
    *("webhook_rotation", "webhook_standing", "webhook_pings", "webhook_replays"),
}
ELSEWHERE = {
    "invoice_hosted",
    "invoice_pdf",
    "credit_note_pdf",
    "contact_invoice",
    "open_invoice",
    "seat_change_payment",
    "payment_card",
    "mandate",
}
DOCUMENTS = {"quote_pdf", "quote_approval_pdf"}
PARTS = {"header", "seat_preview", "talk_progress"}
FILES = {"invoices_file", "call_file"}
NEVER_LOOKED_AT = {f"storefront:{name}" for name in ACTS | ELSEWHERE | DOCUMENTS | PARTS | FILES} | {
    *("brand_css", "manifest", "language", "set_language", "stripe_webhook", "api_schema", "viewing_end"),
    *("mailbox_html",),  # a mail as it was sent: tests/storefront/test_mails.py
    *("mfa_download_recovery_codes", "mfa_login_webauthn"),
    "api_docs",  # Swagger UI's page, of which the store's is the frame alone
    *("google_login", "google_callback", "microsoft_login", "microsoft_callback"),
    "socialaccount_signup",  # for whom Google or Microsoft has just sent: tests/accounts/test_social.py
    *(
        f"offramps:{name}"
        for name in (
            "credit_file",
            "desk_queue",
            "desk_presence",
            "desk_test",
            "case_close",
            "case_note",
            "case_taking",
            "case_step",
            "case_return",
            "deal_act",
            "deal_decide",
            "board_reassign",
            "board_pool",
            "call_accept",
            "call_decline",
            "call_talking",
        )
    ),
    "mfa_reauthenticate_webauthn",  # a device is asked: tests/journeys/test_passkeys.py
}


def test_every_page_is_looked_at():
    everything = {name for name in asking.names(get_resolver()) if not name.startswith(("admin:", "v1:", "ofrep:"))}
    looked_at = test_every_page.LISTED | test_every_state.LISTED
    missing = everything - looked_at - NEVER_LOOKED_AT
    assert not missing, f"Look at {sorted(missing)} in tests/journeys/test_every_page.py or test_every_state.py"
    assert looked_at | NEVER_LOOKED_AT <= everything, "nothing that has gone stays listed"
