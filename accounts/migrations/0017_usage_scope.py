import django.contrib.postgres.fields
from django.db import migrations, models

SCOPES = [
    ("catalog:read", "Read the catalog"),
    ("billing:read", "Read subscriptions and invoices"),
    ("billing:write", "Change subscriptions"),
    ("members:read", "Read members"),
    ("members:write", "Change members"),
    ("entitlements:read", "Check entitlements"),
    ("organizations:read", "Read organizations"),
    ("organizations:write", "Create and change organizations"),
    ("carts:read", "Read carts and checkouts"),
    ("carts:write", "Fill carts and start checkouts"),
    ("keys:read", "Read the API keys of organizations"),
    ("keys:write", "Create, rotate and revoke the API keys of organizations"),
    ("sessions:write", "Bring people in, signed on"),
    ("refunds:write", "Refund invoices, or lower open ones"),
    ("usage:write", "Report usage of metered features"),
]


class Migration(migrations.Migration):
    """A scope for reporting usage. The column is as it was: choices are the program's."""

    dependencies = [("accounts", "0016_refunds_scope")]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=SCOPES, max_length=30), default=list, size=None
            ),
        ),
    ]
