"""What the squashed migration does beside tables: triggers, the staff's groups and what they may."""

from django.db import migrations

from accounts import staff_groups

# The journal and the policy register are append-only: the database itself refuses to change or remove a row.
# One change is let through: an actor whose account was deleted becomes nobody (ON DELETE SET NULL).
FUNCTION = """
CREATE FUNCTION storefront_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id'
       AND to_jsonb(NEW) ->> 'actor_id' IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: add a row that corrects, do not change the past', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""
PERMISSIONS = {
    "support": """
        add_ownerrecovery add_viewing change_suppression view_acceptance view_apikey view_billingcontact
        view_closedorganization view_invitation view_joinrequest view_journal view_legaldocument view_mailstop
        view_membership view_organization view_organizationmerge view_organizationprofile view_outgoingmail
        view_ownerrecovery view_policy view_seatrequest view_suppression view_user view_viewing view_webhookdelivery
        view_webhookendpoint
    """,
    "rep": """
        add_viewing view_journal view_membership view_organization view_organizationmerge view_organizationprofile
        view_policy view_user view_viewing
    """,
    "manager": """
        add_ownerrecovery add_viewing change_closedorganization change_ownerrecovery change_suppression view_acceptance
        view_apikey view_billingcontact view_closedorganization view_invitation view_joinrequest view_journal
        view_legaldocument view_mailstop view_membership view_organization view_organizationmerge
        view_organizationprofile view_outgoingmail view_ownerrecovery view_policy view_seatrequest view_suppression
        view_user view_viewing view_webhookdelivery view_webhookendpoint
    """,
    "csm": """
        add_viewing view_invitation view_journal view_membership view_organization view_organizationmerge
        view_organizationprofile view_policy view_user view_viewing
    """,
    "finance": """
        export_rows view_acceptance view_journal view_legaldocument view_membership view_organization
        view_organizationmerge view_organizationprofile view_policy view_user
    """,
    "revenue_operations": """
        add_organizationmerge add_ownerrecovery add_policy change_closedorganization change_ownerrecovery
        change_suppression export_rows view_acceptance view_apikey view_billingcontact view_closedorganization
        view_invitation view_joinrequest view_journal view_journalcursor view_legaldocument view_mailstop
        view_membership view_organization view_organizationmerge view_organizationprofile view_outgoingmail
        view_ownerrecovery view_policy view_seatrequest view_suppression view_user view_viewing view_webhookdelivery
        view_webhookendpoint
    """,
    "marketing": """
        view_organization view_organizationprofile view_policy
    """,
}


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION storefront_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


OPERATIONS = [
    migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_append_only()"),
    trigger("accounts_journal"),
    trigger("accounts_policy"),
    staff_groups.make(),
    staff_groups.grant("accounts", {group: words.split() for group, words in PERMISSIONS.items()}),
]
