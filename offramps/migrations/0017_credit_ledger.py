"""What reps are credited with: rows that are never changed, nor taken away."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

GROUPS = (staff_groups.MANAGER, staff_groups.FINANCE, staff_groups.REVENUE_OPERATIONS)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_staff_groups'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('billing', '0065_what_pays_each'),
        ('offramps', '0016_staff_may_look_at_deals'),
    ]

    operations = [
        migrations.CreateModel(
            name='CreditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('order', 'Order'), ('decrease', 'Given back'), ('refund', 'Refunded')], max_length=8, verbose_name='for')),
                ('mrr_minor', models.BigIntegerField(verbose_name='MRR')),
                ('due_minor', models.BigIntegerField(default=0)),
                ('amount_minor', models.BigIntegerField(verbose_name='credit')),
                ('currency', models.CharField(max_length=3)),
                ('rate_bps', models.PositiveIntegerField(verbose_name='rate')),
                ('family', models.CharField(max_length=40, verbose_name='product family')),
                ('is_growth', models.BooleanField(default=False, verbose_name='growth product')),
                ('margin_bps', models.IntegerField(verbose_name='margin')),
                ('source', models.CharField(help_text='As in the seat ledger: page, api, admin, stripe ...', max_length=20, verbose_name='from')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(help_text='An order that lasts until then is earned.', verbose_name='until')),
                ('occurred_at', models.DateTimeField(verbose_name='when')),
                ('credit_note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.creditnote')),
                ('ledger_entry', models.ForeignKey(help_text='The order, or what gave it back.', on_delete=django.db.models.deletion.PROTECT, related_name='credit', to='billing.seatledgerentry')),
                ('pool', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offramps.pool', verbose_name='pool')),
                ('rep', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit_entries', to='offramps.rep', verbose_name='rep')),
                ('reverses', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='offramps.creditentry')),
            ],
            options={
                'verbose_name': 'credit entry',
                'verbose_name_plural': 'credit ledger',
                'indexes': [models.Index(fields=['rep', '-occurred_at'], name='credit_of_rep'), models.Index(fields=['-occurred_at'], name='credit_by_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('reverses', None)), fields=('ledger_entry',), name='credit_order_once'), models.UniqueConstraint(condition=models.Q(('cause', 'decrease')), fields=('reverses', 'ledger_entry'), name='credit_decrease_once'), models.UniqueConstraint(condition=models.Q(('cause', 'refund')), fields=('reverses', 'credit_note'), name='credit_refund_once'), models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__gte', 0), ('cause', 'order'), ('mrr_minor__gt', 0), ('reverses', None)), models.Q(models.Q(('cause', 'order'), _negated=True), ('amount_minor__lte', 0), ('mrr_minor__gte', 0), ('reverses__isnull', False)), _connector='OR'), name='credit_order_or_contra'), models.CheckConstraint(condition=models.Q(models.Q(('pool', None), ('rep__isnull', False)), models.Q(('pool__isnull', False), ('rep', None)), _connector='OR'), name='credit_of_a_rep_or_a_pool'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='credit_term_ordered')],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER offramps_creditentry_append_only BEFORE UPDATE OR DELETE ON offramps_creditentry "
            "FOR EACH ROW EXECUTE FUNCTION storefront_append_only()",
            "DROP TRIGGER offramps_creditentry_append_only ON offramps_creditentry",
        ),
        staff_groups.grant("offramps", dict.fromkeys(GROUPS, ["view_creditentry"])),
    ]
