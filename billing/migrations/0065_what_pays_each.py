"""Of several products each is paid by what it was bought with: a card or account of its own, beside the customer's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0064_held_price_moves")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="own_method",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="What pays it, where Stripe was told so; empty: the customer's.",
            ),
        ),
    ]
