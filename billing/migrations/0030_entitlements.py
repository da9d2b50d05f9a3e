"""Usage counters, and a version for each organization that goes up with whatever changes what it is granted."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_featureusage"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}

# An organization that is being deleted, with all that it has, gets no version any more: hence the selects.
FUNCTION = """
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


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_usage_scope"),
        ("billing", "0029_promotion_rest"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="EntitlementVersion",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entitlement_version",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
            ],
            options={"verbose_name": "entitlement version", "verbose_name_plural": "entitlement versions"},
        ),
        migrations.CreateModel(
            name="FeatureUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("feature", models.CharField(max_length=60)),
                ("starts_at", models.DateTimeField(verbose_name="since")),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True, help_text="Empty: it is counted until it is given back.", null=True, verbose_name="until"
                    ),
                ),
                ("used", models.PositiveBigIntegerField()),
                ("changed", models.BigIntegerField()),
                ("revision", models.PositiveBigIntegerField(default=1)),
                ("first_used_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="usages", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "feature usage",
                "verbose_name_plural": "feature usage",
                "ordering": ["-starts_at", "organization_id", "feature"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "feature", "starts_at"), name="feature_usage_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="feature_usage_ordered",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_entitlements_changed()"),
        *(operation for watched in WATCHED for operation in watch(*watched)),
        staff_groups.grant("billing", LOOKING),
    ]
