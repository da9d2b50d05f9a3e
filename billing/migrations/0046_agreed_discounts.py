"""Discounts of a subscription know the exception they are from, and a new subscription has its agreed discount put on it."""

import django.db.models.deletion
from django.db import migrations, models

# The sweep looks at an agreed discount again once there is a subscription to put it on (billing.services.agreeing).
FUNCTION = """
CREATE FUNCTION storefront_agreed_discounts_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_terms SET due_at = LEAST(due_at, COALESCE(NEW.mirrored_at, NEW.started_at))
    WHERE organization_id = NEW.organization_id AND line_id = NEW.line_id AND kind = 'discount' AND state = 'approved';
    RETURN NULL;
END $$
"""
LIVE = "NEW.status IN ('trialing', 'active')"
TRIGGERS = {
    "billing_subscription_agreed_made": f"INSERT ON billing_subscription FOR EACH ROW WHEN ({LIVE})",
    "billing_subscription_agreed_changed": (
        f"UPDATE OF status ON billing_subscription FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND {LIVE})"
    ),
}


class Migration(migrations.Migration):
    dependencies = [("billing", "0045_terms")]

    operations = [
        migrations.AddField(
            model_name="subscriptiondiscount",
            name="terms",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="discounts",
                to="billing.terms",
                verbose_name="exception",
            ),
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_agreed_discounts_due()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION storefront_agreed_discounts_due()",
                f"DROP TRIGGER {name} ON billing_subscription",
            )
            for name, when in TRIGGERS.items()
        ),
    ]
