"""Invoice windows: seats that are had at once and billed together."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_invoicewindow"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_staff_groups'),
        ('billing', '0040_returning_carts'),
    ]

    operations = [
        migrations.CreateModel(
            name='InvoiceWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Open'), ('unpaid', 'Not paid'), ('billed', 'Billed'), ('nothing', 'All taken back'), ('released', 'Seats released'), ('ended', 'Subscription ended')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('closes_at', models.DateTimeField()),
                ('seats', models.PositiveIntegerField(default=0)),
                ('agreed', models.JSONField(help_text='What was shown and agreed last: see billing.rules.preview.')),
                ('due_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('unpaid_at', models.DateTimeField(blank=True, help_text='When a payment failed first.', null=True)),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True)),
                ('release_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'invoice window',
                'verbose_name_plural': 'invoice windows',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='subscription',
            name='unbilled',
            field=models.PositiveIntegerField(default=0, help_text='Of these, how many Stripe has not heard of yet: those of an invoice window.'),
        ),
        migrations.AlterField(
            model_name='seatchange',
            name='kind',
            field=models.CharField(choices=[('seats', 'Seats or an add-on'), ('resumption', 'Going on after the trial'), ('conversion', 'From the pilot to the plan'), ('plan', 'Another plan'), ('window', 'Seats of an invoice window')], default='seats', max_length=10),
        ),
        migrations.AlterField(
            model_name='seatledgerentry',
            name='kind',
            field=models.CharField(choices=[('started', 'Subscription started'), ('added', 'Seats added'), ('renewed', 'Changed at renewal'), ('removed', 'Seats given back'), ('stripe', 'Changed in Stripe'), ('ended', 'Subscription ended'), ('converted', 'First paid period'), ('addon', 'Add-on changed'), ('plan', 'Plan changed'), ('paused', 'Paused'), ('resumed', 'Gone on after a pause'), ('released', 'Not paid, given back')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('unbilled__lte', models.F('quantity'))), name='subscription_unbilled_had'),
        ),
        migrations.AddField(
            model_name='invoicewindow',
            name='billed_by',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='billed_window', to='billing.seatchange'),
        ),
        migrations.AddField(
            model_name='invoicewindow',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='windows', to='billing.subscription'),
        ),
        migrations.AddField(
            model_name='seatchange',
            name='window',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='billing.invoicewindow'),
        ),
        migrations.AddField(
            model_name='seatledgerentry',
            name='window',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='billing.invoicewindow'),
        ),
        migrations.AddIndex(
            model_name='invoicewindow',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['closes_at'], name='invoice_window_due'),
        ),
        migrations.AddConstraint(
            model_name='invoicewindow',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('open', 'unpaid'))), fields=('subscription',), name='invoice_window_running_unique'),
        ),
        migrations.AddConstraint(
            model_name='invoicewindow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('state__in', ('open', 'unpaid'))), models.Q(models.Q(('state__in', ('open', 'unpaid')), _negated=True), models.Q(('closed_at', None), _negated=True)), _connector='OR'), name='invoice_window_closed'),
        ),
        staff_groups.grant('billing', LOOKING),
    ]
