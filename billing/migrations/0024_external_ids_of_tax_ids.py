from django.db import migrations, models


class Migration(migrations.Migration):
    """Ids of the vendor's own for tax ids too."""

    dependencies = [
        ("accounts", "0015_more_external_ids"),
        ("billing", "0023_bundles"),
    ]

    operations = [
        migrations.AddField(
            model_name="taxid",
            name="external_id",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The vendor's own id of it, set through the API.",
                max_length=120,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="taxid",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="tax_id_external_id_unique",
            ),
        ),
    ]
