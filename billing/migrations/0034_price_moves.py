"""Whoever has a price that is sold no more is asked before a renewal, and the answer is kept."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_pricemove"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0033_dunning"),
    ]

    operations = [
        migrations.AlterField(
            model_name='renewalnotice',
            name='kind',
            field=models.CharField(choices=[('first', 'First notice'), ('last', 'Last notice'), ('change', 'Notice of a change'), ('price', 'Notice of a new price')], max_length=6),
        ),
        migrations.CreateModel(
            name='PriceMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_ends_at', models.DateTimeField(verbose_name='renewal')),
                ('is_end', models.BooleanField(verbose_name='ends without a click')),
                ('asked_at', models.DateTimeField()),
                ('amount_before_minor', models.BigIntegerField(verbose_name='renewal at the old price')),
                ('amount_after_minor', models.BigIntegerField(blank=True, null=True, verbose_name='renewal at the new price')),
                ('currency', models.CharField(max_length=3)),
                ('closes_at', models.DateTimeField(verbose_name='answered by')),
                ('state', models.CharField(choices=[('open', 'Not answered'), ('accepted', 'New price accepted'), ('other', 'Another plan chosen'), ('stayed', 'Old price kept'), ('ended', 'Ends')], default='open', max_length=8)),
                ('price_after', models.ForeignKey(blank=True, help_text='Empty: the plan is sold no more.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.price', verbose_name='new price')),
                ('price_before', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.price', verbose_name='old price')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='price_moves', to='billing.subscription')),
            ],
            options={
                'verbose_name': 'price move',
                'verbose_name_plural': 'price moves',
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['closes_at'], name='price_move_open')],
                'constraints': [models.UniqueConstraint(fields=('subscription', 'period_ends_at'), name='price_move_unique'), models.CheckConstraint(condition=models.Q(('closes_at__lt', models.F('period_ends_at'))), name='price_move_closes_before')],
            },
        ),
        staff_groups.grant("billing", LOOKING),
    ]
