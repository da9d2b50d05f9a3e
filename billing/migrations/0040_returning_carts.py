"""Carts that are filled with what an ended subscription had."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0039_disputes'),
    ]

    operations = [
        migrations.AddField(
            model_name='cart',
            name='back_from',
            field=models.ForeignKey(blank=True, help_text='Filled with what this one had.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.subscription'),
        ),
    ]
