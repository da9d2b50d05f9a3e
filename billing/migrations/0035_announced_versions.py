from django.db import migrations, models


class Migration(migrations.Migration):
    """Which version of what may be used webhooks have told of. The rest is caught up with by the lane, some rows at a time."""

    dependencies = [("billing", "0034_price_moves")]

    operations = [
        migrations.AddField(
            model_name="entitlementversion", name="announced", field=models.PositiveBigIntegerField(db_default=0)
        ),
        migrations.AddIndex(
            model_name="entitlementversion",
            index=models.Index(
                fields=["organization"],
                condition=models.Q(("number__gt", models.F("announced"))),
                name="entitlement_version_news",
            ),
        ),
    ]
