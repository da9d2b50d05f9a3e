"""Pilots: what the catalog offers, who had one, and who may look at them."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import staff_groups

TABLE = {
    name: ["view_pilot", "view_pilotfee", *(["view_pilotrun"] if name != staff_groups.MARKETING else [])]
    for name in staff_groups.GROUPS
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_external_ids"),
        ("billing", "0017_difference_kinds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pilot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40)),
                ("name", models.JSONField(help_text="Language code to text.")),
                ("pitch", models.JSONField(default=dict, help_text="Language code to text.")),
                ("rank", models.PositiveSmallIntegerField(default=0)),
                ("seats", models.PositiveIntegerField(help_text="How many people it is for, at most.")),
                ("days", models.PositiveSmallIntegerField(help_text="How long it lasts.")),
                (
                    "is_credited",
                    models.BooleanField(
                        default=False,
                        help_text="The fee is taken off the plan's first charge, if it follows before the pilot's end.",
                    ),
                ),
                ("stripe_product_id", models.CharField(blank=True, max_length=64)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="No longer offered; whoever has it keeps it.", null=True),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="billing.productline"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="billing.plan"),
                ),
            ],
            options={
                "verbose_name": "pilot",
                "verbose_name_plural": "pilots",
                "ordering": ["line__rank", "rank"],
            },
        ),
        migrations.AddField(
            model_name="cart",
            name="pilot",
            field=models.ForeignKey(
                blank=True,
                help_text="Bought as this pilot, for its fee.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.pilot",
            ),
        ),
        migrations.CreateModel(
            name="PilotFee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(help_text="ISO 4217, lower case as Stripe has it.", max_length=3)),
                ("amount_minor", models.PositiveIntegerField(help_text="Minor units, once, before tax.")),
                ("margin_bps", models.PositiveIntegerField(default=0, help_text="Staff only: margin in basis points.")),
                (
                    "unit_cost_minor",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Staff only: what the pilot costs us; if known, it replaces the margin.",
                        null=True,
                    ),
                ),
                ("fingerprint", models.CharField(help_text="Of the fee and its credit: equal means unchanged.", max_length=64)),
                ("lookup_key", models.CharField(max_length=200)),
                ("stripe_price_id", models.CharField(max_length=64, unique=True)),
                (
                    "stripe_coupon_id",
                    models.CharField(blank=True, help_text="Takes the fee off; empty: nothing does.", max_length=100),
                ),
                (
                    "retired_at",
                    models.DateTimeField(blank=True, help_text="No longer asked; whoever paid it keeps the pilot.", null=True),
                ),
                (
                    "pilot",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fees", to="billing.pilot"),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilot_fees", to="billing.catalogversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "pilot fee",
                "verbose_name_plural": "pilot fees",
                "ordering": ["pilot", "currency", "-id"],
            },
        ),
        migrations.AddField(
            model_name="checkoutattempt",
            name="pilot_fee",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.pilotfee"
            ),
        ),
        migrations.CreateModel(
            name="PilotRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seats", models.PositiveIntegerField()),
                ("days", models.PositiveSmallIntegerField()),
                ("is_credited", models.BooleanField(default=False)),
                ("claimed_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, help_text="The payment page was never completed.", null=True)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, help_text="As agreed.", null=True)),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="Over without the plan: read-only from then on.", null=True),
                ),
                ("converted_at", models.DateTimeField(blank=True, help_text="The plan's first paid period began.", null=True)),
                ("notice_due_at", models.DateTimeField(blank=True, help_text="When the end is announced next.", null=True)),
                ("told_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("told_ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilot_run", to="billing.checkoutattempt"
                    ),
                ),
                (
                    "fee",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="billing.pilotfee"),
                ),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pilot_run",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer's pilot",
                "verbose_name_plural": "customers' pilots",
            },
        ),
        migrations.AddConstraint(
            model_name="pilot",
            constraint=models.UniqueConstraint(fields=("line", "code"), name="pilot_code_unique"),
        ),
        migrations.AddConstraint(
            model_name="pilotfee",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)), fields=("pilot", "currency"), name="pilot_fee_on_offer_unique"
            ),
        ),
        migrations.AddIndex(
            model_name="pilotrun",
            index=models.Index(
                condition=models.Q(("notice_due_at__isnull", False)), fields=["notice_due_at"], name="pilot_notice_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="pilotrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None)), fields=("organization", "line"), name="pilot_organization_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="pilotrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                name="pilot_ordered",
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
                ],
                max_length=10,
            ),
        ),
        staff_groups.grant("billing", TABLE),
    ]
