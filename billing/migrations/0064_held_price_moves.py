"""A question about a dearer price that a price hold put aside is no answer of the customer's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0063_staff_may_look_at_budgets")]

    operations = [
        migrations.AlterField(
            model_name="pricemove",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Not answered"),
                    ("accepted", "New price accepted"),
                    ("other", "Another plan chosen"),
                    ("stayed", "Old price kept"),
                    ("held", "Put aside: the price is held"),
                    ("ended", "Ends"),
                ],
                default="open",
                max_length=8,
            ),
        ),
    ]
