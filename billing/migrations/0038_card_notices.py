"""Cards that expire are announced; a trigger says when to look at each."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_cardnotice"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
# Whoever writes a card: looked at from 90 days before its end on, the longest of any notice.
FUNCTION = """
CREATE FUNCTION storefront_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_cardwatch (customer_id, due_at)
    VALUES (NEW.id, CASE WHEN NEW.card_last4 <> '' AND NEW.card_exp_month BETWEEN 1 AND 12
        THEN make_timestamptz(NEW.card_exp_year, NEW.card_exp_month, 1, 0, 0, 0, 'UTC') - interval '60 days' END)
    ON CONFLICT (customer_id) DO UPDATE SET due_at = EXCLUDED.due_at;
    RETURN NULL;
END $$
"""
MADE = """
CREATE TRIGGER billing_customer_card_made AFTER INSERT ON billing_customer
FOR EACH ROW EXECUTE FUNCTION storefront_card_changed()
"""
CHANGED = """
CREATE TRIGGER billing_customer_card_changed AFTER UPDATE ON billing_customer FOR EACH ROW
WHEN (OLD.payment_method_id IS DISTINCT FROM NEW.payment_method_id OR OLD.card_last4 IS DISTINCT FROM NEW.card_last4
    OR OLD.card_exp_month IS DISTINCT FROM NEW.card_exp_month OR OLD.card_exp_year IS DISTINCT FROM NEW.card_exp_year)
EXECUTE FUNCTION storefront_card_changed()
"""
THERE = """
INSERT INTO billing_cardwatch (customer_id, due_at)
SELECT id, make_timestamptz(card_exp_year, card_exp_month, 1, 0, 0, 0, 'UTC') - interval '60 days' FROM billing_customer
WHERE card_last4 <> '' AND card_exp_year IS NOT NULL AND card_exp_month BETWEEN 1 AND 12
"""


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0037_pauses"),
    ]

    operations = [
        migrations.CreateModel(
            name='CardWatch',
            fields=[
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='card_watch', serialize=False, to='billing.customer')),
                ('due_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'card watch',
                'verbose_name_plural': 'card watches',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='card_watch_due')],
            },
        ),
        migrations.CreateModel(
            name='CardNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment_method_id', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('first', 'First notice'), ('last', 'Last notice'), ('charge', 'Before the charge that would fail')], max_length=6)),
                ('about_at', models.DateTimeField(help_text='The end of the card, or the charge.', verbose_name='about')),
                ('decided_at', models.DateTimeField(verbose_name='due since')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='card_notices', to='billing.customer')),
            ],
            options={
                'verbose_name': 'card notice',
                'verbose_name_plural': 'card notices',
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['decided_at'], name='card_notice_due')],
                'constraints': [models.UniqueConstraint(fields=('customer', 'payment_method_id', 'kind', 'about_at'), name='card_notice_unique')],
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_card_changed()"),
        migrations.RunSQL(MADE, "DROP TRIGGER billing_customer_card_made ON billing_customer"),
        migrations.RunSQL(CHANGED, "DROP TRIGGER billing_customer_card_changed ON billing_customer"),
        migrations.RunSQL(THERE, migrations.RunSQL.noop),
        staff_groups.grant("billing", LOOKING),
    ]
