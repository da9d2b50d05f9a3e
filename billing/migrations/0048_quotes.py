"""Standard quotes, their numbers and the decisions on them."""

import accounts.models.organization
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import staff_groups

LOOKING = {
    name: ["view_quote", "view_quotedecision"] for name in staff_groups.GROUPS if name != staff_groups.MARKETING
}


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_webhook_permissions'),
        ('billing', '0047_paying_by_invoice'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='QuoteCount',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'count of quotes',
                'verbose_name_plural': 'counts of quotes',
            },
        ),
        migrations.AddField(
            model_name='cart',
            name='held_addons',
            field=models.JSONField(blank=True, default=list, help_text='Of a quote: the prices of its add-ons, by id.', verbose_name='held add-ons'),
        ),
        migrations.AddField(
            model_name='cart',
            name='held_price',
            field=models.ForeignKey(blank=True, help_text='Of a quote: bought at this, sold or not.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.price'),
        ),
        migrations.AlterField(
            model_name='cart',
            name='state',
            field=models.CharField(choices=[('open', 'Open'), ('ordered', 'Ordered'), ('replaced', 'Replaced by a newer one'), ('quoted', 'Of a quote')], default='open', max_length=10),
        ),
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(blank=True, editable=False, help_text="The vendor's own id of it, set through the API.", max_length=120, null=True)),
                ('public_id', models.CharField(default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True)),
                ('number', models.CharField(blank=True, help_text='Empty: not issued.', max_length=20, null=True, unique=True)),
                ('kind', models.CharField(choices=[('purchase', 'Purchase'), ('change', 'Change')], max_length=8)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('open', 'Open'), ('accepted', 'Accepted'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Lapsed')], default='draft', max_length=9)),
                ('wanted', models.JSONField(blank=True, default=dict)),
                ('base', models.CharField(blank=True, help_text='What the subscription had when it was priced.', max_length=300)),
                ('document', models.JSONField(default=dict)),
                ('currency', models.CharField(max_length=3)),
                ('due_minor', models.BigIntegerField(help_text='Of a change: on the day it was issued.', verbose_name='due on acceptance')),
                ('period_minor', models.BigIntegerField(help_text='With tax, as far as it is known.', verbose_name='each period')),
                ('addressed_to', models.CharField(blank=True, max_length=120)),
                ('approver_email', models.EmailField(blank=True, max_length=254)),
                ('purchase_order', models.CharField(blank=True, max_length=140)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('source', models.CharField(max_length=20)),
                ('created_at', models.DateTimeField()),
                ('issued_at', models.DateTimeField(blank=True, null=True)),
                ('valid_on', models.DateField(blank=True, null=True, verbose_name='valid through')),
                ('lapses_at', models.DateTimeField(blank=True, null=True)),
                ('remind_at', models.DateTimeField(blank=True, help_text='Empty: reminded, or not to be.', null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cart', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quote', to='billing.cart')),
                ('follows', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='followed_by', to='billing.quote')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.productline')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='accounts.organization')),
                ('price', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.price')),
                ('subscription', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='billing.subscription')),
            ],
            options={
                'verbose_name': 'quote',
                'verbose_name_plural': 'quotes',
            },
        ),
        migrations.CreateModel(
            name='QuoteDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('email', models.EmailField(max_length=254)),
                ('way', models.CharField(choices=[('card', 'By card'), ('invoice', 'By invoice')], max_length=7)),
                ('purchase_order', models.CharField(blank=True, max_length=140)),
                ('due_minor', models.BigIntegerField()),
                ('documents', models.JSONField(default=list, help_text='The legal texts that were accepted: kind and hash of each.')),
                ('decided_at', models.DateTimeField()),
                ('change', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.seatchange')),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='billing.quote')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'decision on a quote',
                'verbose_name_plural': 'decisions on quotes',
            },
        ),
        migrations.AddField(
            model_name='quote',
            name='decision',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.quotedecision'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(fields=['organization', '-id'], name='quote_of_organization'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['lapses_at'], name='quote_lapses'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(condition=models.Q(('remind_at__isnull', False), ('state', 'open')), fields=['remind_at'], name='quote_reminds'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id__isnull', False)), fields=('organization', 'external_id'), name='quote_external_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cart__isnull', False), ('kind', 'purchase')), models.Q(('kind', 'change'), ('subscription__isnull', False)), _connector='OR'), name='quote_of_something'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('open', 'accepted', 'lapsed')), _negated=True), models.Q(('issued_at__isnull', False), ('lapses_at__isnull', False), ('number__isnull', False)), _connector='OR'), name='quote_issued_whole'),
        ),
        staff_groups.grant("billing", LOOKING),
    ]
