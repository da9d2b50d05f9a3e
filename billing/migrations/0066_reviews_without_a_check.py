"""Reviews are written by the sweep beside notices, out of subscriptions it has just read: without a check, like those."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0065_what_pays_each")]

    operations = [
        migrations.AlterField(
            model_name="renewalreview",
            name="subscription",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="renewal_reviews",
                to="billing.subscription",
            ),
        ),
    ]
