from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Ids of the vendor's own, unique where there is one."""

    dependencies = [
        ("accounts", "0014_external_ids"),
        ("billing", "0012_giving_back_permissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
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
            model_name="checkoutattempt",
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
            model_name="invoice",
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
            model_name="scheduledchange",
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
            model_name="seatchange",
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
            model_name="subscription",
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
            model_name="cart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="cart_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="checkout_attempt_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="invoice_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("subscription", "external_id"),
                name="scheduled_change_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="seatchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("subscription", "external_id"),
                name="seat_change_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("organization", "external_id"),
                name="subscription_external_id_unique",
            ),
        ),
    ]
