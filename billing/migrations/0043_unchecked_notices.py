"""Notices of renewals are written without a check of each subscription: the sweep reads it in the same statement."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0042_cart_reminders'),
    ]

    operations = [
        migrations.AlterField(
            model_name='renewalnotice',
            name='subscription',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='renewal_notices', to='billing.subscription'),
        ),
    ]
