"""Open invoices lowered by a credit note."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0021_addons_of_subscriptions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='adjustment',
            name='kind',
            field=models.CharField(choices=[('refund', 'To the card'), ('note', 'As credit, with a credit note'), ('credit', 'Credit'), ('lower', 'Off an invoice that is open')], max_length=10, verbose_name='how'),
        ),
    ]
