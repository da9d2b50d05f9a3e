from django.db import migrations, models


class Migration(migrations.Migration):
    """Ids of the vendor's own, unique where there is one."""

    dependencies = [
        ("accounts", "0013_export_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="external_id",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The vendor's own id of it, set through the API.",
                max_length=120,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="invitation",
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
            model_name="apikey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="api_key_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="invitation_external_id_unique",
            ),
        ),
    ]
