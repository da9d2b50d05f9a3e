"""What the squashed migration does beside tables: triggers, and what the staff's groups may."""

from django.db import migrations

from accounts import staff_groups

# --- Entitlements: a version for each organization, which goes up with whatever changes what it is granted ----------------

# An organization that is being deleted, with all that it has, gets no version any more: hence the selects.
GRANTED = """
CREATE FUNCTION storefront_entitlements_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
    INSERT INTO billing_entitlementversion AS v (organization_id, number)
    SELECT o.id, 1 FROM accounts_organization o WHERE o.id IN (
        SELECT (changed ->> 'organization_id')::bigint WHERE TG_ARGV[0] = 'organization'
        UNION SELECT s.organization_id FROM billing_subscription s
            WHERE TG_ARGV[0] = 'subscription' AND s.id = (changed ->> 'subscription_id')::bigint
        UNION SELECT m.organization_id FROM accounts_membership m
            WHERE TG_ARGV[0] = 'user' AND m.user_id = (changed ->> 'id')::bigint AND m.left_at IS NULL)
    ORDER BY o.id
    ON CONFLICT (organization_id) DO UPDATE SET number = v.number + 1;
    RETURN NULL;
END $$
"""
# Table, how its row leads to the organization, and the columns that say what is granted to whom.
WATCHED = (
    (
        "billing_subscription",
        "organization",
        "status plan_id line_id price_id quantity started_at period_starts_at period_ends_at cancel_at",
    ),
    ("billing_subscriptionaddon", "subscription", "addon_id quantity ended_at"),
    ("billing_seatassignment", "subscription", "subscription_id membership_id ended_at"),
    ("billing_pilotrun", "subscription", "subscription_id ended_at"),
    ("accounts_membership", "organization", "user_id left_at"),
    ("accounts_user", "user", "email external_id"),
)
# The dates of a missing payment are told with entitlements. Steps that change neither these nor access raise no version: in a
# sweep of a million that would cost more than all the rest.
DUNNING_CHANGED = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in ("read_only_at", "off_at", "closed_at"))
DUNNING_WATCHES = {
    "billing_dunningepisode_entitlements_made": ("INSERT", ""),
    "billing_dunningepisode_entitlements_changed": ("UPDATE", f"WHEN ({DUNNING_CHANGED})"),
}
# What an exception grants changes when it begins and when it is over, and so does the version of the entitlements.
TERMS_CHANGED = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in ("began_at", "ended_at", "state"))
TERMS_WATCHES = {
    "billing_terms_entitlements_changed": ("UPDATE", f"WHEN ({TERMS_CHANGED})"),
    "billing_terms_entitlements_gone": ("DELETE", ""),
}
# Beside the trigger of 0030: what can be used is a column of its own, so that neither has to know of the other.
ACCESS = """
CREATE CONSTRAINT TRIGGER billing_subscription_access_changed AFTER UPDATE ON billing_subscription
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.access IS DISTINCT FROM NEW.access)
EXECUTE FUNCTION storefront_entitlements_changed('organization')
"""

# --- Renewals: when to look at each subscription ---------------------------------------------------------------------------

# Whoever writes a period, a way of paying or an end: the sweep looks again, from the earliest instant of any notice on.
RENEWAL = """
CREATE FUNCTION storefront_renewal_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_renewalwatch (subscription_id, due_at)
    VALUES (NEW.id, CASE WHEN NEW.status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused')
        THEN NEW.period_ends_at - interval '120 days' END)
    ON CONFLICT (subscription_id) DO UPDATE SET due_at = EXCLUDED.due_at;
    RETURN NULL;
END $$
"""
RENEWAL_MADE = """
CREATE TRIGGER billing_subscription_renewal_made AFTER INSERT ON billing_subscription
FOR EACH ROW EXECUTE FUNCTION storefront_renewal_moved()
"""
RENEWAL_MOVED = """
CREATE TRIGGER billing_subscription_renewal_moved AFTER UPDATE ON billing_subscription FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.price_id IS DISTINCT FROM NEW.price_id
    OR OLD.period_ends_at IS DISTINCT FROM NEW.period_ends_at)
EXECUTE FUNCTION storefront_renewal_moved()
"""

# --- Auto-expansion -------------------------------------------------------------------------------------------------------

