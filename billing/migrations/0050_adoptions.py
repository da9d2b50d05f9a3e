"""Contracts that were sold elsewhere, taken over and released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_adoption"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
RELEASING = {name: ["change_adoption"] for name in (staff_groups.FINANCE, staff_groups.REVENUE_OPERATIONS)}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_webhook_permissions"),
        ("billing", "0049_monthly_addons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Adoption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=60, unique=True, verbose_name="reference")),
                (
                    "segment",
                    models.CharField(
                        choices=[("smb", "Small business"), ("mid_market", "Mid-market"), ("enterprise", "Enterprise")],
                        max_length=12,
                        verbose_name="segment",
                    ),
                ),
                (
                    "arr_minor",
                    models.BigIntegerField(
                        help_text="As the contract has it, in minor units of its currency.", verbose_name="ARR"
                    ),
                ),
                ("list_arr_minor", models.BigIntegerField(verbose_name="ARR by the price list")),
                ("currency", models.CharField(max_length=3)),
                ("email", models.EmailField(help_text="Invited when it is released.", max_length=254, verbose_name="owner")),
                ("was_at_stripe", models.BooleanField(verbose_name="Stripe's subscription kept")),
                ("said", models.JSONField(default=dict, help_text="The line of the file.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("adopted", "Waits for release"),
                            ("releasing", "Being released"),
                            ("released", "Released"),
                            ("failed", "Failed"),
                        ],
                        default="adopted",
                        max_length=10,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("adopted_at", models.DateTimeField(verbose_name="taken over")),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                (
                    "adopted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken over by",
                    ),
                ),
                (
                    "command",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adoption", to="billing.stripecommand"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adoptions", to="accounts.organization"
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="released by",
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adoption", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "contract taken over",
                "verbose_name_plural": "contracts taken over",
                "indexes": [models.Index(fields=["adopted_at"], name="adoption_adopted_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "adopted"), ("released_by__isnull", False), _connector="OR"),
                        name="adoption_released_by",
                    )
                ],
            },
        ),
        staff_groups.grant("billing", LOOKING),
        staff_groups.grant("billing", RELEASING),
    ]
