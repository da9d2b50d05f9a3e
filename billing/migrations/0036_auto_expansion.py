"""Seats are added by themselves where the owner allows it; triggers say when to look."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_autoexpansion"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
# Whoever gives a seat, and whatever changes how many are bought: look once it is committed.
FUNCTION = """
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


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0035_announced_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AutoExpansion',
            fields=[
                ('subscription', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='auto_expansion', serialize=False, to='billing.subscription')),
                ('is_on', models.BooleanField(default=False)),
                ('step', models.PositiveIntegerField(default=1)),
                ('most', models.PositiveIntegerField()),
                ('budget_minor', models.PositiveBigIntegerField()),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('stopped', models.CharField(blank=True, choices=[('cap', 'As many seats as allowed'), ('budget', 'The budget is used up'), ('declined', 'The payment was declined'), ('waiting', 'A payment waits'), ('refused', 'It cannot be changed now')], max_length=8)),
                ('set_at', models.DateTimeField()),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'auto-expansion',
                'verbose_name_plural': 'auto-expansions',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='auto_expansion_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('step__gte', 1)), name='auto_expansion_step')],
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_seats_taken()"),
        migrations.RunSQL(GIVEN, "DROP TRIGGER billing_seatassignment_expansion ON billing_seatassignment"),
        migrations.RunSQL(BOUGHT, "DROP TRIGGER billing_subscription_expansion ON billing_subscription"),
        staff_groups.grant("billing", LOOKING),
    ]
