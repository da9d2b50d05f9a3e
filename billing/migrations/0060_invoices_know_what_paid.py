"""Invoices know what paid them, or was tried last: a refund of a debit goes to a bank account, whatever pays by then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0059_overtaken_quotes")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="method_kind",
            field=models.CharField(
                blank=True,
                help_text="What paid it, or was tried last, as Stripe names it; empty: not known.",
                max_length=20,
            ),
        ),
    ]
