"""What carts, changes and the ledger say of add-ons."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0020_invite_with_seats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="scheduledchange",
            name="scheduled_change_changes",
        ),
        migrations.AddField(
            model_name="cart",
            name="addons",
            field=models.JSONField(
                blank=True, default=dict, help_text="Code to how many; null: one for each seat.", verbose_name="add-ons"
            ),
        ),
        migrations.AddField(
            model_name="checkoutattempt",
            name="addons",
            field=models.JSONField(
                blank=True, default=list, help_text="List of {code, number, stripe_price_id}.", verbose_name="add-ons"
            ),
        ),
        migrations.AddField(
            model_name="scheduledchange",
            name="addon",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addon"
            ),
        ),
        migrations.AddField(
            model_name="scheduledchange",
            name="addon_after",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="add-ons after"),
        ),
        migrations.AddField(
            model_name="seatchange",
            name="addon_after",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="add-ons after"),
        ),
        migrations.AddField(
            model_name="seatchange",
            name="addon_price",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addonprice"
            ),
        ),
        migrations.AddField(
            model_name="seatledgerentry",
            name="addon",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addon"
            ),
        ),
        migrations.AddField(
            model_name="seatledgerentry",
            name="addon_after",
            field=models.PositiveIntegerField(
                help_text="How many of it are had then.", null=True, verbose_name="add-ons after"
            ),
        ),
        migrations.AlterField(
            model_name="scheduledchange",
            name="kind",
            field=models.CharField(
                choices=[("seats", "Seats"), ("end", "End of the subscription"), ("addon", "Add-on")],
                default="seats",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="seatledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("started", "Subscription started"),
                    ("added", "Seats added"),
                    ("renewed", "Changed at renewal"),
                    ("removed", "Seats given back"),
                    ("stripe", "Changed in Stripe"),
                    ("ended", "Subscription ended"),
                    ("converted", "First paid period"),
                    ("addon", "Add-on changed"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("addon", None), ("delta", 0), ("kind", "end")),
                    models.Q(("addon", None), ("kind", "seats"), models.Q(("delta", 0), _negated=True)),
                    models.Q(("addon__isnull", False), ("addon_after__isnull", False), ("delta", 0), ("kind", "addon")),
                    _connector="OR",
                ),
                name="scheduled_change_changes",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "addon"), ("state", "pending")),
                fields=("subscription", "addon"),
                name="scheduled_addon_pending_unique",
            ),
        ),
    ]
