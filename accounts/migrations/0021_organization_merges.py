"""Merges of organizations, and who of the staff may look at and make them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_organizationmerge"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
MERGING = {staff_groups.REVENUE_OPERATIONS: ["add_organizationmerge"]}


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0020_sent_invoices'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrganizationMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('moved', models.JSONField(default=dict, verbose_name='what moved')),
                ('merged_at', models.DateTimeField(verbose_name='merged at')),
                ('merged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='merged_into', to='accounts.organization', verbose_name='merged')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges', to='accounts.organization', verbose_name='goes on as')),
            ],
            options={
                'verbose_name': 'merge of organizations',
                'verbose_name_plural': 'merges of organizations',
                'constraints': [models.CheckConstraint(condition=models.Q(('source', models.F('target')), _negated=True), name='merge_of_two')],
            },
        ),
        staff_groups.grant("accounts", LOOKING),
        staff_groups.grant("accounts", MERGING),
    ]
