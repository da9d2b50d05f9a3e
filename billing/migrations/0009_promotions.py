"""Promotions of the catalog, the discounts that subscriptions have of them, and what they took off invoices."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

LOOK = ["view_promotion", "view_subscriptiondiscount"]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_differences"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="promotion_code",
            field=models.CharField(blank=True, help_text="As it was typed, in capitals; it may not hold.", max_length=40),
        ),
        migrations.AddField(
            model_name="invoice",
            name="discount_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="discount_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=31)),
                ("name", models.JSONField(help_text="Language code to text.")),
                ("percent_bps", models.PositiveIntegerField(blank=True, null=True)),
                ("amounts", models.JSONField(default=list, help_text="List of [currency, minor units].")),
                ("plans", models.JSONField(default=list, help_text="Lines and plans it counts for; empty: all.")),
                ("intervals", models.JSONField(default=list, help_text="Empty: all.")),
                (
                    "duration",
                    models.CharField(
                        choices=[("once", "One invoice"), ("repeating", "Some months"), ("forever", "Without end")],
                        max_length=10,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("most_uses", models.PositiveIntegerField(blank=True, null=True)),
                ("first_purchase_only", models.BooleanField(default=False)),
                ("fingerprint", models.CharField(help_text="Of what it promises: equal means unchanged.", max_length=64)),
                ("stripe_coupon_id", models.CharField(max_length=100, unique=True)),
                (
                    "stripe_promotion_code_id",
                    models.CharField(blank=True, help_text="Empty: the code is entered in the store alone.", max_length=64),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="No longer taken; whoever has it keeps it.", null=True),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="promotions", to="billing.catalogversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "promotion",
                "verbose_name_plural": "promotions",
                "ordering": ["code", "-id"],
            },
        ),
        migrations.AddField(
            model_name="checkoutattempt",
            name="promotion",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.promotion"
            ),
        ),
        migrations.CreateModel(
            name="SubscriptionDiscount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("stripe_coupon_id", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, help_text="The coupon's at Stripe.", max_length=100)),
                ("percent_bps", models.PositiveIntegerField(blank=True, null=True)),
                ("amount_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "duration",
                    models.CharField(
                        choices=[("once", "One invoice"), ("repeating", "Some months"), ("forever", "Without end")],
                        max_length=10,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                (
                    "ends_at",
                    models.DateTimeField(blank=True, help_text="Invoices from then on are charged in full.", null=True),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("mirrored_at", models.DateTimeField()),
                (
                    "promotion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discounts",
                        to="billing.promotion",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="discounts", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "discount",
                "verbose_name_plural": "discounts",
            },
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)), fields=("code",), name="promotion_on_offer_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("percent_bps", None), models.Q(("percent_bps__gt", 0), ("percent_bps__lte", 10000)), _connector="OR"
                ),
                name="promotion_percent_in_bounds",
            ),
        ),
        migrations.AddIndex(
            model_name="subscriptiondiscount",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["subscription"], name="discount_in_force"),
        ),
        migrations.AddConstraint(
            model_name="subscriptiondiscount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor__isnull", False), ("percent_bps", None)),
                    models.Q(("amount_minor", None), ("percent_bps__isnull", False)),
                    _connector="OR",
                ),
                name="discount_share_or_amount",
            ),
        ),
        staff_groups.grant("billing", dict.fromkeys(staff_groups.GROUPS, LOOK)),
    ]
