"""The announcement of a discount's end, and the names of discounts on invoices."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0018_pilots'),
    ]

    operations = [
        migrations.AddField(
            model_name='invoice',
            name='discounts',
            field=models.JSONField(blank=True, default=list, help_text='Each discount with name, code and amount.'),
        ),
        migrations.AddField(
            model_name='subscriptiondiscount',
            name='told_at',
            field=models.DateTimeField(blank=True, help_text='When its end was announced.', null=True),
        ),
        migrations.AddIndex(
            model_name='subscriptiondiscount',
            index=models.Index(condition=models.Q(('ended_at', None), ('told_at', None)), fields=['ends_at'], name='discount_to_announce'),
        ),
    ]
