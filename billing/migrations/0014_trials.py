"""Trials: what plans offer, who had one, and who may look at them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

TABLE = {name: ["view_trial"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_asking_permissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("billing", "0013_external_ids"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="is_trial",
            field=models.BooleanField(default=False, help_text="Tried first: nothing is charged until the trial ends."),
        ),
        migrations.AddField(
            model_name="checkoutattempt",
            name="trial_days",
            field=models.PositiveSmallIntegerField(default=0, help_text="0: bought at once."),
        ),
        migrations.AddField(
            model_name="plan",
            name="trial_days",
            field=models.PositiveSmallIntegerField(default=0, help_text="Free for so long, once; 0: no trial."),
        ),
        migrations.AddField(
            model_name="subscription",
            name="converted_at",
            field=models.DateTimeField(blank=True, help_text="Its first paid period after the trial began.", null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="trial_ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="difference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("quantity", "Seats differ"),
                    ("price", "Price differs"),
                    ("unknown_price", "Price of no catalog version"),
                    ("discount", "Discount that nothing explains"),
                    ("unknown", "Unknown subscription of a customer of ours"),
                    ("foreign", "Subscription of nobody we know"),
                    ("duplicate", "Second live subscription of a product line"),
                    ("missing", "Subscription missing at Stripe"),
                    ("amount", "Invoice amounts differ"),
                    ("period", "Period differs"),
                    ("ending", "End differs"),
                    ("phases", "Scheduled seats differ"),
                    ("tax", "Tax differs"),
                    ("trial", "Free period that nothing explains"),
                    ("currency", "Currency differs"),
                    ("command", "Stripe command open too long"),
                ],
                max_length=15,
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
                    ("converted", "Trial became paid"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Trial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "domain",
                    models.CharField(
                        blank=True, help_text="The company's proven domain; empty: none is known.", max_length=253
                    ),
                ),
                ("days", models.PositiveSmallIntegerField()),
                ("claimed_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, help_text="The payment page was never completed.", null=True)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, help_text="As agreed, the extension included.", null=True)),
                ("extended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "paused_at",
                    models.DateTimeField(blank=True, help_text="It ended without a card: read-only from then on.", null=True),
                ),
                ("converted_at", models.DateTimeField(blank=True, help_text="The first paid period began.", null=True)),
                ("notice_due_at", models.DateTimeField(blank=True, help_text="When the end is announced next.", null=True)),
                ("told_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("told_ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trial", to="billing.checkoutattempt"
                    ),
                ),
                (
                    "extended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trials", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trial",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "trial",
                "verbose_name_plural": "trials",
                "indexes": [
                    models.Index(
                        condition=models.Q(("notice_due_at__isnull", False)), fields=["notice_due_at"], name="trial_notice_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("organization", "line"),
                        name="trial_organization_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None), models.Q(("domain", ""), _negated=True)),
                        fields=("domain", "line"),
                        name="trial_domain_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="trial_ordered",
                    ),
                ],
            },
        ),
        staff_groups.grant("billing", TABLE),
    ]