# Whoever gives a seat, and whatever changes how many are bought: look once it is committed.
SEATS = """
CREATE FUNCTION storefront_seats_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_autoexpansion SET due_at = now() WHERE is_on
    AND subscription_id = (CASE WHEN TG_ARGV[0] = 'seat' THEN to_jsonb(NEW) ->> 'subscription_id' ELSE to_jsonb(NEW) ->> 'id' END)::bigint;
    RETURN NULL;
END $$
"""
GIVEN = """
CREATE TRIGGER billing_seatassignment_expansion AFTER INSERT ON billing_seatassignment
FOR EACH ROW EXECUTE FUNCTION storefront_seats_taken('seat')
"""
BOUGHT = """
CREATE TRIGGER billing_subscription_expansion AFTER UPDATE ON billing_subscription FOR EACH ROW
WHEN (OLD.quantity IS DISTINCT FROM NEW.quantity OR OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION storefront_seats_taken('subscription')
"""

# --- Cards that expire ----------------------------------------------------------------------------------------------------

# Whoever writes a card: looked at from 90 days before its end on, the longest of any notice.
CARD = """
CREATE FUNCTION storefront_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_cardwatch (customer_id, due_at)
    VALUES (NEW.id, CASE WHEN NEW.card_last4 <> '' AND NEW.card_exp_month BETWEEN 1 AND 12
        THEN make_timestamptz(NEW.card_exp_year, NEW.card_exp_month, 1, 0, 0, 0, 'UTC') - interval '60 days' END)
    ON CONFLICT (customer_id) DO UPDATE SET due_at = EXCLUDED.due_at;
    RETURN NULL;
END $$
"""
CARD_MADE = """
CREATE TRIGGER billing_customer_card_made AFTER INSERT ON billing_customer
FOR EACH ROW EXECUTE FUNCTION storefront_card_changed()
"""
CARD_CHANGED = """
CREATE TRIGGER billing_customer_card_changed AFTER UPDATE ON billing_customer FOR EACH ROW
WHEN (OLD.payment_method_id IS DISTINCT FROM NEW.payment_method_id OR OLD.card_last4 IS DISTINCT FROM NEW.card_last4
    OR OLD.card_exp_month IS DISTINCT FROM NEW.card_exp_month OR OLD.card_exp_year IS DISTINCT FROM NEW.card_exp_year)
EXECUTE FUNCTION storefront_card_changed()
"""

# --- Agreed discounts and overtaken quotes --------------------------------------------------------------------------------

