"""Fewer seats and a smaller plan wait for a committed term's end, as the subscription's own end does: one of each kind."""

from django.db import migrations, models

BOOKED = models.Q(state="booked")
PART = models.Q(kind__in=("end", "seats", "plan"))


class Migration(migrations.Migration):
    dependencies = [("billing", "0060_invoices_know_what_paid")]

    operations = [
        migrations.RemoveConstraint(model_name="scheduledchange", name="scheduled_end_booked_unique"),
        migrations.RemoveConstraint(model_name="scheduledchange", name="scheduled_booked_is_end"),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.UniqueConstraint(
                fields=["subscription", "kind"], condition=BOOKED, name="scheduled_booked_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.CheckConstraint(condition=~BOOKED | PART, name="scheduled_booked_kinds"),
        ),
    ]
