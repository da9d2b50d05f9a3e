"""Differences to Stripe, the runs that find them, and who may see and decide them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

SEEN = ["view_difference", "view_reconciliation"]

TABLE = {
    staff_groups.SUPPORT: SEEN,
    staff_groups.FINANCE: [*SEEN, "change_difference"],
    staff_groups.REVENUE_OPERATIONS: [*SEEN, "change_difference"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_staff_groups"),
        ("billing", "0007_staff_permissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("subscriptions", "Subscriptions"),
                            ("missing", "Subscriptions that Stripe did not list"),
                            ("invoices", "Invoices"),
                            ("customers", "Customers"),
                            ("settling", "Reading again what changed"),
                            ("again", "Second look"),
                            ("closing", "Closing"),
                            ("done", "Done"),
                        ],
                        default="subscriptions",
                        max_length=15,
                        verbose_name="Stage",
                    ),
                ),
                ("cursor", models.CharField(blank=True, max_length=100)),
                ("calls", models.PositiveIntegerField(default=0, help_text="Pages and objects asked of Stripe.")),
                ("compared", models.PositiveIntegerField(default=0, help_text="Objects held against ours.")),
                ("repaired", models.PositiveIntegerField(default=0, help_text="Objects marked to be read again.")),
                ("found", models.PositiveIntegerField(default=0, help_text="Differences that are new.")),
                ("gone", models.PositiveIntegerField(default=0, help_text="Differences that were gone.")),
                ("error", models.CharField(blank=True, max_length=300)),
                ("started_at", models.DateTimeField(help_text="Store time.")),
                ("finished_at", models.DateTimeField(blank=True, help_text="Store time.", null=True)),
                ("began_at", models.DateTimeField(help_text="Wall time.")),
                ("lease_until", models.DateTimeField(blank=True, help_text="Wall time.", null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
            },
        ),
        migrations.CreateModel(
            name="ReconciledPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("subscriptions", "Subscriptions"),
                            ("missing", "Subscriptions that Stripe did not list"),
                            ("invoices", "Invoices"),
                            ("customers", "Customers"),
                            ("settling", "Reading again what changed"),
                            ("again", "Second look"),
                            ("closing", "Closing"),
                            ("done", "Done"),
                        ],
                        max_length=15,
                    ),
                ),
                ("after", models.CharField(blank=True, help_text="The cursor that leads to the page.", max_length=100)),
                ("keys", models.JSONField(default=list, help_text="[kind, subject] of what the first look found.")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="billing.reconciliation"
                    ),
                ),
            ],
            options={
                "verbose_name": "page to look at again",
                "verbose_name_plural": "pages to look at again",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SeenSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="seen", to="billing.reconciliation"
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription seen at Stripe",
                "verbose_name_plural": "subscriptions seen at Stripe",
            },
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
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
                            ("currency", "Currency differs"),
                            ("command", "Stripe command open too long"),
                        ],
                        max_length=15,
                    ),
                ),
                ("subject", models.CharField(max_length=100)),
                ("ours", models.JSONField(default=dict)),
                ("stripes", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Stripe's accepted"),
                            ("resent", "Ours sent again"),
                            ("gone", "Gone by itself"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, help_text="When it was decided, or was gone.", null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("note", models.CharField(blank=True, help_text="Why an earlier decision did not hold.", max_length=300)),
                (
                    "command",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.stripecommand"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="billing.invoice"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="accounts.organization",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Revenue operations, unless somebody took it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference to Stripe",
                "verbose_name_plural": "differences to Stripe",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["last_seen_at"], name="difference_open"),
                    models.Index(
                        condition=models.Q(("state", "accepted")), fields=["subject", "kind"], name="difference_accepted"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("kind", "subject"), name="difference_open_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="difference_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("accepted", "resent")), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="difference_has_reason",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="reconciliation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("organization",),
                name="reconciliation_running_unique",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="seensubscription",
            constraint=models.UniqueConstraint(fields=("run", "stripe_id"), name="seen_subscription_unique"),
        ),
        staff_groups.grant("billing", TABLE),
    ]
