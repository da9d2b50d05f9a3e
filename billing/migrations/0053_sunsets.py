"""Plans that end for those who have them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_sunset", "view_sunsetcase"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
ACTING = {staff_groups.REVENUE_OPERATIONS: ["add_sunset", "change_sunset"]}


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0052_replaced_invoices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Sunset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ends_on', models.DateField(help_text='For each customer at its first renewal from this day on.', verbose_name='ends on')),
                ('is_end', models.BooleanField(help_text='Else who chooses nothing keeps the plan.', verbose_name='ends without a click')),
                ('reason', models.CharField(help_text='For us.', max_length=300)),
                ('state', models.CharField(choices=[('running', 'Running'), ('over', 'Over: nobody has the plan'), ('called_off', 'Called off')], default='running', max_length=10)),
                ('created_at', models.DateTimeField()),
                ('enrol_at', models.DateTimeField(blank=True, help_text='When it is looked for new customers of the plan.', null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sunsets', to='billing.plan')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.plan', verbose_name='suggested instead')),
            ],
            options={
                'verbose_name': 'sunset of a plan',
                'verbose_name_plural': 'sunsets of plans',
            },
        ),
        migrations.CreateModel(
            name='SunsetCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Not answered'), ('chosen', 'Another plan chosen'), ('moved', 'Another plan waits, or is had'), ('ends', 'Ends without an answer'), ('stays', 'Keeps the plan'), ('gone', 'Ends, or has ended, anyway'), ('called_off', 'Called off')], default='open', max_length=10)),
                ('renews_at', models.DateTimeField(verbose_name='had until')),
                ('told', models.PositiveSmallIntegerField(default=0, verbose_name='notices')),
                ('amount_minor', models.BigIntegerField(blank=True, null=True, verbose_name='renewal then')),
                ('chosen_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('chosen_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('price', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.price', verbose_name='chosen')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sunset_cases', to='billing.subscription')),
                ('sunset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='billing.sunset')),
            ],
            options={
                'verbose_name': 'customer of a sunset',
                'verbose_name_plural': 'customers of sunsets',
            },
        ),
        migrations.AddConstraint(
            model_name='sunset',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('plan',), name='sunset_one_a_plan'),
        ),
        migrations.AddConstraint(
            model_name='sunset',
            constraint=models.CheckConstraint(condition=models.Q(('successor', models.F('plan')), _negated=True), name='sunset_leads_elsewhere'),
        ),
        migrations.AddIndex(
            model_name='sunsetcase',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='sunset_case_due'),
        ),
        migrations.AddConstraint(
            model_name='sunsetcase',
            constraint=models.UniqueConstraint(fields=('sunset', 'subscription'), name='sunset_case_unique'),
        ),
        migrations.AddConstraint(
            model_name='sunsetcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'chosen'), _negated=True), ('price__isnull', False), _connector='OR'), name='sunset_case_chose'),
        ),
        staff_groups.grant("billing", LOOKING),
        staff_groups.grant("billing", ACTING),
    ]
