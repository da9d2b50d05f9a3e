"""Items and coupons that nothing explains."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0016_tax_permissions"),
    ]

    operations = [
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
                    ("item", "Item that nothing explains"),
                    ("coupon", "Coupon on the customer that nothing explains"),
                ],
                max_length=15,
            ),
        ),
    ]
