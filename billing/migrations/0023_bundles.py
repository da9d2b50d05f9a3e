"""Bundles: the lines that subscriptions occupy, shares of revenue, and who may look at them."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups


TABLE = {name: ["view_revenueshare"] for name in (staff_groups.FINANCE, staff_groups.REVENUE_OPERATIONS, staff_groups.MANAGER)}
LIVE = ("trialing", "active", "past_due", "unpaid", "paused")


def occupy(apps: Any, schema_editor: Any) -> None:
    """Every live subscription stands for its line; of bundles there were none."""
    occupied = apps.get_model("billing", "OccupiedLine")
    rows = apps.get_model("billing", "Subscription").objects.filter(status__in=LIVE)
    occupied.objects.bulk_create(
        [occupied(organization_id=row.organization_id, line_id=row.line_id, subscription_id=row.pk) for row in rows],
        batch_size=1_000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_external_ids"),
        ("billing", "0022_lowered_invoices"),
    ]

    operations = [
        migrations.AddField(
            model_name="price",
            name="parts",
            field=models.JSONField(
                blank=True, default=list, help_text="Of a bundle: list of {line, plan, weight}, by which its revenue is shared."
            ),
        ),
        migrations.CreateModel(
            name="OccupiedLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="occupied", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "occupied line",
                "verbose_name_plural": "occupied lines",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("organization", "line"), name="line_occupied_once"
                    ),
                    models.UniqueConstraint(fields=("subscription", "line"), name="line_occupied_by_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.CharField(help_text="The product line's code.", max_length=40)),
                ("plan", models.CharField(help_text="The plan's code.", max_length=40)),
                ("weight", models.PositiveIntegerField(help_text="Its share among the weights of all parts.")),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "invoice",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="billing.invoice"),
                ),
            ],
            options={
                "verbose_name": "revenue share",
                "verbose_name_plural": "revenue shares",
                "ordering": ["-invoice__issued_at", "invoice_id", "id"],
                "constraints": [models.UniqueConstraint(fields=("invoice", "line"), name="revenue_share_unique")],
            },
        ),
        migrations.RunPython(occupy, migrations.RunPython.noop),
        staff_groups.grant("billing", TABLE),
    ]
