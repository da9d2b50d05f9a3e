"""Addresses that are invited once the seats are paid."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0019_discount_notices'),
    ]

    operations = [
        migrations.AddField(
            model_name='seatchange',
            name='invite',
            field=models.JSONField(default=list, help_text='Addresses invited to the new seats; kept until it is concluded.'),
        ),
    ]
