"""Everything up to 0061 at once: a new database is made in a third of the time."""

import accounts.models.organization
import billing.rules.terms
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _squashed


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("billing", "0001_initial"),
        ("billing", "0002_append_only"),
        ("billing", "0003_catalog_pitch_and_cost"),
        ("billing", "0004_projection_due_at"),
        ("billing", "0005_idempotent_requests"),
        ("billing", "0006_staff_may_look"),
        ("billing", "0007_staff_permissions"),
        ("billing", "0008_differences"),
        ("billing", "0009_promotions"),
        ("billing", "0010_tax"),
        ("billing", "0011_giving_back"),
        ("billing", "0012_giving_back_permissions"),
        ("billing", "0013_external_ids"),
        ("billing", "0014_trials"),
        ("billing", "0015_addons"),
        ("billing", "0016_tax_permissions"),
        ("billing", "0017_difference_kinds"),
        ("billing", "0018_pilots"),
        ("billing", "0019_discount_notices"),
        ("billing", "0020_invite_with_seats"),
        ("billing", "0021_addons_of_subscriptions"),
        ("billing", "0022_lowered_invoices"),
        ("billing", "0023_bundles"),
        ("billing", "0024_external_ids_of_tax_ids"),
        ("billing", "0025_tiers_and_shares_back"),
        ("billing", "0026_adjustments_by_keys"),
        ("billing", "0027_addons_of_lines"),
        ("billing", "0028_first_payments"),
        ("billing", "0029_promotion_rest"),
        ("billing", "0030_entitlements"),
        ("billing", "0031_plan_changes"),
        ("billing", "0032_renewals"),
        ("billing", "0033_dunning"),
        ("billing", "0034_price_moves"),
        ("billing", "0035_announced_versions"),
        ("billing", "0036_auto_expansion"),
        ("billing", "0037_pauses"),
        ("billing", "0038_card_notices"),
        ("billing", "0039_disputes"),
        ("billing", "0040_returning_carts"),
        ("billing", "0041_invoice_windows"),
        ("billing", "0042_cart_reminders"),
        ("billing", "0043_unchecked_notices"),
        ("billing", "0044_purchase_orders"),
        ("billing", "0045_terms"),
        ("billing", "0046_agreed_discounts"),
        ("billing", "0047_paying_by_invoice"),
        ("billing", "0048_quotes"),
        ("billing", "0049_monthly_addons"),
        ("billing", "0050_adoptions"),
        ("billing", "0051_bank_debits"),
        ("billing", "0052_replaced_invoices"),
        ("billing", "0053_sunsets"),
        ("billing", "0054_agreed_orders"),
        ("billing", "0055_booked_ends"),
        ("billing", "0056_days_of_exceptions"),
        ("billing", "0057_way_of_paying_differs"),
        ("billing", "0058_complimentary_time"),
        ("billing", "0059_overtaken_quotes"),
        ("billing", "0060_invoices_know_what_paid"),
        ("billing", "0061_committed_quantities"),
    ]

    dependencies = [
        ("accounts", "0001_squashed_0022"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                (
                    "balance_minor",
                    models.BigIntegerField(default=0, help_text="As Stripe has it: negative is credit for the customer."),
                ),
                ("balance_currency", models.CharField(blank=True, max_length=3)),
                ("payment_method_id", models.CharField(blank=True, max_length=64)),
                ("card_brand", models.CharField(blank=True, max_length=20)),
                ("card_last4", models.CharField(blank=True, max_length=4)),
                ("card_exp_month", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("card_exp_year", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "bank_account",
                    models.JSONField(
                        blank=True, default=dict, help_text="Where invoices are paid to by bank transfer, as Stripe says it."
                    ),
                ),
                (
                    "method_kind",
                    models.CharField(
                        blank=True, help_text="What pays, as Stripe names it: card, sepa_debit, us_bank_account.", max_length=20
                    ),
                ),
                ("bank_name", models.CharField(blank=True, max_length=100)),
                ("bank_last4", models.CharField(blank=True, max_length=4)),
                (
                    "is_tax_exempt",
                    models.BooleanField(default=False, help_text="Staff exempted the customer from tax at Stripe."),
                ),
                ("mirrored_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="customer", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
            },
        ),
        migrations.CreateModel(
            name="ProductLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.JSONField(help_text="Language code to text.")),
                ("pitch", models.JSONField(default=dict, help_text="Language code to text.")),
                ("family", models.CharField(max_length=40)),
                ("is_growth", models.BooleanField(default=False)),
                (
                    "stage",
                    models.CharField(
                        choices=[("launch", "Launch"), ("growth", "Growth"), ("mature", "Mature"), ("sunset", "Sunset")],
                        max_length=10,
                    ),
                ),
                ("max_plans", models.PositiveSmallIntegerField(default=4)),
                ("rank", models.PositiveSmallIntegerField(default=0)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "product line",
                "verbose_name_plural": "product lines",
                "ordering": ["rank", "code"],
            },
        ),
        migrations.CreateModel(
            name="QuoteCount",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "count of quotes",
                "verbose_name_plural": "counts of quotes",
            },
        ),
        migrations.CreateModel(
            name="BillingDetails",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("legal_name", models.CharField(blank=True, max_length=150)),
                ("line1", models.CharField(blank=True, max_length=200)),
                ("line2", models.CharField(blank=True, max_length=200)),
                ("postal_code", models.CharField(blank=True, max_length=20)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("state", models.CharField(blank=True, max_length=100)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("purchase_order", models.CharField(blank=True, help_text="Printed on each invoice.", max_length=140)),
                ("updated_at", models.DateTimeField()),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="billing_details", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "billing details",
                "verbose_name_plural": "billing details",
            },
        ),
        migrations.CreateModel(
            name="CatalogVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("sha256", models.CharField(max_length=64)),
                ("document", models.JSONField()),
                ("summary", models.JSONField(default=list)),
                ("applied_at", models.DateTimeField()),
                (
                    "applied_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "catalog version",
                "verbose_name_plural": "catalog versions",
            },
        ),
        migrations.CreateModel(
            name="EntitlementVersion",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entitlement_version",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                ("announced", models.PositiveBigIntegerField(db_default=0)),
            ],
            options={
                "verbose_name": "entitlement version",
                "verbose_name_plural": "entitlement versions",
                "indexes": [
                    models.Index(
                        condition=models.Q(("number__gt", models.F("announced"))),
                        fields=["organization"],
                        name="entitlement_version_news",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventCursor",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "seen_up_to",
                    models.DateTimeField(blank=True, help_text="`created` of the newest event read, Stripe's time.", null=True),
                ),
                ("due_at", models.DateTimeField(help_text="Wall time.")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "event cursor",
                "verbose_name_plural": "event cursors",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="event_cursor_single")],
            },
        ),
        migrations.CreateModel(
            name="FeatureUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("feature", models.CharField(max_length=60)),
                ("starts_at", models.DateTimeField(verbose_name="since")),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True, help_text="Empty: it is counted until it is given back.", null=True, verbose_name="until"
                    ),
                ),
                ("used", models.PositiveBigIntegerField()),
                ("changed", models.BigIntegerField()),
                ("revision", models.PositiveBigIntegerField(default=1)),
                ("first_used_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="usages", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "feature usage",
                "verbose_name_plural": "feature usage",
                "ordering": ["-starts_at", "organization_id", "feature"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "feature", "starts_at"), name="feature_usage_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="feature_usage_ordered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(help_text="SHA-256 of method, path, organization and body.", max_length=64)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("body", models.JSONField(blank=True, null=True)),
                ("locked_until", models.DateTimeField(help_text="Wall time.")),
                ("created_at", models.DateTimeField(help_text="Wall time.")),
                (
                    "api_key",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.apikey"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "idempotent request",
                "verbose_name_plural": "idempotent requests",
                "indexes": [models.Index(fields=["created_at"], name="idempotent_request_age")],
                "constraints": [models.UniqueConstraint(fields=("api_key", "key"), name="idempotent_request_unique")],
            },
        ),
        migrations.CreateModel(
            name="InboxEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("type", models.CharField(max_length=80)),
                (
                    "object_key",
                    models.CharField(help_text="The StripeObject that is read again because of it.", max_length=100),
                ),
                ("source", models.CharField(help_text="webhook or poller", max_length=10)),
                ("payload", models.JSONField()),
                ("created_at", models.DateTimeField(help_text="Stripe's own time, whole seconds.")),
                ("received_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "inbox event",
                "verbose_name_plural": "inbox",
                "indexes": [
                    models.Index(condition=models.Q(("handled_at", None)), fields=["object_key"], name="inbox_event_unhandled")
                ],
            },
        ),
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("organization",),
                        name="reconciliation_running_unique",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StoreTime",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("offset_seconds", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(blank=True, help_text="Wall time.", null=True)),
            ],
            options={
                "verbose_name": "store time",
                "verbose_name_plural": "store time",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="store_time_single"),
                    models.CheckConstraint(condition=models.Q(("offset_seconds__gte", 0)), name="store_time_forward"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeCommand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("target", models.CharField(max_length=80)),
                ("idempotency_key", models.CharField(max_length=100, unique=True)),
                ("payload", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Under way"), ("done", "Done"), ("declined", "Declined"), ("failed", "Failed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("result", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("first_sent_at", models.DateTimeField(blank=True, help_text="Wall time.", null=True)),
                ("due_at", models.DateTimeField(help_text="Wall time: when the pulse may (re)send.")),
                ("lease_until", models.DateTimeField(blank=True, help_text="Wall time.", null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("source", models.CharField(max_length=20)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(help_text="Store time.")),
                ("concluded_at", models.DateTimeField(blank=True, help_text="Store time.", null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stripe_commands",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "Stripe command",
                "verbose_name_plural": "Stripe commands",
                "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["due_at"], name="stripe_command_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("target",), name="stripe_command_open_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeObject",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("dirty", models.PositiveBigIntegerField(default=1)),
                ("cleaned", models.PositiveBigIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="Wall time.")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("fetched_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "Stripe object",
                "verbose_name_plural": "Stripe objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("dirty__gt", models.F("cleaned"))), fields=["due_at"], name="stripe_object_due"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxId",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                ("type", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=100)),
                ("country", models.CharField(max_length=2)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Being saved"),
                            ("pending", "Being checked"),
                            ("verified", "Confirmed"),
                            ("unverified", "Not confirmed"),
                            ("unavailable", "Cannot be checked"),
                            ("refused", "Refused"),
                        ],
                        default="sending",
                        max_length=12,
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("registered_name", models.CharField(blank=True, max_length=200)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tax_ids", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "tax id",
                "verbose_name_plural": "tax ids",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)), fields=("organization", "type", "value"), name="tax_id_unique"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="tax_id_external_id_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("name", models.CharField(max_length=60)),
                ("percent", models.CharField(help_text="As written: 19 or 8.1.", max_length=10)),
                ("is_inclusive", models.BooleanField(default=False)),
                ("is_ours", models.BooleanField(default=False)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "tax rate",
                "verbose_name_plural": "tax rates",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_ours", True), ("retired_at", None)),
                        fields=("country",),
                        name="tax_rate_of_country_unique",
                    )
                ],
            },
        ),
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
                "constraints": [
                    models.UniqueConstraint(fields=("line", "code"), name="addon_code_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity_max__gte", models.F("quantity_min"))), name="addon_quantity_ordered"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40)),
                ("name", models.CharField(max_length=60)),
                ("pitch", models.JSONField(help_text="Language code to text.")),
                ("rank", models.PositiveSmallIntegerField()),
                ("seats_min", models.PositiveIntegerField(default=1)),
                ("seats_max", models.PositiveIntegerField()),
                (
                    "features",
                    models.JSONField(
                        default=list,
                        help_text="List of {code, name, limit: number or null, unit: text or null, group}; texts by language.",
                    ),
                ),
                ("is_recommended", models.BooleanField(default=False)),
                ("trial_days", models.PositiveSmallIntegerField(default=0, help_text="Free for so long, once; 0: no trial.")),
                ("stripe_product_id", models.CharField(blank=True, max_length=64)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="No longer sold; customers on it keep it.", null=True),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="billing.productline"
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "ordering": ["line__rank", "rank"],
                "constraints": [
                    models.UniqueConstraint(fields=("line", "code"), name="plan_code_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("seats_max__gte", models.F("seats_min"))), name="plan_seats_ordered"
                    ),
                ],
            },
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
                    "stripe_rest_coupon_id",
                    models.CharField(
                        blank=True,
                        help_text="Takes as much off what is added to a period that began with it; empty: none.",
                        max_length=100,
                    ),
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)), fields=("code",), name="promotion_on_offer_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("percent_bps", None),
                            models.Q(("percent_bps__gt", 0), ("percent_bps__lte", 10000)),
                            _connector="OR",
                        ),
                        name="promotion_percent_in_bounds",
                    ),
                ],
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
                "constraints": [models.UniqueConstraint(fields=("run", "stripe_id"), name="seen_subscription_unique")],
            },
        ),
        migrations.CreateModel(
            name="TaxStanding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("exempt", models.CharField(default="none", max_length=10)),
                ("reason", models.CharField(max_length=20)),
                ("is_automatic", models.BooleanField(default=False)),
                (
                    "until_at",
                    models.DateTimeField(blank=True, help_text="When an id that is being checked stops to count.", null=True),
                ),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "review_at",
                    models.DateTimeField(blank=True, help_text="Store time: when it is worked out again.", null=True),
                ),
                ("wanted", models.PositiveIntegerField(default=1)),
                ("done", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, help_text="Wall time: not to be sent before.", null=True)),
                ("message", models.CharField(blank=True, max_length=300)),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tax_standing", to="accounts.organization"
                    ),
                ),
                (
                    "rate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.taxrate",
                    ),
                ),
            ],
            options={
                "verbose_name": "tax standing",
                "verbose_name_plural": "tax standings",
                "indexes": [
                    models.Index(
                        condition=models.Q(("review_at__isnull", False)), fields=["review_at"], name="tax_standing_review"
                    ),
                    models.Index(
                        condition=models.Q(("done__lt", models.F("wanted"))), fields=["due_at"], name="tax_standing_behind"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Terms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("discount", "Discount"),
                            ("price_hold", "Price hold"),
                            ("term", "Committed term"),
                            ("payment_terms", "Payment terms"),
                            ("credit_limit", "Credit limit"),
                            ("seat_ceiling", "Seat ceiling"),
                            ("feature", "Feature"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("value", models.JSONField(default=dict, verbose_name="value")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "quarter",
                    models.CharField(help_text="Whose budget it counts against.", max_length=7, verbose_name="quarter"),
                ),
                ("starts_on", models.DateField(verbose_name="holds from")),
                (
                    "ends_on",
                    models.DateField(help_text="The first day on which it does not hold any more.", verbose_name="ends on"),
                ),
                ("starts_at", models.DateTimeField(editable=False, verbose_name="holds from this instant")),
                ("ends_at", models.DateTimeField(editable=False, verbose_name="over at this instant")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "To be approved"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("ended_early", "Ended early"),
                            ("ended", "Ended"),
                        ],
                        default="proposed",
                        max_length=12,
                    ),
                ),
                ("nonce", models.CharField(max_length=60, unique=True)),
                ("proposed_at", models.DateTimeField(verbose_name="proposed")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note on the decision")),
                ("began_at", models.DateTimeField(blank=True, null=True, verbose_name="in force since")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="over since")),
                ("end_reason", models.CharField(blank=True, max_length=500, verbose_name="why it ended early")),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("stripe_coupon_id", models.CharField(blank=True, help_text="Of a discount.", max_length=100)),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ended by",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: it is of the customer as a whole.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="terms", to="accounts.organization"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        help_text="Who answers for it, until it ends.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "exception",
                "verbose_name_plural": "exceptions",
                "indexes": [
                    models.Index(condition=models.Q(("state", "approved")), fields=["organization"], name="terms_in_force"),
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="terms_due"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="terms_end_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "kind__in",
                                    [
                                        billing.rules.terms.Kind["DISCOUNT"],
                                        billing.rules.terms.Kind["FEATURE"],
                                        billing.rules.terms.Kind["PRICE_HOLD"],
                                        billing.rules.terms.Kind["SEAT_CEILING"],
                                        billing.rules.terms.Kind["TERM"],
                                    ],
                                ),
                                ("line__isnull", False),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "kind__in",
                                        [
                                            billing.rules.terms.Kind["DISCOUNT"],
                                            billing.rules.terms.Kind["FEATURE"],
                                            billing.rules.terms.Kind["PRICE_HOLD"],
                                            billing.rules.terms.Kind["SEAT_CEILING"],
                                            billing.rules.terms.Kind["TERM"],
                                        ],
                                    ),
                                    _negated=True,
                                ),
                                ("line", None),
                            ),
                            _connector="OR",
                        ),
                        name="terms_of_a_line_or_customer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver", None), models.Q(("approver", models.F("proposed_by")), _negated=True), _connector="OR"
                        ),
                        name="terms_approved_by_a_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "withdrawn"]),
                            models.Q(("approver__isnull", False), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="terms_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ended_at", None), ("state__in", ["ended", "ended_early"]), _connector="OR"),
                        name="terms_over_has_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CardWatch",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="card_watch",
                        serialize=False,
                        to="billing.customer",
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "card watch",
                "verbose_name_plural": "card watches",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="card_watch_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="CardNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payment_method_id", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First notice"),
                            ("last", "Last notice"),
                            ("charge", "Before the charge that would fail"),
                        ],
                        max_length=6,
                    ),
                ),
                ("about_at", models.DateTimeField(help_text="The end of the card, or the charge.", verbose_name="about")),
                ("decided_at", models.DateTimeField(verbose_name="due since")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="card_notices", to="billing.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "card notice",
                "verbose_name_plural": "card notices",
                "indexes": [models.Index(condition=models.Q(("sent_at", None)), fields=["decided_at"], name="card_notice_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "payment_method_id", "kind", "about_at"), name="card_notice_unique"
                    )
                ],
            },
        ),
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
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="billing.plan"),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pilots", to="billing.productline"
                    ),
                ),
            ],
            options={
                "verbose_name": "pilot",
                "verbose_name_plural": "pilots",
                "ordering": ["line__rank", "rank"],
                "constraints": [models.UniqueConstraint(fields=("line", "code"), name="pilot_code_unique")],
            },
        ),
        migrations.CreateModel(
            name="Price",
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
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Of a bundle: list of {line, plan, weight}, by which its revenue is shared.",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="billing.plan"),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="billing.catalogversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("plan", "interval", "currency"),
                        name="price_on_sale_unique",
                    )
                ],
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("addon", "interval", "currency"),
                        name="addon_price_on_sale_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "from_plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="moves", to="billing.plan"),
                ),
                (
                    "to_plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="billing.plan"),
                ),
            ],
            options={
                "verbose_name": "move",
                "verbose_name_plural": "moves",
                "constraints": [models.UniqueConstraint(fields=("from_plan", "to_plan"), name="move_unique")],
            },
        ),
        migrations.CreateModel(
            name="Sunset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ends_on",
                    models.DateField(
                        help_text="For each customer at its first renewal from this day on.", verbose_name="ends on"
                    ),
                ),
                (
                    "is_end",
                    models.BooleanField(
                        help_text="Else who chooses nothing keeps the plan.", verbose_name="ends without a click"
                    ),
                ),
                ("reason", models.CharField(help_text="For us.", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("over", "Over: nobody has the plan"), ("called_off", "Called off")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "enrol_at",
                    models.DateTimeField(blank=True, help_text="When it is looked for new customers of the plan.", null=True),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="sunsets", to="billing.plan"),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.plan",
                        verbose_name="suggested instead",
                    ),
                ),
            ],
            options={
                "verbose_name": "sunset of a plan",
                "verbose_name_plural": "sunsets of plans",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("plan",), name="sunset_one_a_plan"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("successor", models.F("plan")), _negated=True), name="sunset_leads_elsewhere"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("stripe_item_id", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("incomplete", "Waiting for the first payment"),
                            ("incomplete_expired", "Never paid"),
                            ("trialing", "In trial"),
                            ("active", "Active"),
                            ("past_due", "Past due"),
                            ("unpaid", "Unpaid"),
                            ("paused", "Paused"),
                            ("canceled", "Ended"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "access",
                    models.CharField(
                        choices=[("full", "Everything"), ("read_only", "Read-only"), ("off", "Nothing")],
                        db_default="full",
                        default="full",
                        max_length=10,
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                (
                    "unbilled",
                    models.PositiveIntegerField(
                        default=0, help_text="Of these, how many Stripe has not heard of yet: those of an invoice window."
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "collection_method",
                    models.CharField(
                        choices=[("charge_automatically", "By card"), ("send_invoice", "On invoice")],
                        db_default="charge_automatically",
                        default="charge_automatically",
                        max_length=20,
                    ),
                ),
                (
                    "days_until_due",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="Of its invoices, where it is paid on them.", null=True
                    ),
                ),
                ("period_starts_at", models.DateTimeField()),
                ("period_ends_at", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                ("cancel_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, help_text="When somebody asked for the end.", null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("trial_ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "converted_at",
                    models.DateTimeField(blank=True, help_text="Its first paid period after the trial began.", null=True),
                ),
                ("pending_quantity", models.PositiveIntegerField(blank=True, null=True)),
                ("pending_expires_at", models.DateTimeField(blank=True, null=True)),
                ("pending_invoice_id", models.CharField(blank=True, max_length=64)),
                ("schedule_id", models.CharField(blank=True, max_length=64)),
                ("projection_wanted", models.PositiveIntegerField(default=0)),
                ("projection_done", models.PositiveIntegerField(default=0)),
                (
                    "projection_due_at",
                    models.DateTimeField(blank=True, help_text="Wall time: not before, after a refusal.", null=True),
                ),
                ("latest_invoice_id", models.CharField(blank=True, max_length=64)),
                ("mirrored_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subscriptions", to="accounts.organization"
                    ),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.plan")),
                ("price", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price")),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ("past_due", "unpaid"))), fields=["id"], name="subscription_owing"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("trialing", "active", "past_due", "unpaid", "paused"))),
                        fields=("organization", "line"),
                        name="subscription_live_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_ends_at__gt", models.F("period_starts_at"))),
                        name="subscription_period_ordered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unbilled__lte", models.F("quantity"))), name="subscription_unbilled_had"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="subscription_external_id_unique",
                    ),
                ],
            },
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)), fields=("pilot", "currency"), name="pilot_fee_on_offer_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningEpisode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("started_at", models.DateTimeField()),
                ("second_at", models.DateTimeField(blank=True, null=True)),
                ("third_at", models.DateTimeField(blank=True, null=True)),
                ("read_only_at", models.DateTimeField(verbose_name="read-only from")),
                ("off_at", models.DateTimeField(verbose_name="access ends")),
                ("notice_days", models.PositiveSmallIntegerField()),
                ("is_cancelled_then", models.BooleanField(default=True, verbose_name="cancelled when access ends")),
                ("reached", models.SmallIntegerField(default=-1)),
                ("reached_at", models.DateTimeField(blank=True, null=True)),
                (
                    "round",
                    models.PositiveSmallIntegerField(default=0, help_text="How often dates that were told had to be replaced."),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("escalated_at", models.DateTimeField(blank=True, null=True, verbose_name="told to a person of ours")),
                ("end_asked_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("recovered", "Paid"),
                            ("waived", "Not owed any more"),
                            ("left", "Cancelled by the customer"),
                            ("lost", "Lost: never paid"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dunning_episodes", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dunning_episodes", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "failed payment",
                "verbose_name_plural": "failed payments",
                "indexes": [
                    models.Index(condition=models.Q(("closed_at", None)), fields=["due_at", "id"], name="dunning_due"),
                    models.Index(
                        condition=models.Q(("closed_at", None), ("end_asked_at", None), ("reached", 4)),
                        fields=["id"],
                        name="dunning_over",
                    ),
                    models.Index(fields=["started_at"], name="dunning_started"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)), fields=("subscription",), name="dunning_open_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("off_at__gt", models.F("read_only_at"))), name="dunning_dates_ordered"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("outcome", "")),
                            models.Q(("closed_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="dunning_closed_with_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("purchase_order", models.CharField(blank=True, help_text="As it is printed on it.", max_length=140)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("paid", "Paid"),
                            ("uncollectible", "Written off"),
                            ("void", "Void"),
                        ],
                        max_length=15,
                    ),
                ),
                ("billing_reason", models.CharField(blank=True, max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("subtotal_minor", models.BigIntegerField()),
                ("discount_minor", models.BigIntegerField(default=0)),
                ("tax_minor", models.BigIntegerField(default=0)),
                (
                    "taxes",
                    models.JSONField(blank=True, default=list, help_text="Each tax with its name, rate and amount, as billed."),
                ),
                (
                    "discounts",
                    models.JSONField(blank=True, default=list, help_text="Each discount with name, code and amount."),
                ),
                ("total_minor", models.BigIntegerField()),
                ("amount_due_minor", models.BigIntegerField()),
                ("amount_paid_minor", models.BigIntegerField()),
                ("amount_remaining_minor", models.BigIntegerField()),
                ("starting_balance_minor", models.BigIntegerField(default=0)),
                ("ending_balance_minor", models.BigIntegerField(blank=True, null=True)),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("credited_minor", models.BigIntegerField(default=0)),
                (
                    "charged_back_minor",
                    models.BigIntegerField(default=0, help_text="Taken back by the bank: disputes that were lost."),
                ),
                ("issued_at", models.DateTimeField()),
                (
                    "due_at",
                    models.DateTimeField(
                        blank=True, help_text="Of one that was sent; the others are charged at once.", null=True
                    ),
                ),
                ("reminded_at", models.DateTimeField(blank=True, help_text="When it was said that it will be due.", null=True)),
                (
                    "overdue_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when it is known that it was not paid by its date.", null=True
                    ),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "debited_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when a bank is at work on its payment; empty: none is.", null=True
                    ),
                ),
                ("debit_arrives_on", models.DateField(blank=True, help_text="By when that has usually arrived.", null=True)),
                (
                    "method_kind",
                    models.CharField(
                        blank=True,
                        help_text="What paid it, or was tried last, as Stripe names it; empty: not known.",
                        max_length=20,
                    ),
                ),
                ("attempt_count", models.PositiveSmallIntegerField(default=0)),
                ("mirrored_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="accounts.organization"
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        help_text="The one it is made out anew of.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="billing.invoice",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "indexes": [
                    models.Index(fields=["organization", "-issued_at", "-id"], name="invoice_of_organization"),
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("overdue_at", None), ("status", "open")),
                        fields=["due_at"],
                        name="invoice_to_be_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="invoice_external_id_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("seats", models.PositiveIntegerField()),
                ("interval", models.CharField(choices=[("month", "Monthly"), ("year", "Yearly")], max_length=5)),
                ("currency", models.CharField(max_length=3)),
                (
                    "is_trial",
                    models.BooleanField(default=False, help_text="Tried first: nothing is charged until the trial ends."),
                ),
                (
                    "addons",
                    models.JSONField(
                        blank=True, default=dict, help_text="Code to how many; null: one for each seat.", verbose_name="add-ons"
                    ),
                ),
                (
                    "promotion_code",
                    models.CharField(blank=True, help_text="As it was typed, in capitals; it may not hold.", max_length=40),
                ),
                (
                    "held_addons",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Of a quote: the prices of its add-ons, by id.",
                        verbose_name="held add-ons",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("ordered", "Ordered"),
                            ("replaced", "Replaced by a newer one"),
                            ("quoted", "Of a quote"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("origin", models.JSONField(default=dict, help_text="First touch: utm_*, referrer host, page.")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "back_from",
                    models.ForeignKey(
                        blank=True,
                        help_text="Filled with what this one had.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="carts",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        help_text="Bought as this pilot, for its fee.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.pilot",
                    ),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.plan")),
                (
                    "held_price",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of a quote: bought at this, sold or not.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.price",
                    ),
                ),
                (
                    "held_agreed",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of a quote: the agreed discount it was made with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.terms",
                    ),
                ),
            ],
            options={
                "verbose_name": "cart",
                "verbose_name_plural": "carts",
                "indexes": [models.Index(fields=["organization", "-updated_at"], name="cart_of_organization")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="cart_external_id_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_ends_at", models.DateTimeField(verbose_name="renewal")),
                ("is_end", models.BooleanField(verbose_name="ends without a click")),
                ("asked_at", models.DateTimeField()),
                ("amount_before_minor", models.BigIntegerField(verbose_name="renewal at the old price")),
                ("amount_after_minor", models.BigIntegerField(blank=True, null=True, verbose_name="renewal at the new price")),
                ("currency", models.CharField(max_length=3)),
                ("closes_at", models.DateTimeField(verbose_name="answered by")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Not answered"),
                            ("accepted", "New price accepted"),
                            ("other", "Another plan chosen"),
                            ("stayed", "Old price kept"),
                            ("ended", "Ends"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "price_after",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the plan is sold no more.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.price",
                        verbose_name="new price",
                    ),
                ),
                (
                    "price_before",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.price",
                        verbose_name="old price",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="price_moves", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "price move",
                "verbose_name_plural": "price moves",
                "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["closes_at"], name="price_move_open")],
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "period_ends_at"), name="price_move_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("closes_at__lt", models.F("period_ends_at"))), name="price_move_closes_before"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OccupiedLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
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
            name="RenewalNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_ends_at", models.DateTimeField(verbose_name="renewal")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First notice"),
                            ("last", "Last notice"),
                            ("change", "Notice of a change"),
                            ("price", "Notice of a new price"),
                        ],
                        max_length=6,
                    ),
                ),
                ("decided_at", models.DateTimeField(verbose_name="due since")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("amount_minor", models.BigIntegerField(blank=True, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("seats", models.PositiveIntegerField(blank=True, null=True)),
                ("active_seats", models.PositiveIntegerField(blank=True, null=True, verbose_name="seats in use")),
                ("recommended_seats", models.PositiveIntegerField(blank=True, null=True, verbose_name="recommended")),
                (
                    "subscription",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="renewal_notices",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "renewal notice",
                "verbose_name_plural": "renewal notices",
                "indexes": [
                    models.Index(condition=models.Q(("sent_at", None)), fields=["decided_at"], name="renewal_notice_due")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "period_ends_at", "kind"), name="renewal_notice_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at", None),
                            models.Q(("amount_minor__isnull", False), ("seats__isnull", False)),
                            _connector="OR",
                        ),
                        name="renewal_notice_said",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RenewalReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_ends_at", models.DateTimeField(verbose_name="renewal")),
                (
                    "coverage_tier",
                    models.PositiveSmallIntegerField(
                        blank=True, choices=[(1, "Tier 1"), (2, "Tier 2"), (3, "Tier 3")], null=True
                    ),
                ),
                (
                    "has_exceptions",
                    models.BooleanField(
                        db_default=False, default=False, help_text="One holds then, or ends before.", verbose_name="exceptions"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True, verbose_name="reviewed")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="finding")),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reviewed by",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="renewal_reviews", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "renewal review",
                "verbose_name_plural": "renewal reviews",
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "period_ends_at"), name="renewal_review_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduledChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("seats", "Seats"),
                            ("end", "End of the subscription"),
                            ("addon", "Add-on"),
                            ("plan", "Another plan"),
                        ],
                        default="seats",
                        max_length=10,
                    ),
                ),
                ("delta", models.IntegerField(default=0)),
                ("addon_after", models.PositiveIntegerField(blank=True, null=True, verbose_name="add-ons after")),
                ("effective_at", models.DateTimeField()),
                (
                    "reason_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("price", "Too expensive"),
                            ("unused", "We don't use it enough"),
                            ("missing", "A feature is missing"),
                            ("switched", "We use something else now"),
                            ("quality", "It doesn't work well for us"),
                            ("service", "Support or service"),
                            ("closed", "The company or project ended"),
                            ("other", "Another reason"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Coming"),
                            ("applied", "Done"),
                            ("canceled", "Taken back"),
                            ("superseded", "Overtaken"),
                            ("booked", "Booked for later"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("source", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "addon",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addon"
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "price_after",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scheduled", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled change",
                "verbose_name_plural": "scheduled changes",
                "ordering": ["effective_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("addon", None), ("delta", 0), ("kind", "end"), ("price_after", None)),
                            models.Q(
                                ("addon", None), ("kind", "seats"), ("price_after", None), models.Q(("delta", 0), _negated=True)
                            ),
                            models.Q(
                                ("addon__isnull", False),
                                ("addon_after__isnull", False),
                                ("delta", 0),
                                ("kind", "addon"),
                                ("price_after", None),
                            ),
                            models.Q(("addon", None), ("delta", 0), ("kind", "plan"), ("price_after__isnull", False)),
                            _connector="OR",
                        ),
                        name="scheduled_change_changes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "end"), ("state", "pending")),
                        fields=("subscription",),
                        name="scheduled_end_pending_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "booked")), fields=("subscription", "kind"), name="scheduled_booked_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "booked"), _negated=True),
                            ("kind__in", ("end", "seats", "plan")),
                            _connector="OR",
                        ),
                        name="scheduled_booked_kinds",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "addon"), ("state", "pending")),
                        fields=("subscription", "addon"),
                        name="scheduled_addon_pending_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "plan"), ("state", "pending")),
                        fields=("subscription",),
                        name="scheduled_plan_pending_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("subscription", "external_id"),
                        name="scheduled_change_external_id_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeatAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("assigned_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("last_seen_on", models.DateField(blank=True, null=True)),
                (
                    "assigned_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="accounts.invitation",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="accounts.membership",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="assignments", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "seat assignment",
                "verbose_name_plural": "seat assignments",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("subscription", "membership"),
                        name="seat_live_membership_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("subscription", "invitation"),
                        name="seat_live_invitation_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("membership__isnull", False), ("invitation__isnull", False), _connector="OR"),
                        name="seat_has_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("nonce", models.CharField(max_length=40, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Being made"),
                            ("on", "Paused"),
                            ("resumed", "Gone on"),
                            ("ended", "Ended with the subscription"),
                            ("failed", "Failed"),
                        ],
                        default="sending",
                        max_length=8,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField()),
                ("credit_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("asked_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("resumes_at", models.DateTimeField(blank=True, help_text="When it goes on by itself.", null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "due_at",
                    models.DateTimeField(blank=True, help_text="Store time: when to announce it, or to go on.", null=True),
                ),
                ("announced_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "message",
                    models.CharField(blank=True, help_text="Why it did not go on by itself, for the buyer.", max_length=300),
                ),
                ("source", models.CharField(max_length=20)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pauses", to="billing.subscription"
                    ),
                ),
                (
                    "command",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pause", to="billing.stripecommand"
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("state", "on")), fields=["due_at"], name="pause_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("sending", "on"))), fields=("subscription",), name="pause_open_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("began_at", None), ("resumes_at__gt", models.F("began_at")), _connector="OR"),
                        name="pause_ordered",
                    ),
                ],
            },
        ),
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
                (
                    "command",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adoption", to="billing.stripecommand"
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
                (
                    "period_ends_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Where it is charged by the month beside a plan by the year.",
                        null=True,
                        verbose_name="paid until",
                    ),
                ),
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("subscription", "addon"),
                        name="subscription_addon_live_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity", None), ("quantity__gte", 1), _connector="OR"),
                        name="subscription_addon_quantity_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SunsetCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Not answered"),
                            ("chosen", "Another plan chosen"),
                            ("moved", "Another plan waits, or is had"),
                            ("ends", "Ends without an answer"),
                            ("stays", "Keeps the plan"),
                            ("gone", "Ends, or has ended, anyway"),
                            ("called_off", "Called off"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("renews_at", models.DateTimeField(verbose_name="had until")),
                ("told", models.PositiveSmallIntegerField(default=0, verbose_name="notices")),
                ("amount_minor", models.BigIntegerField(blank=True, null=True, verbose_name="renewal then")),
                ("chosen_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "chosen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.price",
                        verbose_name="chosen",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sunset_cases", to="billing.subscription"
                    ),
                ),
                (
                    "sunset",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="billing.sunset"),
                ),
            ],
            options={
                "verbose_name": "customer of a sunset",
                "verbose_name_plural": "customers of sunsets",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="sunset_case_due")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("sunset", "subscription"), name="sunset_case_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "chosen"), _negated=True), ("price__isnull", False), _connector="OR"
                        ),
                        name="sunset_case_chose",
                    ),
                ],
            },
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
                ("told_at", models.DateTimeField(blank=True, help_text="When its end was announced.", null=True)),
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
                (
                    "terms",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discounts",
                        to="billing.terms",
                        verbose_name="exception",
                    ),
                ),
            ],
            options={
                "verbose_name": "discount",
                "verbose_name_plural": "discounts",
                "indexes": [
                    models.Index(condition=models.Q(("ended_at", None)), fields=["subscription"], name="discount_in_force"),
                    models.Index(
                        condition=models.Q(("ended_at", None), ("told_at", None)),
                        fields=["ends_at"],
                        name="discount_to_announce",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_minor__isnull", False), ("percent_bps", None)),
                            models.Q(("amount_minor", None), ("percent_bps__isnull", False)),
                            _connector="OR",
                        ),
                        name="discount_share_or_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("decided_at", models.DateTimeField(verbose_name="due since")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("now_minor", models.BigIntegerField(blank=True, null=True, verbose_name="a period now")),
                ("then_minor", models.BigIntegerField(blank=True, null=True, verbose_name="a period then")),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
                (
                    "terms",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notice", to="billing.terms"
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of an exception's end",
                "verbose_name_plural": "notices of exceptions' ends",
                "indexes": [
                    models.Index(condition=models.Q(("sent_at", None)), fields=["decided_at"], name="terms_notice_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="AutoExpansion",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="auto_expansion",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("is_on", models.BooleanField(default=False)),
                ("step", models.PositiveIntegerField(default=1)),
                ("most", models.PositiveIntegerField()),
                ("budget_minor", models.PositiveBigIntegerField()),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "stopped",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cap", "As many seats as allowed"),
                            ("budget", "The budget is used up"),
                            ("declined", "The payment was declined"),
                            ("waiting", "A payment waits"),
                            ("refused", "It cannot be changed now"),
                        ],
                        max_length=8,
                    ),
                ),
                ("set_at", models.DateTimeField()),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "auto-expansion",
                "verbose_name_plural": "auto-expansions",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="auto_expansion_due")
                ],
                "constraints": [models.CheckConstraint(condition=models.Q(("step__gte", 1)), name="auto_expansion_step")],
            },
        ),
        migrations.CreateModel(
            name="RenewalWatch",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="renewal_watch",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "renewal watch",
                "verbose_name_plural": "renewal watches",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="renewal_watch_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("failed", "Payment failed"),
                            ("second", "Second notice"),
                            ("third", "Third notice"),
                            ("again", "Told again, with new dates"),
                            ("read_only", "Read-only"),
                            ("off", "Access off"),
                        ],
                        max_length=10,
                        verbose_name="step",
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("read_only_at", models.DateTimeField()),
                ("off_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="billing.dunningepisode"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a failed payment",
                "verbose_name_plural": "steps of failed payments",
                "indexes": [models.Index(condition=models.Q(("told_at", None)), fields=["id"], name="dunning_step_untold")],
                "constraints": [models.UniqueConstraint(fields=("episode", "step", "round"), name="dunning_step_unique")],
            },
        ),
        migrations.CreateModel(
            name="DunningInvoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                ("failed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("paid_reached", models.SmallIntegerField(blank=True, null=True)),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invoices", to="billing.dunningepisode"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dunning", to="billing.invoice"
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice that could not be charged",
                "verbose_name_plural": "invoices that could not be charged",
                "indexes": [
                    models.Index(fields=["failed_at"], name="dunning_invoice_failed"),
                    models.Index(
                        condition=models.Q(("paid_at__isnull", False)), fields=["paid_at"], name="dunning_invoice_paid"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("episode", "invoice"), name="dunning_invoice_unique")],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("charge_id", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=40, verbose_name="reason")),
                ("status", models.CharField(max_length=30)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="answer by")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="customer told")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "access",
                    models.CharField(
                        choices=[("full", "Everything"), ("read_only", "Read-only"), ("off", "Nothing")],
                        default="full",
                        max_length=10,
                    ),
                ),
                ("held", models.JSONField(blank=True, default=list)),
                ("evidence", models.JSONField(blank=True, default=dict, verbose_name="evidence")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                ("mirrored_at", models.DateTimeField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.subscription",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.invoice",
                    ),
                ),
            ],
            options={
                "verbose_name": "dispute",
                "verbose_name_plural": "disputes",
                "indexes": [
                    models.Index(condition=models.Q(("closed_at", None)), fields=["subscription"], name="dispute_open"),
                    models.Index(fields=["organization", "-opened_at"], name="dispute_of_organization"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("number", models.CharField(max_length=50)),
                ("status", models.CharField(max_length=10)),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("tax_minor", models.BigIntegerField(default=0)),
                ("total_minor", models.BigIntegerField()),
                ("refunded_minor", models.BigIntegerField(default=0, help_text="To the card.")),
                ("credited_minor", models.BigIntegerField(default=0, help_text="To the customer's balance.")),
                ("issued_at", models.DateTimeField()),
                ("mirrored_at", models.DateTimeField()),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credit_notes", to="billing.invoice"
                    ),
                ),
            ],
            options={
                "verbose_name": "credit note",
                "verbose_name_plural": "credit notes",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("invoice", "external_id"),
                        name="credit_note_external_id_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64)),
                ("position", models.PositiveSmallIntegerField()),
                ("description", models.TextField()),
                ("quantity", models.IntegerField(blank=True, null=True)),
                ("amount_minor", models.BigIntegerField()),
                ("discount_minor", models.BigIntegerField(default=0)),
                ("is_proration", models.BooleanField(default=False)),
                (
                    "addon",
                    models.JSONField(blank=True, default=dict, help_text="The add-on's name by language; of the plan, empty."),
                ),
                ("tiers", models.JSONField(blank=True, default=list, help_text="What each graduated tier has of the amount.")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "invoice",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="billing.invoice"),
                ),
            ],
            options={
                "verbose_name": "invoice line",
                "verbose_name_plural": "invoice lines",
                "ordering": ["position"],
                "constraints": [models.UniqueConstraint(fields=("invoice", "stripe_id"), name="invoice_line_unique")],
            },
        ),
        migrations.CreateModel(
            name="CheckoutAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("seats", models.PositiveIntegerField()),
                (
                    "addons",
                    models.JSONField(
                        blank=True, default=list, help_text="List of {code, number, stripe_price_id}.", verbose_name="add-ons"
                    ),
                ),
                (
                    "payment_days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Bought on invoice, due after so many days; 0: by card."
                    ),
                ),
                ("trial_days", models.PositiveSmallIntegerField(default=0, help_text="0: bought at once.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("opening", "Being opened"),
                            ("open", "Open"),
                            ("applied", "Bought"),
                            ("expired", "Expired"),
                            ("returned", "Paid twice, returned"),
                            ("failed", "Failed"),
                        ],
                        default="opening",
                        max_length=10,
                    ),
                ),
                ("stripe_session_id", models.CharField(blank=True, max_length=100, null=True, unique=True)),
                ("url", models.TextField(blank=True)),
                ("duplicate_stripe_subscription_id", models.CharField(blank=True, max_length=64)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "cart",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="attempts", to="billing.cart"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checkouts", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to="billing.subscription",
                    ),
                ),
                (
                    "pilot_fee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.pilotfee",
                    ),
                ),
                ("price", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price")),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.promotion",
                    ),
                ),
                (
                    "agreed",
                    models.ForeignKey(
                        blank=True,
                        help_text="The exception whose discount counts from the first charge on.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.terms",
                        verbose_name="agreed discount",
                    ),
                ),
            ],
            options={
                "verbose_name": "checkout attempt",
                "verbose_name_plural": "checkout attempts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("opening", "open"))),
                        fields=("organization", "line"),
                        name="checkout_attempt_open_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="checkout_attempt_external_id_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeatRelease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="releases", to="billing.seatassignment"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="releases", to="billing.scheduledchange"
                    ),
                ),
            ],
            options={
                "verbose_name": "seat release",
                "verbose_name_plural": "seat releases",
                "constraints": [models.UniqueConstraint(fields=("change", "assignment"), name="seat_release_unique")],
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
                            ("trial", "Free period that nothing explains"),
                            ("currency", "Currency differs"),
                            ("command", "Stripe command open too long"),
                            ("item", "Item that nothing explains"),
                            ("coupon", "Coupon on the customer that nothing explains"),
                            ("collection", "Way of paying differs"),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
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
                (
                    "invoice",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="billing.invoice"
                    ),
                ),
                (
                    "command",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.stripecommand"
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
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refund", "To the card"),
                            ("note", "As credit, with a credit note"),
                            ("credit", "Credit"),
                            ("lower", "Off an invoice that is open"),
                            ("time", "Complimentary time"),
                        ],
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "credit_minor",
                    models.BigIntegerField(default=0, help_text="Of a refund: what goes to the balance instead of the card."),
                ),
                (
                    "time_count",
                    models.PositiveSmallIntegerField(blank=True, help_text="Of complimentary time: how much.", null=True),
                ),
                ("time_unit", models.CharField(blank=True, choices=[("days", "days"), ("months", "months")], max_length=10)),
                ("currency", models.CharField(max_length=3)),
                ("us_cents", models.BigIntegerField(verbose_name="for limits, in US cents")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("duplicate", "Charged twice"),
                            ("order_change", "Ordered by mistake, or less"),
                            ("product_unsatisfactory", "Product did not do what it should"),
                            ("fraudulent", "Fraudulent"),
                            ("goodwill", "Goodwill"),
                        ],
                        max_length=30,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(help_text="For us; the customer does not see it.", max_length=500)),
                ("nonce", models.CharField(max_length=40, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for approval"),
                            ("sending", "Under way"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="sending",
                        max_length=10,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("stripe_id", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustments",
                        to="billing.subscription",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustments",
                        to="billing.invoice",
                    ),
                ),
                (
                    "command",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.stripecommand",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund or credit",
                "verbose_name_plural": "refunds and credits",
                "indexes": [models.Index(fields=["organization", "created_at"], name="adjustment_in_a_month")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="adjustment_gives"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invoice", None), ("kind__in", ("credit", "time"))),
                            models.Q(models.Q(("kind__in", ("credit", "time")), _negated=True), ("invoice__isnull", False)),
                            _connector="OR",
                        ),
                        name="adjustment_credit_needs_no_invoice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "time"), ("subscription__isnull", False), ("time_count__gt", 0)),
                            models.Q(models.Q(("kind", "time"), _negated=True), ("subscription", None), ("time_count", None)),
                            _connector="OR",
                        ),
                        name="adjustment_time_is_of_a_subscription",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approver", models.F("actor")), _negated=True), name="adjustment_second_person"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor__isnull", False), ("api_key", None)),
                            models.Q(("actor", None), ("api_key__isnull", False)),
                            _connector="OR",
                        ),
                        name="adjustment_is_somebodys",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="adjustment_external_id_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CartReminder",
            fields=[
                (
                    "cart",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reminder",
                        serialize=False,
                        to="billing.cart",
                    ),
                ),
                ("wanted_at", models.DateTimeField(verbose_name="agreed")),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("wanted", "Wanted"), ("sent", "Sent"), ("stopped", "Not needed any more")],
                        default="wanted",
                        max_length=8,
                    ),
                ),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "cart reminder",
                "verbose_name_plural": "cart reminders",
                "indexes": [models.Index(condition=models.Q(("state", "wanted")), fields=["due_at"], name="cart_reminder_due")],
            },
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
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
            ],
            options={
                "verbose_name": "customer's pilot",
                "verbose_name_plural": "customers' pilots",
                "indexes": [
                    models.Index(
                        condition=models.Q(("notice_due_at__isnull", False)), fields=["notice_due_at"], name="pilot_notice_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("organization", "line"),
                        name="pilot_organization_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                        name="pilot_ordered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("earned", "Earned"), ("note", "Credit note"), ("refund", "Refund without a note")],
                        default="earned",
                        max_length=10,
                    ),
                ),
                ("line", models.CharField(help_text="The product line's code.", max_length=40)),
                ("plan", models.CharField(help_text="The plan's code.", max_length=40)),
                ("weight", models.PositiveIntegerField(help_text="Its share among the weights of all parts.")),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "credit_note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="billing.creditnote",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="billing.invoice"),
                ),
            ],
            options={
                "verbose_name": "revenue share",
                "verbose_name_plural": "revenue shares",
                "ordering": ["-invoice__issued_at", "invoice_id", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "line", "kind", "credit_note"), name="revenue_share_unique", nulls_distinct=False
                    )
                ],
            },
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
        migrations.CreateModel(
            name="InvoiceWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("unpaid", "Not paid"),
                            ("billed", "Billed"),
                            ("nothing", "All taken back"),
                            ("released", "Seats released"),
                            ("ended", "Subscription ended"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                ("seats", models.PositiveIntegerField(default=0)),
                ("agreed", models.JSONField(help_text="What was shown and agreed last: see billing.rules.preview.")),
                ("due_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("unpaid_at", models.DateTimeField(blank=True, help_text="When a payment failed first.", null=True)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("release_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="windows", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice window",
                "verbose_name_plural": "invoice windows",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["closes_at"], name="invoice_window_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("open", "unpaid"))),
                        fields=("subscription",),
                        name="invoice_window_running_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state__in", ("open", "unpaid"))),
                            models.Q(
                                models.Q(("state__in", ("open", "unpaid")), _negated=True),
                                models.Q(("closed_at", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_window_closed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeatChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("nonce", models.CharField(max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("seats", "Seats or an add-on"),
                            ("resumption", "Going on after the trial"),
                            ("conversion", "From the pilot to the plan"),
                            ("plan", "Another plan"),
                            ("window", "Seats of an invoice window"),
                        ],
                        default="seats",
                        max_length=10,
                    ),
                ),
                ("quantity_before", models.PositiveIntegerField()),
                ("quantity_after", models.PositiveIntegerField()),
                ("addon_after", models.PositiveIntegerField(blank=True, null=True, verbose_name="add-ons after")),
                ("preview", models.JSONField(help_text="What was shown and agreed: see billing.rules.preview.")),
                ("due_now_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Being made"),
                            ("waiting", "Waiting for payment"),
                            ("done", "Done"),
                            ("declined", "Payment declined"),
                            ("stale", "Price had changed"),
                            ("dropped", "Dropped"),
                            ("expired", "Not paid in time"),
                            ("failed", "Failed"),
                        ],
                        default="sending",
                        max_length=10,
                    ),
                ),
                ("stripe_invoice_id", models.CharField(blank=True, max_length=64)),
                ("message", models.CharField(blank=True, help_text="Why it ended as it did, for the buyer.", max_length=300)),
                (
                    "assign_to",
                    models.JSONField(default=list, help_text="Membership and invitation ids that get the new seats."),
                ),
                (
                    "invite",
                    models.JSONField(default=list, help_text="Addresses invited to the new seats; kept until it is concluded."),
                ),
                ("source", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, help_text="While waiting for payment: until when.", null=True)),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "addon_price",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.addonprice",
                    ),
                ),
                (
                    "price_after",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="billing.subscription"
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="billing.invoicewindow",
                    ),
                ),
                (
                    "command",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seat_change",
                        to="billing.stripecommand",
                    ),
                ),
            ],
            options={
                "verbose_name": "seat change",
                "verbose_name_plural": "seat changes",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("sending", "waiting"))),
                        fields=("subscription",),
                        name="seat_change_open_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("subscription", "external_id"),
                        name="seat_change_external_id_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeatLedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("started", "Subscription started"),
                            ("added", "Seats added"),
                            ("renewed", "Changed at renewal"),
                            ("removed", "Seats given back"),
                            ("stripe", "Changed in Stripe"),
                            ("ended", "Subscription ended"),
                            ("converted", "First paid period"),
                            ("addon", "Add-on changed"),
                            ("plan", "Plan changed"),
                            ("paused", "Paused"),
                            ("resumed", "Gone on after a pause"),
                            ("released", "Not paid, given back"),
                        ],
                        max_length=10,
                    ),
                ),
                ("delta", models.IntegerField()),
                ("quantity_after", models.PositiveIntegerField()),
                ("mrr_delta_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("source", models.CharField(help_text="Where from: page, api, admin, stripe, schedule, system", max_length=20)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("stripe_invoice_id", models.CharField(blank=True, max_length=64)),
                (
                    "addon_after",
                    models.PositiveIntegerField(
                        help_text="How many of it are had then.", null=True, verbose_name="add-ons after"
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "addon",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.addon"
                    ),
                ),
                (
                    "price_after",
                    models.ForeignKey(
                        help_text="Of another plan: its price.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.price",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ledger", to="billing.subscription"
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.invoicewindow",
                    ),
                ),
                (
                    "command",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entry",
                        to="billing.stripecommand",
                    ),
                ),
            ],
            options={
                "verbose_name": "seat ledger entry",
                "verbose_name_plural": "seat ledger",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("number", models.CharField(blank=True, help_text="Empty: not issued.", max_length=20, null=True, unique=True)),
                ("kind", models.CharField(choices=[("purchase", "Purchase"), ("change", "Change")], max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed"),
                            ("overtaken", "Overtaken"),
                        ],
                        default="draft",
                        max_length=9,
                    ),
                ),
                ("wanted", models.JSONField(blank=True, default=dict)),
                (
                    "base",
                    models.CharField(blank=True, help_text="What the subscription had when it was priced.", max_length=300),
                ),
                ("document", models.JSONField(default=dict)),
                ("currency", models.CharField(max_length=3)),
                (
                    "due_minor",
                    models.BigIntegerField(
                        help_text="Of a change: on the day it was issued.", verbose_name="due on acceptance"
                    ),
                ),
                (
                    "period_minor",
                    models.BigIntegerField(help_text="With tax, as far as it is known.", verbose_name="each period"),
                ),
                ("addressed_to", models.CharField(blank=True, max_length=120)),
                ("approver_email", models.EmailField(blank=True, max_length=254)),
                ("purchase_order", models.CharField(blank=True, max_length=140)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("source", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                ("valid_on", models.DateField(blank=True, null=True, verbose_name="valid through")),
                ("lapses_at", models.DateTimeField(blank=True, null=True)),
                ("remind_at", models.DateTimeField(blank=True, help_text="Empty: reminded, or not to be.", null=True)),
                (
                    "look_at",
                    models.DateTimeField(
                        blank=True, help_text="Something was booked since: does it still rest on what there is?", null=True
                    ),
                ),
                (
                    "overtaken",
                    models.JSONField(
                        blank=True, default=dict, help_text="By what: {why, plan, seats, interval}, as there was then."
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "cart",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quote",
                        to="billing.cart",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="followed_by",
                        to="billing.quote",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.productline"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quotes", to="accounts.organization"
                    ),
                ),
                ("price", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price")),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "indexes": [
                    models.Index(fields=["organization", "-id"], name="quote_of_organization"),
                    models.Index(
                        condition=models.Q(("look_at__isnull", False), ("state", "open")),
                        fields=["look_at"],
                        name="quote_to_look_at",
                    ),
                    models.Index(condition=models.Q(("state", "open")), fields=["lapses_at"], name="quote_lapses"),
                    models.Index(
                        condition=models.Q(("remind_at__isnull", False), ("state", "open")),
                        fields=["remind_at"],
                        name="quote_reminds",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="quote_external_id_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cart__isnull", False), ("kind", "purchase")),
                            models.Q(("kind", "change"), ("subscription__isnull", False)),
                            _connector="OR",
                        ),
                        name="quote_of_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("open", "accepted", "lapsed")), _negated=True),
                            models.Q(("issued_at__isnull", False), ("lapses_at__isnull", False), ("number__isnull", False)),
                            _connector="OR",
                        ),
                        name="quote_issued_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuoteDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(max_length=254)),
                ("way", models.CharField(choices=[("card", "By card"), ("invoice", "By invoice")], max_length=7)),
                ("purchase_order", models.CharField(blank=True, max_length=140)),
                ("due_minor", models.BigIntegerField()),
                (
                    "documents",
                    models.JSONField(default=list, help_text="The legal texts that were accepted: kind and hash of each."),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "quote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="decisions", to="billing.quote"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.seatchange",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision on a quote",
                "verbose_name_plural": "decisions on quotes",
            },
        ),
        migrations.AddField(
            model_name="InvoiceWindow",
            name="billed_by",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="billed_window",
                to="billing.seatchange",
            ),
        ),
        migrations.AddField(
            model_name="Quote",
            name="decision",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.quotedecision"
            ),
        ),
        *_squashed.OPERATIONS,
    ]
