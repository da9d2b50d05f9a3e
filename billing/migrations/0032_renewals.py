"""Renewals are announced: when to look at each subscription next, what its buyer was told, and reviews by one of us."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {
    name: ["view_renewalnotice", "view_renewalreview"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING
}
REVIEWING = {
    name: ["change_renewalreview"]
    for name in (staff_groups.CSM, staff_groups.MANAGER, staff_groups.REP, staff_groups.REVENUE_OPERATIONS)
}
# Whoever writes a period, a way of paying or an end: the sweep looks again, from the earliest instant of any notice on.
FUNCTION = """
CREATE FUNCTION storefront_renewal_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_renewalwatch (subscription_id, due_at)
    VALUES (NEW.id, CASE WHEN NEW.status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused')
        THEN NEW.period_ends_at - interval '120 days' END)
    ON CONFLICT (subscription_id) DO UPDATE SET due_at = EXCLUDED.due_at;
    RETURN NULL;
END $$
"""
MADE = """
CREATE TRIGGER billing_subscription_renewal_made AFTER INSERT ON billing_subscription
FOR EACH ROW EXECUTE FUNCTION storefront_renewal_moved()
"""
MOVED = """
CREATE TRIGGER billing_subscription_renewal_moved AFTER UPDATE ON billing_subscription FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.price_id IS DISTINCT FROM NEW.price_id
    OR OLD.period_ends_at IS DISTINCT FROM NEW.period_ends_at)
EXECUTE FUNCTION storefront_renewal_moved()
"""
THERE = """
INSERT INTO billing_renewalwatch (subscription_id, due_at)
SELECT id, period_ends_at - interval '120 days' FROM billing_subscription
WHERE status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0031_plan_changes"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            name="RenewalNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_ends_at", models.DateTimeField(verbose_name="renewal")),
                (
                    "kind",
                    models.CharField(
                        choices=[("first", "First notice"), ("last", "Last notice"), ("change", "Notice of a change")],
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
                    models.PositiveSmallIntegerField(choices=[(1, "Tier 1"), (2, "Tier 2"), (3, "Tier 3")]),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="renewal_reviews",
                        to="billing.subscription",
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
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_renewal_moved()"),
        migrations.RunSQL(MADE, "DROP TRIGGER billing_subscription_renewal_made ON billing_subscription"),
        migrations.RunSQL(MOVED, "DROP TRIGGER billing_subscription_renewal_moved ON billing_subscription"),
        migrations.RunSQL(THERE, migrations.RunSQL.noop),
        staff_groups.grant("billing", LOOKING),
        staff_groups.grant("billing", REVIEWING),
    ]