# The sweep looks at an agreed discount again once there is a subscription to put it on (billing.services.agreeing).
AGREED = """
CREATE FUNCTION storefront_agreed_discounts_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_terms SET due_at = LEAST(due_at, COALESCE(NEW.mirrored_at, NEW.started_at))
    WHERE organization_id = NEW.organization_id AND line_id = NEW.line_id AND kind = 'discount' AND state = 'approved';
    RETURN NULL;
END $$
"""
LIVE = "NEW.status IN ('trialing', 'active')"
AGREED_TRIGGERS = {
    "billing_subscription_agreed_made": f"INSERT ON billing_subscription FOR EACH ROW WHEN ({LIVE})",
    "billing_subscription_agreed_changed": (
        f"UPDATE OF status ON billing_subscription FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND {LIVE})"
    ),
}
# Whatever books seats, a plan or add-ons: open quotes of the subscription, and of buying its line, are to be looked at.
QUOTES = """
CREATE FUNCTION storefront_quotes_to_look_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_quote q SET look_at = s.started_at FROM billing_subscription s
    WHERE s.id = NEW.subscription_id AND q.organization_id = s.organization_id AND q.state = 'open' AND q.look_at IS NULL
        AND (q.subscription_id = s.id OR q.kind = 'purchase');
    RETURN NULL;
END $$
"""
QUOTES_TRIGGERS = {
    "billing_ledger_quotes": "AFTER INSERT ON billing_seatledgerentry",
    "billing_addon_quotes": "AFTER INSERT OR UPDATE ON billing_subscriptionaddon",
}
PERMISSIONS = {
    "support": """
        add_adjustment change_dispute change_stripecommand change_stripeobject view_addon view_addonprice
        view_adjustment view_adoption view_autoexpansion view_billingdetails view_cardnotice view_cart
        view_catalogversion view_checkoutattempt view_creditnote view_customer view_difference view_dispute
        view_dunningepisode view_dunninginvoice view_dunningstep view_eventcursor view_featureusage view_inboxevent
        view_invoice view_invoicewindow view_move view_pause view_pilot view_pilotfee view_pilotrun view_plan view_price
        view_pricemove view_productline view_promotion view_quote view_quotedecision view_reconciliation
        view_renewalnotice view_renewalreview view_scheduledchange view_seatchange view_seatledgerentry
        view_stripecommand view_stripeobject view_subscription view_subscriptionaddon view_subscriptiondiscount
        view_sunset view_sunsetcase view_taxid view_taxrate view_taxstanding view_terms view_trial
    """,
    "rep": """
        add_terms change_renewalreview view_addon view_addonprice view_adoption view_autoexpansion view_cardnotice
        view_cart view_catalogversion view_dispute view_dunningepisode view_dunninginvoice view_dunningstep
        view_featureusage view_invoice view_invoicewindow view_move view_pause view_pilot view_pilotfee view_pilotrun
        view_plan view_price view_pricemove view_productline view_promotion view_quote view_quotedecision
        view_renewalnotice view_renewalreview view_scheduledchange view_seatchange view_seatledgerentry
        view_subscription view_subscriptionaddon view_subscriptiondiscount view_sunset view_sunsetcase view_taxrate
        view_terms view_trial
    """,
    "manager": """
        add_adjustment add_terms change_renewalreview change_terms view_addon view_addonprice view_adjustment
        view_adoption view_autoexpansion view_billingdetails view_cardnotice view_cart view_catalogversion
        view_checkoutattempt view_creditnote view_customer view_dispute view_dunningepisode view_dunninginvoice
        view_dunningstep view_featureusage view_invoice view_invoicewindow view_move view_pause view_pilot view_pilotfee
        view_pilotrun view_plan view_price view_pricemove view_productline view_promotion view_quote view_quotedecision
        view_renewalnotice view_renewalreview view_revenueshare view_scheduledchange view_seatchange
        view_seatledgerentry view_stripecommand view_subscription view_subscriptionaddon view_subscriptiondiscount
        view_sunset view_sunsetcase view_taxid view_taxrate view_taxstanding view_terms view_trial
    """,
    "csm": """
        add_adjustment add_terms change_renewalreview view_addon view_addonprice view_adjustment view_adoption
        view_autoexpansion view_billingdetails view_cardnotice view_cart view_catalogversion view_checkoutattempt
        view_creditnote view_customer view_dispute view_dunningepisode view_dunninginvoice view_dunningstep
        view_featureusage view_invoice view_invoicewindow view_move view_pause view_pilot view_pilotfee view_pilotrun
        view_plan view_price view_pricemove view_productline view_promotion view_quote view_quotedecision
        view_renewalnotice view_renewalreview view_scheduledchange view_seatchange view_seatledgerentry
        view_subscription view_subscriptionaddon view_subscriptiondiscount view_sunset view_sunsetcase view_taxid
        view_taxrate view_taxstanding view_terms view_trial
    """,
    "finance": """
        add_adjustment add_terms change_adoption change_difference change_dispute change_stripecommand
        change_stripeobject change_terms view_addon view_addonprice view_adjustment view_adoption view_autoexpansion
        view_billingdetails view_cardnotice view_cart view_catalogversion view_checkoutattempt view_creditnote
        view_customer view_difference view_dispute view_dunningepisode view_dunninginvoice view_dunningstep
        view_eventcursor view_featureusage view_inboxevent view_invoice view_invoicewindow view_move view_pause
        view_pilot view_pilotfee view_pilotrun view_plan view_price view_pricemove view_productline view_promotion
        view_quote view_quotedecision view_reconciliation view_renewalnotice view_renewalreview view_revenueshare
        view_scheduledchange view_seatchange view_seatledgerentry view_stripecommand view_stripeobject view_subscription
        view_subscriptionaddon view_subscriptiondiscount view_sunset view_sunsetcase view_taxid view_taxrate
        view_taxstanding view_terms view_trial
    """,
    "revenue_operations": """
        add_adjustment add_sunset add_terms change_adoption change_difference change_dispute change_renewalreview
        change_stripecommand change_stripeobject change_sunset change_terms view_addon view_addonprice view_adjustment
        view_adoption view_autoexpansion view_billingdetails view_cardnotice view_cart view_catalogversion
        view_checkoutattempt view_creditnote view_customer view_difference view_dispute view_dunningepisode
        view_dunninginvoice view_dunningstep view_eventcursor view_featureusage view_inboxevent view_invoice
        view_invoicewindow view_move view_pause view_pilot view_pilotfee view_pilotrun view_plan view_price
        view_pricemove view_productline view_promotion view_quote view_quotedecision view_reconciliation
        view_renewalnotice view_renewalreview view_revenueshare view_scheduledchange view_seatchange
        view_seatledgerentry view_stripecommand view_stripeobject view_subscription view_subscriptionaddon
        view_subscriptiondiscount view_sunset view_sunsetcase view_taxid view_taxrate view_taxstanding view_terms
        view_trial
    """,
    "marketing": """
        view_addon view_addonprice view_cart view_catalogversion view_checkoutattempt view_move view_pilot view_pilotfee
        view_plan view_price view_productline view_promotion view_subscriptiondiscount view_taxrate
    """,
}


