"""Exceptions keep the instants of their days, in the zone of the customer they are for; so do the discounts they give."""

from django.db import migrations, models

# A zone that this database does not know is taken for UTC, as everywhere.
ZONE = "CASE WHEN EXISTS (SELECT 1 FROM pg_timezone_names z WHERE z.name = o.time_zone) THEN o.time_zone ELSE 'UTC' END"
FILL = f"""
UPDATE billing_terms t SET starts_at = t.starts_on::timestamp AT TIME ZONE {ZONE}, ends_at = t.ends_on::timestamp AT TIME ZONE {ZONE}
FROM accounts_organization o WHERE o.id = t.organization_id;
UPDATE billing_terms SET due_at = LEAST(due_at, now()) WHERE state = 'approved' AND due_at IS NOT NULL;
UPDATE billing_subscriptiondiscount d SET ends_at = t.ends_at FROM billing_terms t
WHERE t.id = d.terms_id AND d.ended_at IS NULL AND d.ends_at IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0055_booked_ends")]

    operations = [
        migrations.AddField(
            model_name="terms",
            name=name,
            field=models.DateTimeField(editable=False, null=True, verbose_name=said),
        )
        for name, said in (("starts_at", "holds from this instant"), ("ends_at", "over at this instant"))
    ]
    operations += [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        *(
            migrations.AlterField(
                model_name="terms",
                name=name,
                field=models.DateTimeField(editable=False, verbose_name=said),
            )
            for name, said in (("starts_at", "holds from this instant"), ("ends_at", "over at this instant"))
        ),
    ]
