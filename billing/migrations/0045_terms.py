"""Exceptions from the catalog, with an end each; reviews of renewals where there are some."""

import accounts.models.organization
import billing.rules.terms
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {name: ["view_terms"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING}
PROPOSING = {
    name: ["add_terms"]
    for name in (
        staff_groups.REP,
        staff_groups.CSM,
        staff_groups.MANAGER,
        staff_groups.FINANCE,
        staff_groups.REVENUE_OPERATIONS,
    )
}
DECIDING = {
    name: ["change_terms"] for name in (staff_groups.MANAGER, staff_groups.FINANCE, staff_groups.REVENUE_OPERATIONS)
}
# What an exception grants changes when it begins and when it is over, and so does the version of the entitlements.
CHANGED = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in ("began_at", "ended_at", "state"))
WATCHES = {
    "billing_terms_entitlements_changed": ("UPDATE", f"WHEN ({CHANGED})"),
    "billing_terms_entitlements_gone": ("DELETE", ""),
}


def watch():
    for name, (act, when) in WATCHES.items():
        yield migrations.RunSQL(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {act} ON billing_terms DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW {when} EXECUTE FUNCTION storefront_entitlements_changed('organization')",
            f"DROP TRIGGER {name} ON billing_terms",
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_webhook_permissions'),
        ('billing', '0044_purchase_orders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='renewalreview',
            name='has_exceptions',
            field=models.BooleanField(db_default=False, default=False, help_text='One holds then, or ends before.', verbose_name='exceptions'),
        ),
        migrations.AlterField(
            model_name='renewalreview',
            name='coverage_tier',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'Tier 1'), (2, 'Tier 2'), (3, 'Tier 3')], null=True),
        ),
        migrations.CreateModel(
            name='Terms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('discount', 'Discount'), ('price_hold', 'Price hold'), ('term', 'Committed term'), ('payment_terms', 'Payment terms'), ('credit_limit', 'Credit limit'), ('seat_ceiling', 'Seat ceiling'), ('feature', 'Feature')], max_length=20, verbose_name='kind')),
                ('value', models.JSONField(default=dict, verbose_name='value')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('quarter', models.CharField(help_text='Whose budget it counts against.', max_length=7, verbose_name='quarter')),
                ('starts_on', models.DateField(verbose_name='holds from')),
                ('ends_on', models.DateField(help_text='The first day on which it does not hold any more.', verbose_name='ends on')),
                ('state', models.CharField(choices=[('proposed', 'To be approved'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('ended_early', 'Ended early'), ('ended', 'Ended')], default='proposed', max_length=12)),
                ('nonce', models.CharField(max_length=60, unique=True)),
                ('proposed_at', models.DateTimeField(verbose_name='proposed')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note on the decision')),
                ('began_at', models.DateTimeField(blank=True, null=True, verbose_name='in force since')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='over since')),
                ('end_reason', models.CharField(blank=True, max_length=500, verbose_name='why it ended early')),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('stripe_coupon_id', models.CharField(blank=True, help_text='Of a discount.', max_length=100)),
                ('approver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by')),
                ('line', models.ForeignKey(blank=True, help_text='Empty: it is of the customer as a whole.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.productline', verbose_name='product line')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='accounts.organization')),
                ('owner', models.ForeignKey(help_text='Who answers for it, until it ends.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by')),
            ],
            options={
                'verbose_name': 'exception',
                'verbose_name_plural': 'exceptions',
            },
        ),
        migrations.CreateModel(
            name='TermsNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decided_at', models.DateTimeField(verbose_name='due since')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('now_minor', models.BigIntegerField(blank=True, null=True, verbose_name='a period now')),
                ('then_minor', models.BigIntegerField(blank=True, null=True, verbose_name='a period then')),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('subscription', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='billing.subscription')),
                ('terms', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='notice', to='billing.terms')),
            ],
            options={
                'verbose_name': "notice of an exception's end",
                'verbose_name_plural': "notices of exceptions' ends",
            },
        ),
        migrations.AddIndex(
            model_name='terms',
            index=models.Index(condition=models.Q(('state', 'approved')), fields=['organization'], name='terms_in_force'),
        ),
        migrations.AddIndex(
            model_name='terms',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='terms_due'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gt', models.F('starts_on'))), name='terms_end_after_start'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', [billing.rules.terms.Kind['DISCOUNT'], billing.rules.terms.Kind['FEATURE'], billing.rules.terms.Kind['PRICE_HOLD'], billing.rules.terms.Kind['SEAT_CEILING'], billing.rules.terms.Kind['TERM']]), ('line__isnull', False)), models.Q(models.Q(('kind__in', [billing.rules.terms.Kind['DISCOUNT'], billing.rules.terms.Kind['FEATURE'], billing.rules.terms.Kind['PRICE_HOLD'], billing.rules.terms.Kind['SEAT_CEILING'], billing.rules.terms.Kind['TERM']]), _negated=True), ('line', None)), _connector='OR'), name='terms_of_a_line_or_customer'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('approver', None), models.Q(('approver', models.F('proposed_by')), _negated=True), _connector='OR'), name='terms_approved_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'withdrawn']), models.Q(('approver__isnull', False), ('decided_at__isnull', False)), _connector='OR'), name='terms_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('state__in', ['ended', 'ended_early']), _connector='OR'), name='terms_over_has_ended'),
        ),
        migrations.AddIndex(
            model_name='termsnotice',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['decided_at'], name='terms_notice_due'),
        ),
        *watch(),
        staff_groups.grant("billing", LOOKING),
        staff_groups.grant("billing", PROPOSING),
        staff_groups.grant("billing", DECIDING),
    ]
