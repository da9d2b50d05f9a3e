"""Who may reach which address: every URL of the resolver, every role, and nothing changed where somebody is turned away.

One letter a role, in the order of ROLES:

    .  let in (the view answers, whatever it then says of the request's form)
    L  sent to sign in      N  asked to make an organization first
    1  401      3  403      4  not found, as if it did not exist

A URL that is in no table here fails the last tests: whoever adds one says who may reach it.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import staff_groups
from accounts.models import BillingContact, JoinRequest, Membership, OutgoingMail, SeatRequest
from accounts.services import joining, links, outbox, seat_requests
from billing.models import Cart, CheckoutAttempt, Invoice, Price, ScheduledChange, SeatChange, Subscription, TaxId
from config import clock
from tests import factories, shelf

ROLES = (
    "anonymous",
    "newcomer",  # signed in, in no organization
    "stranger",  # owner of another organization; asks for what is acme's
    "member",
    "billing_admin",
    "owner",
    "staff",  # each staff group and an administrator, none of them in an organization
    "organization_key",
    "stranger_key",  # another organization's
    "vendor_key",
)
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
    "storefront:cart": ("GET POST", PUBLIC),
    "storefront:cart_new": ("GET", PUBLIC),
    "storefront:talk": ("GET POST", PUBLIC),
    "storefront:talk_raised": ("GET", "4444444444"),  # the id is the key; this one was never given out
    "storefront:components": ("GET", "4444444444"),  # the demo only
    "storefront:sandbox_bar": ("POST!", SIGNED_IN),
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
    "storefront:organization_switch": ("POST", "L444444LLL"),  # one must name an organization one is in
    "storefront:organization_settings": ("GET POST", OWNER),
    "storefront:organization_closure": ("GET POST", OWNER),
    "storefront:factor_offer": ("POST", OWNER),
    "storefront:account_deletion": ("GET POST", SIGNED_IN),
    "storefront:api_keys": ("GET POST", OWNER),
    "storefront:api_key_rotation": ("POST", OWNER_OBJECT),
    "storefront:api_key_revocation": ("GET POST", OWNER_OBJECT),
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
    "storefront:promotion": ("GET POST!", BILLING),
    "storefront:invoices": ("GET", BILLING),
    "storefront:invoice_hosted": ("GET!", BILLING_OBJECT),
    "storefront:invoice_pdf": ("GET!", BILLING_OBJECT),
    "storefront:billing_details": ("GET POST", BILLING),
    "storefront:tax_ids": ("POST", BILLING),
    "storefront:tax_id_removal": ("POST!", BILLING_OBJECT),
    "storefront:payment_method": ("GET! POST!", BILLING),
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
    "recovery_objection": ("GET POST", "4444444444"),  # the token is the key; this one was never given out
    "stripe_webhook": ("POST!", PUBLIC),  # the signature decides; tests/billing
    "api_schema": ("GET", PUBLIC),
    "api_docs": ("GET", PUBLIC),
    "v1:catalog": ("GET", KEY),
    "v1:organizations": ("GET", KEY),
    "v1:organization": ("GET PATCH!", KEY_OBJECT),
    "v1:members": ("GET", KEY),
    "v1:member": ("GET PATCH! DELETE!", KEY_OBJECT),
    "v1:invitations": ("GET POST!", KEY),
    "v1:invitation": ("GET DELETE!", KEY_OBJECT),
    "v1:invitation_sends": ("POST!", KEY),  # without an Idempotency-Key nobody is told whether it is there
    "v1:seats": ("GET POST!", KEY),
    "v1:seat": ("DELETE!", "1111111444"),  # acme's member has none
    "v1:subscription": ("GET", "1111111.4."),  # the stranger's organization has none
    "v1:seat_preview": ("POST!", KEY),
    "v1:seat_changes": ("POST!", KEY),
    "v1:seat_change": ("GET! DELETE!", KEY_OBJECT),
    "v1:scheduled_changes": ("POST!", KEY),
    "v1:scheduled_change": ("GET! DELETE!", KEY_OBJECT),
    "v1:carts": ("GET POST!", KEY),
    "v1:cart": ("GET PATCH!", "1111111.4."),
    "v1:checkouts": ("POST!", KEY),
    "v1:checkout": ("GET", KEY_OBJECT),
    "v1:invoices": ("GET", KEY),
    "v1:invoice": ("GET", KEY_OBJECT),
    "v1:invoice_hosted": ("GET!", KEY_OBJECT),
    "v1:invoice_pdf": ("GET!", KEY_OBJECT),
    "v1:ledger": ("GET", KEY),
    "v1:api_keys": ("GET POST!", VENDOR_KEY),
    "v1:api_key": ("GET DELETE!", VENDOR_KEY),
    "v1:api_key_rotations": ("POST!", VENDOR_KEY),
    "v1:sessions": ("POST!", KEY),
    "v1:entitlements": ("GET", KEY),
}
GROUPS = set(staff_groups.GROUPS)
NOT_MARKETING = GROUPS - {"marketing"}
HELPING = {"support", "manager", "revenue_operations"}
MONEY = HELPING | {"csm", "finance"}
STRIPE = {"support", "finance", "revenue_operations"}
# Registered model: the staff groups that may look, besides administrators. Nobody adds or changes but by ADDING and CHANGING.
LOOKING = {
    "accounts.organization": GROUPS,
    "accounts.policy": GROUPS,
    "accounts.membership": NOT_MARKETING,
    "accounts.user": NOT_MARKETING,
    "accounts.journal": NOT_MARKETING,
    "accounts.invitation": HELPING | {"csm"},
    "accounts.apikey": HELPING,
    "accounts.joinrequest": HELPING,
    "accounts.seatrequest": HELPING,
    "accounts.billingcontact": HELPING,
    "accounts.mailstop": HELPING,
    "accounts.suppression": HELPING,
    "accounts.outgoingmail": HELPING,
    "accounts.legaldocument": HELPING | {"finance"},
    "accounts.acceptance": HELPING | {"finance"},
    "accounts.journalcursor": {"revenue_operations"},
    "accounts.ownerrecovery": HELPING,
    "accounts.closedorganization": HELPING,
    "billing.productline": GROUPS,
    "billing.plan": GROUPS,
    "billing.price": GROUPS,
    "billing.promotion": GROUPS,
    "billing.catalogversion": GROUPS,
    "billing.subscription": NOT_MARKETING,
    "billing.seatledgerentry": NOT_MARKETING,
    "billing.seatchange": NOT_MARKETING,
    "billing.scheduledchange": NOT_MARKETING,
    "billing.invoice": NOT_MARKETING,
    "billing.cart": GROUPS,
    "billing.customer": MONEY,
    "billing.checkoutattempt": MONEY | {"marketing"},
    "billing.stripecommand": STRIPE | {"manager"},
    "billing.difference": STRIPE,
    "billing.reconciliation": STRIPE,
    "billing.stripeobject": STRIPE,
    "billing.inboxevent": STRIPE,
    "billing.eventcursor": STRIPE,
    "offramps.handraise": GROUPS - {"finance", "marketing"},
}
ADDING = {
    "accounts.policy": {"revenue_operations", "admin"},
    "accounts.apikey": {"admin"},
    "accounts.ownerrecovery": {*HELPING, "admin"},
}
ADMIN_ONLY = {"django_celery_beat"}  # third-party apps, whose own pages administrators may use
ADMIN_OPEN = {"admin:login", "admin:logout", "admin:jsi18n"}
ADMIN_STAFF = {
    "admin:index",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:view_on_site",
    "admin:app_list",
    "admin:search",
    "admin:-",
}
PER_MODEL = ("changelist", "add", "history", "delete", "change")
OF_A_ROW = {"history", "delete", "change"}
assert get_resolver().url_patterns  # reading config/urls.py takes some models out of the admin
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


@dataclass
class World:
    """Acme with one of everything, and for each URL name its arguments."""

    cast: object
    args: dict


@pytest.fixture
def world(cast):
    shelf.put_on_sale()
    invitation = factories.InvitationFactory(organization=cast.acme)
    key = factories.ApiKeyFactory(organization=cast.acme, last_used_at=clock.now())
    member = Membership.objects.get(user=cast.member)
    price = Price.objects.select_related("plan__line").first()
    rows = _billing_rows(cast.acme, price)
    asked = _asked_rows(cast)
    seat_change, scheduled = rows["seat_change"], rows["scheduled"]
    args = {
        "storefront:api_key_rotation": [key.pk],
        "storefront:api_key_revocation": [key.pk],
        "storefront:invitation_sends": [invitation.pk],
        "storefront:invitation_revocation": [invitation.pk],
        "storefront:member_role": [member.pk],
        "storefront:member_removal": [member.pk],
        "storefront:invitation": [invitation.token],
        **_asked_args(asked),
        "storefront:legal": ["terms"],
        "storefront:entry": ["a" * 43],
        "storefront:talk_raised": ["aaaaaaaaaaaaaaaa"],
        "storefront:checkout_attempt": [rows["attempt"].public_id],
        "storefront:tax_id_removal": [rows["tax_id"].pk],
        "storefront:seat_change": [seat_change.public_id],
        "storefront:seat_change_payment": [seat_change.public_id],
        "storefront:scheduled_change": [scheduled.public_id],
        "storefront:invoice_hosted": [rows["invoice"].stripe_id],
        "storefront:invoice_pdf": [rows["invoice"].stripe_id],
        "v1:organization": [cast.acme.public_id],
        "v1:member": [member.pk],
        "v1:seat": [member.pk],
        "v1:invitation": [invitation.pk],
        "v1:invitation_sends": [invitation.pk],
        "v1:cart": [rows["attempt"].cart.public_id],
        "v1:checkout": [rows["attempt"].public_id],
        "v1:invoice": [rows["invoice"].stripe_id],
        "v1:invoice_hosted": [rows["invoice"].stripe_id],
        "v1:invoice_pdf": [rows["invoice"].stripe_id],
        "v1:api_key": [key.pk],
        "v1:api_key_rotations": [key.pk],
        "v1:seat_change": [seat_change.public_id],
        "v1:scheduled_change": [scheduled.public_id],
        "brand_css": ["0123456789ab"],
        "mailbox_mail": ["x"],
        "mailbox_html": ["x"],
        "account_reset_password_from_key": ["1", "x-y"],
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
        "recovery_objection": ["never-given-out"],
    }
    return World(cast, args)


def _asked_args(asked):
    return {
        "storefront:join_withdrawal": [asked["join"].pk],
        "storefront:join_request": [joining.token(asked["join"])],
        "storefront:seat_request": [seat_requests.token(asked["seat"])],
        "storefront:mail_stop": [links.token(links.MAIL_STOP, asked["mail"].pk)],
        "storefront:address_check": ["never-given-out"],
        "storefront:contact_sends": [asked["contact"].pk],
        "storefront:contact_removal": [asked["contact"].pk],
        "storefront:billing_contact": [links.token(links.CONTACT, asked["contact"].pk)],
        "storefront:contact_invoice": ["never-given-out"],
    }


def _asked_rows(cast):
    now, soon = clock.now(), clock.now() + timedelta(days=14)
    stranger = factories.UserFactory(email="somebody@acme.example")
    join = JoinRequest.objects.create(
        organization=cast.acme, user=stranger, email=stranger.email, asked_at=now, expires_at=soon
    )
    member = Membership.objects.get(user=cast.member)
    seat = SeatRequest.objects.create(membership=member, asked_at=now, expires_at=soon)
    contact = BillingContact.objects.create(
        organization=cast.acme, email="invoices@acme.example", added_at=now, sent_at=now, expires_at=soon
    )
    outbox.write(kind="accounts/welcome", subject_row="x:1", to=cast.member, organization=cast.acme, context={}, at=now)
    return {"join": join, "seat": seat, "contact": contact, "mail": OutgoingMail.objects.get()}


def _billing_rows(organization, price):
    now, soon = clock.now(), clock.now() + timedelta(days=30)
    plan = price.plan
    subscription = Subscription.objects.create(
        organization=organization,
        line=plan.line,
        plan=plan,
        price=price,
        stripe_id="sub_1",
        stripe_item_id="si_1",
        status="active",
        quantity=10,
        currency=price.currency,
        period_starts_at=now,
        period_ends_at=soon,
        started_at=now,
    )
    cart = Cart.objects.create(
        organization=organization, plan=plan, seats=5, interval="month", currency=price.currency, created_at=now, updated_at=now
    )
    attempt = CheckoutAttempt.objects.create(
        organization=organization,
        line=plan.line,
        cart=cart,
        price=price,
        seats=5,
        state="expired",
        created_at=now,
        expires_at=now,
    )
    change = SeatChange.objects.create(
        subscription=subscription,
        nonce="n",
        quantity_before=10,
        quantity_after=11,
        preview={},
        due_now_minor=1,
        currency=price.currency,
        state="declined",
        source="page",
        created_at=now,
    )
    scheduled = ScheduledChange.objects.create(
        subscription=subscription, delta=-1, effective_at=soon, source="page", created_at=now
    )
    amounts = ("subtotal_minor", "total_minor", "amount_due_minor", "amount_paid_minor", "amount_remaining_minor")
    invoice = Invoice.objects.create(
        organization=organization,
        stripe_id="in_1",
        status="paid",
        currency=price.currency,
        issued_at=now,
        mirrored_at=now,
        **dict.fromkeys(amounts, 1),
    )
    tax_id = TaxId.objects.create(organization=organization, type="eu_vat", value="DE136695976", country="DE", added_at=now)
    return {"attempt": attempt, "seat_change": change, "scheduled": scheduled, "invoice": invoice, "tax_id": tax_id}


# --- Asking -----------------------------------------------------------------------------------------------------------


def askers(cast, role, groups=("rep",)):
    """A client for each person or program of a role, by name. Staff: these groups and an administrator."""
    keys = {
        "organization_key": lambda: cast.organization_key,
        "stranger_key": lambda: factories.ApiKeyFactory(organization=cast.globex, last_used_at=clock.now()),
        "vendor_key": lambda: cast.vendor_key,
    }
    if role == "anonymous":
        return {role: Client(raise_request_exception=False)}
    if role in keys:
        key = keys[role]()
        type(key).objects.filter(pk=key.pk).update(last_used_at=clock.now() + timedelta(minutes=5))
        headers = {"HTTP_AUTHORIZATION": f"Bearer {key.text}"}
        if role == "vendor_key":
            headers["HTTP_STOREFRONT_ORGANIZATION"] = cast.acme.public_id
        return {role: Client(raise_request_exception=False, **headers)}
    if role == "staff":
        return {name: signed_in(staff(cast, name)) for name in (*groups, "admin")}
    return {role: signed_in(getattr(cast, role))}


def staff(cast, name):
    return cast.admin if name == "admin" else cast.staff_member(name)


def signed_in(user):
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def outcome(response):
    """The letter of an answer."""
    location = response.headers.get("Location", "")
    if location.startswith((reverse("account_login"), reverse("admin:login"))):
        return "L"
    if location.startswith(reverse("storefront:organization_new")):
        return "N"
    return {401: "1", 403: "3", 404: "4"}.get(response.status_code, ".")


def written():
    """How many rows this transaction has written so far in each table but the sessions', the same contents again included."""
    count = " + ".join(f"pg_stat_get_xact_tuples_{verb}(oid)" for verb in ("inserted", "updated", "deleted"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT relname, {count} FROM pg_class"  # noqa: S608 - our own words alone
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_session'"
        )
        return dict(cursor.fetchall())


def check(client, method, url, wanted, *, who, is_tried=True):
    """One request, undone afterwards: the letter is the wanted one, and a refusal has written nothing."""
    if wanted == "." and not is_tried:
        return
    with transaction.atomic():
        before = written()
        response = getattr(client, method.lower())(url)
        changed = [name for name, count in written().items() if before[name] != count] if wanted != "." else []
        transaction.set_rollback(True)
    assert outcome(response) == wanted, f"{who}: {method} {url} gave {response.status_code}"
    assert response.status_code < 500, f"{who}: {method} {url} broke with {response.status_code}"
    assert changed == [], f"{who}: {method} {url} was refused and still changed {changed}"


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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_lets_in_whom_it_should(name, world):
    methods, letters = PAGES[name]
    url = reverse(name, args=world.args.get(name, []))
    for role, wanted in zip(ROLES, letters, strict=True):
        for who, client in askers(world.cast, role).items():
            for method in methods.split():
                check(client, method.rstrip("!"), url, wanted, who=who, is_tried=not method.endswith("!"))


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("v1:")])
def test_a_key_without_the_scope_is_refused(name, world):
    key = factories.ApiKeyFactory(organization=world.cast.acme, scopes=[], last_used_at=clock.now() + timedelta(minutes=5))
    client = Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {key.text}")
    for method in PAGES[name][0].split():
        check(client, method.rstrip("!"), reverse(name, args=world.args.get(name, [])), "3", who="key without scopes")