def watch(table, to, columns):
    """Deferred: the version's row is locked only while the transaction commits, and so by nobody who waits for another lock."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns.split())
    for name, when in (("made", "INSERT"), ("changed", "UPDATE"), ("gone", "DELETE")):
        if to == "user" and name != "changed":
            continue  # nobody is anybody's member yet, or any more
        yield migrations.RunSQL(
            f"CREATE CONSTRAINT TRIGGER {table}_entitlements_{name} AFTER {when} ON {table} "
            f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {f'WHEN ({changed})' if name == 'changed' else ''} "
            f"EXECUTE FUNCTION storefront_entitlements_changed('{to}')",
            f"DROP TRIGGER {table}_entitlements_{name} ON {table}",
        )


def watch_dunning():
    for name, (act, when) in DUNNING_WATCHES.items():
        yield migrations.RunSQL(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {act} ON billing_dunningepisode DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW {when} EXECUTE FUNCTION storefront_entitlements_changed('subscription')",
            f"DROP TRIGGER {name} ON billing_dunningepisode",
        )


def watch_terms():
    for name, (act, when) in TERMS_WATCHES.items():
        yield migrations.RunSQL(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {act} ON billing_terms DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW {when} EXECUTE FUNCTION storefront_entitlements_changed('organization')",
            f"DROP TRIGGER {name} ON billing_terms",
        )


OPERATIONS = [
    migrations.RunSQL(
        "CREATE TRIGGER billing_seatledgerentry_append_only BEFORE UPDATE OR DELETE ON billing_seatledgerentry "
        "FOR EACH ROW EXECUTE FUNCTION storefront_append_only()",
        "DROP TRIGGER billing_seatledgerentry_append_only ON billing_seatledgerentry",
    ),
    migrations.RunSQL(GRANTED, "DROP FUNCTION storefront_entitlements_changed()"),
    *(operation for watched in WATCHED for operation in watch(*watched)),
    migrations.RunSQL(RENEWAL, "DROP FUNCTION storefront_renewal_moved()"),
    migrations.RunSQL(RENEWAL_MADE, "DROP TRIGGER billing_subscription_renewal_made ON billing_subscription"),
    migrations.RunSQL(RENEWAL_MOVED, "DROP TRIGGER billing_subscription_renewal_moved ON billing_subscription"),
    migrations.RunSQL(ACCESS, "DROP TRIGGER billing_subscription_access_changed ON billing_subscription"),
    migrations.RunSQL(SEATS, "DROP FUNCTION storefront_seats_taken()"),
    migrations.RunSQL(GIVEN, "DROP TRIGGER billing_seatassignment_expansion ON billing_seatassignment"),
    migrations.RunSQL(BOUGHT, "DROP TRIGGER billing_subscription_expansion ON billing_subscription"),
    migrations.RunSQL(CARD, "DROP FUNCTION storefront_card_changed()"),
    migrations.RunSQL(CARD_MADE, "DROP TRIGGER billing_customer_card_made ON billing_customer"),
    migrations.RunSQL(CARD_CHANGED, "DROP TRIGGER billing_customer_card_changed ON billing_customer"),
    *watch_dunning(),
    *watch_terms(),
    migrations.RunSQL(AGREED, "DROP FUNCTION storefront_agreed_discounts_due()"),
    *(
        migrations.RunSQL(
            f"CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION storefront_agreed_discounts_due()",
            f"DROP TRIGGER {name} ON billing_subscription",
        )
        for name, when in AGREED_TRIGGERS.items()
    ),
    migrations.RunSQL(QUOTES, "DROP FUNCTION storefront_quotes_to_look_at()"),
    *(
        migrations.RunSQL(
            f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION storefront_quotes_to_look_at()",
            f"DROP TRIGGER {name} ON {when.rsplit(maxsplit=1)[-1]}",
        )
        for name, when in QUOTES_TRIGGERS.items()
    ),
    staff_groups.grant("billing", {group: words.split() for group, words in PERMISSIONS.items()}),
]
