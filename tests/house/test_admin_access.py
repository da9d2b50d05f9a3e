"""Who may look at what in the admin: every registered model, every staff group; a refusal changes nothing."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import get_resolver, reverse

from accounts import staff_groups
from tests.house.asking import ROLES, askers, check, names

GROUPS = set(staff_groups.GROUPS)
NOT_MARKETING = GROUPS - {"marketing"}
HELPING = {"support", "manager", "revenue_operations"}
MONEY = HELPING | {"csm", "finance"}
TALKING = GROUPS - {"finance", "marketing"}
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
    "accounts.webhookendpoint": HELPING,
    "accounts.webhookdelivery": HELPING,
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
    "accounts.organizationmerge": NOT_MARKETING,
    "telemetry.visit": {"manager", "revenue_operations", "marketing"},
    "accounts.viewing": HELPING | {"csm", "rep"},
    "billing.productline": GROUPS,
    "billing.plan": GROUPS,
    "billing.price": GROUPS,
    "billing.addon": GROUPS,
    "billing.promotion": GROUPS,
    "billing.pilot": GROUPS,
    "billing.catalogversion": GROUPS,
    "billing.subscription": NOT_MARKETING,
    "billing.seatledgerentry": NOT_MARKETING,
    "billing.featureusage": NOT_MARKETING,
    "billing.seatchange": NOT_MARKETING,
    "billing.scheduledchange": NOT_MARKETING,
    "billing.invoicewindow": NOT_MARKETING,
    "billing.renewalreview": NOT_MARKETING,
    "billing.terms": NOT_MARKETING,
    "billing.exceptionbudget": NOT_MARKETING,
    "offramps.deal": NOT_MARKETING,
    "billing.adoption": NOT_MARKETING,
    "billing.renewalnotice": NOT_MARKETING,
    "billing.pricemove": NOT_MARKETING,
    "billing.sunset": NOT_MARKETING,
    "billing.sunsetcase": NOT_MARKETING,
    "billing.cardnotice": NOT_MARKETING,
    "billing.autoexpansion": NOT_MARKETING,
    "billing.invoice": NOT_MARKETING,
    "billing.creditnote": MONEY,
    "billing.revenueshare": {"finance", "manager", "revenue_operations"},
    "billing.dunningepisode": NOT_MARKETING,
    "billing.dispute": NOT_MARKETING,
    "billing.adjustment": MONEY,
    "billing.trial": NOT_MARKETING,
    "billing.pause": NOT_MARKETING,
    "billing.taxstanding": MONEY,
    "billing.taxid": MONEY,
    "billing.billingdetails": MONEY,
    "billing.taxrate": GROUPS,
    "billing.pilotrun": NOT_MARKETING,
    "billing.cart": GROUPS,
    "billing.quote": NOT_MARKETING,
    "billing.quotedecision": NOT_MARKETING,
    "billing.customer": MONEY,
    "billing.checkoutattempt": MONEY | {"marketing"},
    "billing.stripecommand": STRIPE | {"manager"},
    "billing.difference": STRIPE,
    "billing.reconciliation": STRIPE,
    "billing.stripeobject": STRIPE,
    "billing.inboxevent": STRIPE,
    "billing.eventcursor": STRIPE,
    "offramps.handraise": TALKING,
    "offramps.lead": TALKING,
    "offramps.countdown": TALKING,
    "offramps.callslot": TALKING,
    "offramps.rep": TALKING,
    "offramps.pool": TALKING,
    "offramps.accountownership": TALKING,
    "offramps.creditentry": {"manager", "finance", "revenue_operations"},
    "offramps.triggerrule": TALKING,
}
ADDING = {
    "accounts.policy": {"revenue_operations", "admin"},
    "accounts.apikey": {"admin"},
    "accounts.ownerrecovery": {*HELPING, "admin"},
    "offramps.rep": {"manager", "revenue_operations", "admin"},
    "offramps.pool": {"manager", "revenue_operations", "admin"},
    "offramps.triggerrule": {"manager", "revenue_operations", "admin"},
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
    "admin:accounts_organization_viewing",  # tests/accounts/test_viewing.py
    *(f"admin:accounts_{name}_export" for name in ("organization", "membership")),  # tests/accounts/test_exports.py
    *(f"admin:billing_{name}_export" for name in ("subscription", "invoice", "seatledgerentry", "seatchange", "revenueshare")),
    "admin:accounts_organizationmerge_merge",  # tests/billing/test_merging.py
    "admin:billing_sunset_begin",  # tests/billing/test_sunsets.py
    "admin:billing_sunset_call_off",
    "admin:billing_invoice_replace",  # tests/billing/test_replacing_invoices.py
    *(f"admin:billing_adjustment_{verb}" for verb in ("refund", "credit", "time", "approve", "decline", "withdraw")),
    "admin:billing_dispute_answer",  # tests/billing/test_disputes.py
    *(f"admin:billing_terms_{verb}" for verb in ("propose", "approve", "decline", "withdraw", "end")),  # test_terms.py
    *(f"admin:offramps_rep_{act}" for act in ("profile", "hours", "leave", "leave_back", "leaving", "chat")),  # test_roster.py
    *(f"admin:offramps_pool_{act}" for act in ("settings", "member", "pause", "resume", "chat")),
    *(f"admin:offramps_accountownership_{act}" for act in ("set", "end")),
    *(f"admin:offramps_triggerrule_{act}" for act in ("conditions", "trial", "live", "retire")),  # test_detecting.py
}
PER_MODEL = ("changelist", "add", "history", "delete", "change")
OF_A_ROW = {"history", "delete", "change"}
assert get_resolver().url_patterns  # reading config/urls.py takes some models out of the admin
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


@pytest.mark.parametrize("model", MODELS, ids=[model._meta.label for model in MODELS])
def test_a_model_in_the_admin_is_seen_by_whom_it_should(model, world):
    """Each page is asked for by the first of those whom each rule lets in or refuses, and writing by the first of each kind of
    refusal: the same permission guards them. What each group may is asked of the model's admin, below.
    """
    label = model._meta.label_lower
    row = model.objects.first()
    groups = ("support",) if model._meta.app_label in ADMIN_ONLY else staff_groups.GROUPS
    for page in PER_MODEL:
        if page in OF_A_ROW and not row:
            continue
        args = [quote(row.pk)] if page in OF_A_ROW else []  # an id of Stripe's may look like one of the admin's escapes
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
        drawn, asked, tried = set(), set(), set()
        for role in ("anonymous", "owner", "staff"):
            for who, asker in askers(world, role, groups).items():
                wanted = _admin_letter(label, page, role, who)
                if (role, who == "admin", wanted) in asked:
                    continue
                asked.add((role, who == "admin", wanted))
                check(asker, "GET", url, wanted, who=who, drawn=drawn)
                if page != "history" and (role, wanted) not in tried:
                    check(asker, "POST", url, wanted, who=who, is_tried=False, drawn=drawn)
                    tried.add((role, wanted))


@pytest.mark.parametrize("group", staff_groups.GROUPS)
def test_a_group_may_what_the_tables_say(group, world, rf):
    """Asked of every model's admin itself: what its pages go by. No group changes what it may not add, and none deletes."""
    request = rf.get("/")
    request.user = world.cast.staff_member(group)
    ours = [model for model in MODELS if model._meta.app_label not in ADMIN_ONLY]

    def may(act):
        pages = admin.site._registry.items()
        return {model._meta.label_lower for model, page in pages if getattr(page, f"has_{act}_permission")(request)}

    assert may("view") == {model._meta.label_lower for model in ours if group in LOOKING[model._meta.label_lower]}
    assert may("add") == {label for label, groups in ADDING.items() if group in groups}
    assert may("change") <= may("add")
    assert may("delete") == set()


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
        for who, asker in askers(world, role).items():
            check(asker, "GET", reverse(name), "." if role == "staff" else "L", who=who)


# --- Nothing is left out ------------------------------------------------------------------------------------------------


def test_every_address_of_the_admin_is_known():
    models = {f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}" for model in MODELS for page in PER_MODEL}
    of_admin = {name for name in names(get_resolver()) if name.startswith("admin:")}
    missing = of_admin - models - ADMIN_OPEN - ADMIN_STAFF
    assert not missing, f"Say in tests/house/test_admin_access.py who may reach {sorted(missing)}"


def test_no_model_in_the_tables_has_gone():
    assert set(LOOKING) | set(ADDING) <= {model._meta.label_lower for model in MODELS}


def test_every_model_in_the_admin_says_who_may_look():
    labels = {model._meta.label_lower for model in MODELS if model._meta.app_label not in ADMIN_ONLY}
    missing = labels - set(LOOKING)
    assert not missing, f"Say in tests/house/test_admin_access.py which staff groups may look at {sorted(missing)}"