@pytest.mark.parametrize("model", MODELS, ids=[model._meta.label for model in MODELS])
def test_a_model_in_the_admin_is_seen_by_whom_it_should(model, world):
    label = model._meta.label_lower
    row = model.objects.first()
    groups = ("support",) if model._meta.app_label in ADMIN_ONLY else staff_groups.GROUPS
    for role in ("anonymous", "owner", "staff"):
        for who, client in askers(world.cast, role, groups).items():
            for page in PER_MODEL:
                args = [row.pk] if page in OF_A_ROW and row else []
                if page in OF_A_ROW and not row:
                    continue
                url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
                wanted = _admin_letter(label, page, role, who)
                check(client, "GET", url, wanted, who=who)
                if page != "history":
                    check(client, "POST", url, wanted, who=who, is_tried=False)


def _admin_letter(label, page, role, who):
    if role != "staff":
        return "L"
    app = label.split(".")[0]
    if app in ADMIN_ONLY:  # read-only: what it does is set in code
        return "." if who == "admin" and page not in ("add", "delete") else "3"
    if page == "delete":
        return "3"
    if page == "add":
        return "." if who in ADDING.get(label, set()) else "3"
    return "." if who == "admin" or who in LOOKING[label] else "3"


@pytest.mark.parametrize("name", ["admin:index", "admin:password_change", "admin:password_change_done", "admin:search"])
def test_the_admins_own_pages_are_for_staff(name, world):
    for role in ROLES:
        for who, client in askers(world.cast, role).items():
            check(client, "GET", reverse(name), "." if role == "staff" else "L", who=who)


# --- Nothing is left out ------------------------------------------------------------------------------------------------


def _names(resolver, namespace=""):
    for found in resolver.url_patterns:
        if hasattr(found, "url_patterns"):
            yield from _names(found, namespace + (f"{found.namespace}:" if found.namespace else ""))
        else:
            yield namespace + (found.name or "-")


def test_every_address_is_in_the_matrix():
    models = {f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}" for model in MODELS for page in PER_MODEL}
    known = set(PAGES) | models | ADMIN_OPEN | ADMIN_STAFF
    missing = {name for name in _names(get_resolver()) if name not in known}
    assert not missing, f"Say in tests/house/test_access_matrix.py who may reach {sorted(missing)}"


def test_nothing_in_the_matrix_has_gone():
    names = set(_names(get_resolver()))
    assert set(PAGES) <= names
    labels = {model._meta.label_lower for model in MODELS}
    assert set(LOOKING) | set(ADDING) <= labels


def test_every_model_in_the_admin_says_who_may_look():
    labels = {model._meta.label_lower for model in MODELS if model._meta.app_label not in ADMIN_ONLY}
    missing = labels - set(LOOKING)
    assert not missing, f"Say in tests/house/test_access_matrix.py which staff groups may look at {sorted(missing)}"
