"""Which add-on an invoice's line is for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0026_adjustments_by_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="addon",
            field=models.JSONField(blank=True, default=dict, help_text="The add-on's name by language; of the plan, empty."),
        ),
    ]
