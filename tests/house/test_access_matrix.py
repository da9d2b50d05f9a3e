"""Who may reach which address: every URL of the resolver, every role, and nothing changed where somebody is turned away.

One letter a role, in the order of ROLES:

    .  let in (the view answers, whatever it then says of the request's form)
    L  sent to sign in      N  asked to make an organization first
    1  401      3  403      4  not found, as if it did not exist

A URL that is in no table here fails the last tests: whoever adds one says who may reach it.
The admin has a table of its own: test_admin_access.py.
"""

import pytest
from django.db import transaction
from django.urls import get_resolver, reverse

from tests import factories
from tests.house.asking import ROLES, askers, check, holding, names, written

PUBLIC = ".........."
SIGNED_IN = "L......LLL"
BILLING = "LN.3..NLLL"
BILLING_OBJECT = "LN43..NLLL"
OWNER = "LN.33.NLLL"
OWNER_OBJECT = "LN433.NLLL"
EVERY_MEMBER = "LN....NLLL"
KEY = "1111111..."
KEY_OBJECT = "1111111.4."
VENDOR_KEY = "111111133."

# URL name: methods, and a letter for each role. `!` after a method: those let in are not tried (it would ask Stripe).
PAGES = {
    "storefront:home": ("GET", ".N........"),  # visitors go on to the pricing page, staff to the admin
    "storefront:pricing": ("GET", PUBLIC),
    "storefront:header": ("GET", PUBLIC),
    "storefront:visits": ("POST", PUBLIC),
    "storefront:visit_choice": ("POST", PUBLIC),
    "storefront:cart": ("GET POST", PUBLIC),
    "storefront:cart_new": ("GET", PUBLIC),
    "storefront:talk": ("GET POST", PUBLIC),
    "storefront:talk_raised": ("GET", "4444444444"),  # the id is the key; this one was never given out
    "storefront:talk_progress": ("GET", "4444444444"),
    "storefront:talk_talking": ("POST", "4444444444"),
    "storefront:talk_call": ("GET", "4444444444"),
    **{f"storefront:{name}": ("GET POST", "4444444444") for name in ("call", "call_cancellation")},  # the token is the key
    "storefront:call_file": ("GET", "4444444444"),
    # The desk is for reps, who are in no role of this table (tests/offramps/test_desk.py): to everybody else it does not exist.
    "offramps:desk": ("GET", "L444444LLL"),
    "offramps:desk_queue": ("GET", "L444444LLL"),
    "offramps:desk_presence": ("POST", "L444444LLL"),
    "offramps:desk_test": ("POST", "L444444LLL"),
    "offramps:call_accept": ("POST", "L444444LLL"),
    "offramps:call_decline": ("POST", "L444444LLL"),
    "offramps:call_talking": ("POST", "L444444LLL"),
    "offramps:case": ("GET", "L444444LLL"),
    "offramps:case_close": ("POST", "L444444LLL"),
    "offramps:case_note": ("POST", "L444444LLL"),
    "offramps:case_taking": ("POST", "L444444LLL"),
    "offramps:case_step": ("POST", "L444444LLL"),
    "offramps:case_return": ("POST", "L444444LLL"),
    "offramps:deal_build": ("GET POST", "L444444LLL"),
    "offramps:deal_customers": ("GET POST", "L444444LLL"),
    "offramps:deal": ("GET", "L444444LLL"),
    "offramps:deal_act": ("POST", "L444444LLL"),
    "offramps:deal_decide": ("POST", "L444444LLL"),
    "offramps:approvals": ("GET", "L444444LLL"),
    "offramps:budgets": ("GET", "L444444LLL"),
    "offramps:board": ("GET", "L444444LLL"),
    "offramps:credit": ("GET", "L444444LLL"),
    "offramps:credit_file": ("GET", "L444444LLL"),
    "offramps:board_reassign": ("POST", "L444444LLL"),
    "offramps:board_pool": ("POST", "L444444LLL"),
    "storefront:components": ("GET", "4444444444"),  # the demo only
    "storefront:sandbox_bar": ("GET! POST!", SIGNED_IN),
    "storefront:legal": ("GET", PUBLIC),
    "storefront:organization_new": ("GET POST", SIGNED_IN),
    "storefront:join_requests": ("POST", "L444444LLL"),  # one must name an organization that was offered
    "storefront:join_withdrawal": ("POST", "L444444LLL"),  # one's own; this one is of somebody else
    "storefront:join_request": ("GET POST", "L444..4LLL"),
    "storefront:seat_asks": ("POST", EVERY_MEMBER),
    "storefront:seat_request": ("GET POST", "L444..4LLL"),
    "storefront:mail_preferences": ("GET POST", SIGNED_IN),
    "storefront:address_checks": ("POST", SIGNED_IN),
    "storefront:mail_stop": ("GET POST", PUBLIC),  # the token is the key; whose it is, tests/accounts/test_mail_choices.py says
    "storefront:address_check": ("GET POST", "4444444444"),  # this one was never given out
    "storefront:mail_events": ("POST", "4444444444"),  # without a secret in the settings
    "storefront:people_settings": ("GET POST", OWNER),
    "storefront:joining_choice": ("POST", OWNER),
    "storefront:contact_sends": ("POST", OWNER_OBJECT),
    "storefront:contact_removal": ("POST", OWNER_OBJECT),
    "storefront:billing_contact": ("GET POST", PUBLIC),  # the token is the key
    "storefront:contact_invoice": ("GET", "4444444444"),  # this one was never given out
    "storefront:missing_payment": ("GET POST", "4444444444"),  # nor was this
    "storefront:open_invoice": ("GET", "4444444444"),  # nor this
    "storefront:checkout_invoice": ("GET POST", BILLING),
    "storefront:collection": ("POST", BILLING),
    "storefront:invoice_correction": ("GET POST", BILLING_OBJECT),
    "storefront:organization_switch": ("POST", "L444444LLL"),  # one must name an organization one is in
    "storefront:organization_settings": ("GET POST", OWNER),
    "storefront:organization_closure": ("GET POST", OWNER),
    "storefront:factor_offer": ("POST", OWNER),
    "storefront:account_deletion": ("GET POST", SIGNED_IN),
    "storefront:api_keys": ("GET POST", OWNER),
    "storefront:api_key_rotation": ("POST", OWNER_OBJECT),
    "storefront:api_key_revocation": ("GET POST", OWNER_OBJECT),
    "storefront:webhooks": ("GET POST", BILLING),
    "storefront:webhook": ("GET POST", BILLING_OBJECT),
    "storefront:webhook_rotation": ("POST", BILLING_OBJECT),
    "storefront:webhook_standing": ("POST", BILLING_OBJECT),
    "storefront:webhook_pings": ("POST", BILLING_OBJECT),
    "storefront:webhook_replays": ("POST", BILLING_OBJECT),
    "storefront:webhook_delivery": ("GET POST", BILLING_OBJECT),
    "storefront:webhook_deletion": ("GET POST", BILLING_OBJECT),
    "storefront:team": ("GET", BILLING),
    "storefront:team_invitations": ("POST", BILLING),
    "storefront:invitation_sends": ("POST", BILLING_OBJECT),
    "storefront:invitation_revocation": ("GET POST", BILLING_OBJECT),
    "storefront:member_role": ("POST", OWNER_OBJECT),
    "storefront:member_removal": ("GET POST", BILLING_OBJECT),
    "storefront:team_leaving": ("GET POST", EVERY_MEMBER),
    "storefront:ownership": ("GET POST", OWNER),
    "storefront:invitation": ("GET", PUBLIC),  # whoever has the link may look; joining is tried in tests/accounts
    # Good once, for whoever has the link: here one that never was, the rest in tests/storefront/test_entry.py.
    "storefront:entry": ("GET!", PUBLIC),
    "storefront:checkout": ("GET POST!", BILLING),
    "storefront:checkout_attempt": ("GET!", BILLING_OBJECT),
    "storefront:seats": ("GET", BILLING),
    "storefront:seat_preview": ("GET!", BILLING),
    "storefront:seat_changes": ("POST!", BILLING),
    "storefront:seat_change": ("GET POST!", BILLING_OBJECT),
    "storefront:seat_change_payment": ("GET!", BILLING_OBJECT),
    "storefront:scheduled_change": ("POST!", BILLING_OBJECT),
    "storefront:seat_assignments": ("POST!", BILLING),
    "storefront:cancellation": ("GET POST!", BILLING),
    "storefront:pause": ("GET! POST!", BILLING),
    "storefront:return": ("POST!", BILLING),
    "storefront:ending": ("GET! POST!", BILLING),
    "storefront:addon": ("GET POST!", BILLING),
    "storefront:plan": ("GET POST!", BILLING),
    "storefront:expansion": ("GET POST!", BILLING),  # setting it is for owners: tests/billing/test_expansions.py
    "storefront:expansion_undo": ("GET! POST!", BILLING_OBJECT),
    "storefront:renewal": ("GET POST", BILLING),
    "storefront:sunset": ("GET POST", BILLING),
    "storefront:promotion": ("GET POST!", BILLING),
    "storefront:invoices": ("GET", BILLING),
    "storefront:invoices_file": ("GET", BILLING),
    "storefront:invoice_hosted": ("GET!", BILLING_OBJECT),
    "storefront:invoice_pdf": ("GET!", BILLING_OBJECT),
    "storefront:credit_notes": ("GET", BILLING_OBJECT),
    "storefront:credit_note_pdf": ("GET!", BILLING_OBJECT),
    "storefront:quotes": ("GET POST!", BILLING),
    "storefront:quote": ("GET POST!", BILLING_OBJECT),
    "storefront:quote_pdf": ("GET", BILLING_OBJECT),
    "storefront:quote_approval": ("GET POST", "4444444444"),  # the token is the key; this one was never given out
    "storefront:quote_approval_pdf": ("GET", "4444444444"),
    "storefront:billing_details": ("GET POST", BILLING),
    "storefront:tax_ids": ("POST", BILLING),
    "storefront:tax_id_removal": ("POST!", BILLING_OBJECT),
    "storefront:payment_method": ("GET! POST!", BILLING),
    "storefront:payment_card": ("GET!", BILLING),
    "storefront:mandate": ("GET!", BILLING),
    "storefront:trial_extension": ("POST!", BILLING),
    "storefront:resumption": ("GET! POST!", BILLING),
    "storefront:pilot_conversion": ("GET! POST!", BILLING),
    "brand_css": ("GET", PUBLIC),
    "manifest": ("GET", PUBLIC),
    "language": ("GET", PUBLIC),
    "set_language": ("POST", PUBLIC),
    "mailbox": ("GET", "4444444444"),  # the demo only
    "mailbox_mail": ("GET", "4444444444"),
    "mailbox_html": ("GET", "4444444444"),
    "account_login": ("GET POST", PUBLIC),
    "account_logout": ("GET POST", PUBLIC),
    "account_inactive": ("GET", PUBLIC),
    "account_signup": ("GET POST", PUBLIC),
    "account_reauthenticate": ("GET POST", "L333333LLL"),  # the cast has no password to ask for again
    "account_email": ("GET POST", SIGNED_IN),
    "account_email_verification_sent": ("GET POST", "L......LLL"),
    "account_change_password": ("GET POST", SIGNED_IN),
    "account_set_password": ("GET POST", SIGNED_IN),
    "account_reset_password": ("GET POST", PUBLIC),
    "account_confirm_login_code": ("GET POST", "L......LLL"),
    "account_reset_password_done": ("GET", PUBLIC),
    "account_reset_password_from_key": ("GET", PUBLIC),
    "account_reset_password_from_key_done": ("GET", PUBLIC),
    "account_request_login_code": ("GET POST", PUBLIC),
    # The steps of signing in, for whoever has come to them; the cast has no second factor.
    "mfa_authenticate": ("GET POST", "L......LLL"),
    "mfa_trust": ("GET POST", "L......LLL"),
    "mfa_login_webauthn": ("GET POST", "L......LLL"),  # a form without a passkey is shown the way back
    "mfa_index": ("GET", SIGNED_IN),
    "mfa_activate_totp": ("GET POST", SIGNED_IN),
    "mfa_deactivate_totp": ("GET POST", "L444444LLL"),
    "mfa_add_webauthn": ("GET POST", SIGNED_IN),
    "mfa_list_webauthn": ("GET", SIGNED_IN),
    "mfa_edit_webauthn": ("GET POST", "L444444LLL"),
    "mfa_remove_webauthn": ("GET POST", "L444444LLL"),
    "mfa_generate_recovery_codes": ("GET POST", SIGNED_IN),
    "mfa_view_recovery_codes": ("GET", "L444444LLL"),
    "mfa_download_recovery_codes": ("GET", "L444444LLL"),
    "mfa_reauthenticate": ("GET POST", "L333333LLL"),
    "mfa_reauthenticate_webauthn": ("GET POST", "L333333LLL"),
    "usersessions_list": ("GET POST", SIGNED_IN),
    # Without an application registered with them nobody goes to Google or Microsoft.
    "google_login": ("GET POST", "4444444444"),
    "google_callback": ("GET", "4444444444"),
    "microsoft_login": ("GET POST", "4444444444"),
    "microsoft_callback": ("GET", "4444444444"),
    "socialaccount_connections": ("GET POST", SIGNED_IN),
    "socialaccount_login_cancelled": ("GET", PUBLIC),
    "socialaccount_login_error": ("GET", "1111111111"),  # says that somebody else did not vouch
    "socialaccount_signup": ("GET POST", "LLLLLLLLLL"),  # for whom a provider has just sent
    "viewing": ("GET", "4444444444"),  # for staff who look as a customer: tests/accounts/test_viewing.py
    "viewing_end": ("POST", "4444444444"),
    "recovery_objection": ("GET POST", "4444444444"),  # the token is the key; this one was never given out
    "stripe_webhook": ("POST!", PUBLIC),  # the signature decides; tests/billing
    "api_schema": ("GET", PUBLIC),
    "api_docs": ("GET", PUBLIC),
    "v1:catalog": ("GET", KEY),
    "v1:organizations": ("GET", KEY),
    "v1:organization": ("GET PATCH!", KEY_OBJECT),
    "v1:closure": ("GET! POST!", VENDOR_KEY),
    "v1:ownership_transfers": ("POST!", VENDOR_KEY),
    "v1:join_requests": ("GET", KEY),
    "v1:join_request": ("GET PATCH!", KEY_OBJECT),
    "v1:join_decisions": ("POST!", KEY),  # without an Idempotency-Key nobody is told whether it is there
    "v1:seat_requests": ("GET", KEY),
    "v1:seat_request": ("GET PATCH!", KEY_OBJECT),
    "v1:seat_decisions": ("POST!", KEY),
    "v1:members": ("GET", KEY),
    "v1:member": ("GET PATCH! DELETE!", KEY_OBJECT),
    "v1:invitations": ("GET POST!", KEY),
    "v1:invitation": ("GET DELETE!", KEY_OBJECT),
    "v1:invitation_sends": ("POST!", KEY),  # without an Idempotency-Key nobody is told whether it is there
    "v1:seats": ("GET POST!", KEY),
    "v1:seat": ("DELETE!", "1111111444"),  # acme's member has none
    "v1:subscription": ("GET", "1111111.4."),  # the stranger's organization has none
    "v1:seat_expansion": ("GET PATCH", "1111111.4."),
    "v1:collection": ("GET PATCH!", KEY),
    "v1:sunset": ("GET", "1111111444"),  # acme's plan goes on
    "v1:sunset_choices": ("POST!", KEY),
    "v1:agreements": ("GET", KEY),
    "v1:agreement": ("GET", KEY_OBJECT),
    "v1:renewal": ("GET", "1111111.4."),  # as with the subscription
    "v1:subscriptions": ("GET", KEY),
    "v1:one_subscription": ("GET PATCH!", KEY_OBJECT),
    "v1:discount_preview": ("POST!", KEY),
    "v1:discounts": ("POST!", KEY),
    "v1:pilot_conversion_preview": ("POST!", KEY),
    "v1:pilot_conversions": ("POST!", KEY),
    "v1:trial_extensions": ("POST!", KEY),
    "v1:trial_resumption_preview": ("POST!", KEY),
    "v1:trial_resumptions": ("POST!", KEY),
    "v1:trial_endings": ("POST!", KEY),
    "v1:payment_method": ("GET", KEY),
    "v1:card_setups": ("POST!", KEY),
    "v1:billing_details": ("GET PATCH!", KEY),
    "v1:tax_ids": ("GET POST!", KEY),
    "v1:tax_id": ("GET PATCH! DELETE!", KEY_OBJECT),
    "v1:billing_contacts": ("GET POST!", VENDOR_KEY),
    "v1:billing_contact": ("GET PATCH! DELETE!", VENDOR_KEY),
    "v1:contact_sends": ("POST!", VENDOR_KEY),
    "v1:seat_preview": ("POST!", KEY),
    "v1:seat_changes": ("GET POST!", KEY),
    "v1:seat_change": ("GET! DELETE!", KEY_OBJECT),
    "v1:addon_preview": ("POST!", KEY),
    "v1:returns": ("POST!", KEY),
    "v1:pause_preview": ("POST!", KEY),
    "v1:pauses": ("POST!", KEY),
    "v1:ending_preview": ("POST!", KEY),
    "v1:endings": ("POST!", KEY),
    "v1:plan_preview": ("POST!", KEY),
    "v1:plan_changes": ("POST!", KEY),
    "v1:addon_changes": ("POST!", KEY),
    "v1:scheduled_changes": ("GET POST!", KEY),
    "v1:scheduled_change": ("GET! DELETE!", KEY_OBJECT),
    "v1:carts": ("GET POST!", KEY),
    "v1:cart": ("GET PATCH!", "1111111.4."),
    "v1:invoice_preview": ("POST!", KEY),
    "v1:checkouts": ("GET POST!", KEY),
    "v1:checkout": ("GET", KEY_OBJECT),
    "v1:invoices": ("GET", KEY),
    "v1:invoice": ("GET PATCH!", KEY_OBJECT),
    "v1:invoice_corrections": ("POST!", KEY),  # without an Idempotency-Key nobody is told whether it is there
    "v1:invoice_hosted": ("GET!", KEY_OBJECT),
    "v1:invoice_pdf": ("GET!", KEY_OBJECT),
    "v1:quotes": ("GET POST!", KEY),
    "v1:quote": ("GET DELETE!", KEY_OBJECT),
    "v1:quote_pdf": ("GET", KEY_OBJECT),
    "v1:credit_notes": ("GET", KEY),
    "v1:credit_note_preview": ("POST!", VENDOR_KEY),
    "v1:credit_note": ("GET PATCH!", KEY_OBJECT),
    "v1:ledger": ("GET", KEY),
    "v1:api_keys": ("GET POST!", VENDOR_KEY),
    "v1:api_key": ("GET DELETE!", VENDOR_KEY),
    "v1:api_key_rotations": ("POST!", VENDOR_KEY),
    "v1:webhook_endpoints": ("GET POST!", KEY),
    "v1:webhook_endpoint": ("GET PATCH! DELETE!", KEY_OBJECT),
    "v1:webhook_rotations": ("POST!", KEY),  # without an Idempotency-Key nobody is told whether it is there
    "v1:webhook_pings": ("POST!", KEY),
    "v1:webhook_replays": ("POST!", KEY),
    "v1:webhook_deliveries": ("GET", KEY_OBJECT),
    "v1:webhook_delivery": ("GET", KEY_OBJECT),
    "v1:webhook_sends": ("POST!", KEY),
    "v1:sessions": ("POST!", VENDOR_KEY),
    "v1:entitlements": ("GET", KEY),
    "v1:consume": ("POST!", VENDOR_KEY),
    "v1:release": ("POST!", VENDOR_KEY),
    "ofrep:flags": ("POST", KEY),
    "ofrep:flag": ("POST", KEY),
}


