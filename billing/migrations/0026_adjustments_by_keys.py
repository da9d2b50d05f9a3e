import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def named():
    return models.CharField(
        blank=True,
        editable=False,
        help_text="The vendor's own id of it, set through the API.",
        max_length=120,
        null=True,
    )


def unique(scope, name):
    return models.UniqueConstraint(
        condition=models.Q(("external_id__isnull", False)),
        fields=(scope, "external_id"),
        name=f"{name}_external_id_unique",
    )


class Migration(migrations.Migration):
    """A vendor's key may give money back, where a person did until now: one of the two. Both rows have the vendor's ids."""

    dependencies = [
        ("accounts", "0016_refunds_scope"),
        ("billing", "0025_tiers_and_shares_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="adjustment",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="api_key",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.apikey",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("actor__isnull", False), ("api_key", None))
                | models.Q(("actor", None), ("api_key__isnull", False)),
                name="adjustment_is_somebodys",
            ),
        ),
        migrations.AddField(model_name="adjustment", name="external_id", field=named()),
        migrations.AddField(model_name="creditnote", name="external_id", field=named()),
        migrations.AddConstraint(model_name="adjustment", constraint=unique("organization", "adjustment")),
        migrations.AddConstraint(model_name="creditnote", constraint=unique("invoice", "credit_note")),
    ]
