import django.db.models.deletion
from django.db import migrations, models


def named():
    return models.CharField(
        blank=True,
        editable=False,
        help_text="The vendor's own id of it, set through the API.",
        max_length=120,
        null=True,
    )


def unique(name):
    return models.UniqueConstraint(
        condition=models.Q(("external_id__isnull", False)),
        fields=("organization", "external_id"),
        name=f"{name}_external_id_unique",
    )


class Migration(migrations.Migration):
    """Ids of the vendor's own for billing contacts and requests too, unique within an organization, which seat requests name."""

    dependencies = [
        ("accounts", "0014_external_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="seatrequest",
            name="organization",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="seat_requests",
                to="accounts.organization",
            ),
        ),
        migrations.RunSQL(
            "UPDATE accounts_seatrequest SET organization_id = accounts_membership.organization_id FROM accounts_membership "
            "WHERE accounts_membership.id = membership_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="seatrequest",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="seat_requests", to="accounts.organization"
            ),
        ),
        migrations.AddField(model_name="billingcontact", name="external_id", field=named()),
        migrations.AddField(model_name="joinrequest", name="external_id", field=named()),
        migrations.AddField(model_name="seatrequest", name="external_id", field=named()),
        migrations.AddConstraint(model_name="billingcontact", constraint=unique("billing_contact")),
        migrations.AddConstraint(model_name="joinrequest", constraint=unique("join_request")),
        migrations.AddConstraint(model_name="seatrequest", constraint=unique("seat_request")),
    ]
