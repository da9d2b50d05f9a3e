"""Somebody asks to be reminded of a cart, once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0041_invoice_windows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CartReminder',
            fields=[
                ('cart', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reminder', serialize=False, to='billing.cart')),
                ('wanted_at', models.DateTimeField(verbose_name='agreed')),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('wanted', 'Wanted'), ('sent', 'Sent'), ('stopped', 'Not needed any more')], default='wanted', max_length=8)),
                ('concluded_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'cart reminder',
                'verbose_name_plural': 'cart reminders',
                'indexes': [models.Index(condition=models.Q(('state', 'wanted')), fields=['due_at'], name='cart_reminder_due')],
            },
        ),
    ]