def test_what_is_written_is_noticed(world):
    """The counting sees what a refusal might do: a row made, changed (if only to the same) or deleted, within a savepoint."""
    table = type(world.cast.acme)._meta.db_table
    same = {"name": world.cast.acme.name}
    for act in (
        factories.OrganizationFactory,
        lambda: type(world.cast.acme).objects.filter(pk=world.cast.acme.pk).update(**same),
        factories.OrganizationFactory(with_profile=False).delete,
    ):
        before = written()
        with transaction.atomic():
            act()
            assert written()[table] == before[table] + 1
            transaction.set_rollback(True)


# --- The matrix -------------------------------------------------------------------------------------------------------

# What of the staff an administrator alone may open, of those asked here (the others: tests/offramps).
ADMIN_TOO = {
    *("offramps:board", "offramps:deal_customers", "offramps:approvals", "offramps:budgets"),
    *("offramps:credit", "offramps:credit_file"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_lets_in_whom_it_should(name, world):
    methods, letters = PAGES[name]
    url, drawn = reverse(name, args=world.args.get(name, [])), {method: set() for method in methods.split()}
    for role, wanted in zip(ROLES, letters, strict=True):
        for who, asker in askers(world, role).items():
            letter = "." if who == "admin" and name in ADMIN_TOO else wanted
            for method in methods.split():
                check(asker, method.rstrip("!"), url, letter, who=who, is_tried=not method.endswith("!"), drawn=drawn[method])


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("v1:")])
def test_a_key_without_the_scope_is_refused(name, world):
    asker = holding(factories.ApiKeyFactory(organization=world.cast.acme, scopes=[]))
    for method in PAGES[name][0].split():
        check(asker, method.rstrip("!"), reverse(name, args=world.args.get(name, [])), "3", who="key without scopes")


# --- Nothing is left out ------------------------------------------------------------------------------------------------


def test_every_address_is_in_the_matrix():
    missing = {name for name in names(get_resolver()) if name not in PAGES and not name.startswith("admin:")}
    assert not missing, f"Say in tests/house/test_access_matrix.py who may reach {sorted(missing)}"


def test_nothing_in_the_matrix_has_gone():
    assert set(PAGES) <= set(names(get_resolver()))
