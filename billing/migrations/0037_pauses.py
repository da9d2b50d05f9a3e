"""Pauses, and what they do to the ledger."""

import accounts.models.organization
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_pause"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0036_auto_expansion'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='seatledgerentry',
            name='kind',
            field=models.CharField(choices=[('started', 'Subscription started'), ('added', 'Seats added'), ('renewed', 'Changed at renewal'), ('removed', 'Seats given back'), ('stripe', 'Changed in Stripe'), ('ended', 'Subscription ended'), ('converted', 'First paid period'), ('addon', 'Add-on changed'), ('plan', 'Plan changed'), ('paused', 'Paused'), ('resumed', 'Gone on after a pause')], max_length=10),
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True)),
                ('nonce', models.CharField(max_length=40, unique=True)),
                ('state', models.CharField(choices=[('sending', 'Being made'), ('on', 'Paused'), ('resumed', 'Gone on'), ('ended', 'Ended with the subscription'), ('failed', 'Failed')], default='sending', max_length=8)),
                ('months', models.PositiveSmallIntegerField()),
                ('credit_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('asked_at', models.DateTimeField()),
                ('began_at', models.DateTimeField(blank=True, null=True)),
                ('resumes_at', models.DateTimeField(blank=True, help_text='When it goes on by itself.', null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, help_text='Store time: when to announce it, or to go on.', null=True)),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('message', models.CharField(blank=True, help_text='Why it did not go on by itself, for the buyer.', max_length=300)),
                ('source', models.CharField(max_length=20)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('command', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pause', to='billing.stripecommand')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='billing.subscription')),
            ],
            options={
                'verbose_name': 'pause',
                'verbose_name_plural': 'pauses',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False), ('state', 'on')), fields=['due_at'], name='pause_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('sending', 'on'))), fields=('subscription',), name='pause_open_unique'), models.CheckConstraint(condition=models.Q(('began_at', None), ('resumes_at__gt', models.F('began_at')), _connector='OR'), name='pause_ordered')],
            },
        ),
        staff_groups.grant("billing", LOOKING),
    ]
