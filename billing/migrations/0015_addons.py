"""Add-ons: of the catalog, and of subscriptions."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOK = ["view_addon", "view_addonprice"]
TABLE = {name: [*LOOK, *(["view_subscriptionaddon"] if name != staff_groups.MARKETING else [])] for name in staff_groups.GROUPS}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("billing", "0014_trials"),
    ]

    operations = [
        migrations.CreateModel(
            name="Addon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40)),
                ("name", models.JSONField(help_text="Language code to text.")),
                ("pitch", models.JSONField(help_text="Language code to text.")),
                (
                    "kind",
                    models.CharField(
                        choices=[("fixed", "A number of its own"), ("per_seat", "One for each seat")], max_length=10
                    ),
                ),
                ("quantity_min", models.PositiveIntegerField(default=1)),
                ("quantity_max", models.PositiveIntegerField(default=1)),
                ("plans", models.JSONField(default=list, help_text="Codes of the plans that it goes with.")),
                (
                    "features",
                    models.JSONField(
                        default=list,
                        help_text="What each one of it adds: {code, name, limit: number or null, unit: text or null, group}.",
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(default=0)),
                ("stripe_product_id", models.CharField(blank=True, max_length=64)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="No longer sold; customers who have it keep it.", null=True),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addons", to="billing.productline"
                    ),
                ),
            ],
            options={
                "verbose_name": "add-on",
                "verbose_name_plural": "add-ons",
                "ordering": ["line__rank", "rank"],
            },
        ),
        migrations.CreateModel(
            name="AddonPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("interval", models.CharField(choices=[("month", "Monthly"), ("year", "Yearly")], max_length=5)),
                ("currency", models.CharField(help_text="ISO 4217, lower case as Stripe has it.", max_length=3)),
                (
                    "scheme",
                    models.CharField(
                        choices=[("per_unit", "Per seat"), ("volume", "Volume"), ("graduated", "Graduated")], max_length=10
                    ),
                ),
                (
                    "tiers",
                    models.JSONField(
                        help_text="List of {up_to: seats or null, unit_minor: minor units a seat and interval}; per_unit has one tier."
                    ),
                ),
                ("margin_bps", models.PositiveIntegerField(default=0, help_text="Staff only: margin in basis points.")),
                (
                    "unit_cost_minor",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Staff only: what a seat and interval costs us; if known, it replaces the margin.",
                        null=True,
                    ),
                ),
                ("fingerprint", models.CharField(help_text="Of scheme and tiers: equal means unchanged.", max_length=64)),
                ("lookup_key", models.CharField(max_length=200)),
                ("stripe_price_id", models.CharField(max_length=64, unique=True)),
                (
                    "retired_at",
                    models.DateTimeField(blank=True, help_text="No longer sold; customers on it keep it.", null=True),
                ),
                (
                    "addon",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="billing.addon"),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.catalogversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "add-on price",
                "verbose_name_plural": "add-on prices",
            },
        ),
        migrations.CreateModel(
            name="SubscriptionAddon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "quantity",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: one for each seat.", null=True, verbose_name="number"
                    ),
                ),
                ("stripe_item_id", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "addon",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="held", to="billing.addon"),
                ),
                (
                    "price",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addonprice"),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addons", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "add-on of a subscription",
                "verbose_name_plural": "add-ons of subscriptions",
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="addon",
            constraint=models.UniqueConstraint(fields=("line", "code"), name="addon_code_unique"),
        ),
        migrations.AddConstraint(
            model_name="addon",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity_max__gte", models.F("quantity_min"))), name="addon_quantity_ordered"
            ),
        ),
        migrations.AddConstraint(
            model_name="addonprice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)),
                fields=("addon", "interval", "currency"),
                name="addon_price_on_sale_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriptionaddon",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("subscription", "addon"), name="subscription_addon_live_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriptionaddon",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity", None), ("quantity__gte", 1), _connector="OR"),
                name="subscription_addon_quantity_positive",
            ),
        ),
        staff_groups.grant("billing", TABLE),
    ]
