"""Invoice lines with the tiers of graduated prices; shares of revenue that came back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0024_external_ids_of_tax_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="tiers",
            field=models.JSONField(blank=True, default=list, help_text="What each graduated tier has of the amount."),
        ),
        migrations.RemoveConstraint(model_name="revenueshare", name="revenue_share_unique"),
        migrations.AddField(
            model_name="revenueshare",
            name="kind",
            field=models.CharField(
                choices=[("earned", "Earned"), ("note", "Credit note"), ("refund", "Refund without a note")],
                default="earned",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="revenueshare",
            name="credit_note",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shares",
                to="billing.creditnote",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueshare",
            constraint=models.UniqueConstraint(
                fields=("invoice", "line", "kind", "credit_note"), name="revenue_share_unique", nulls_distinct=False
            ),
        ),
    ]
