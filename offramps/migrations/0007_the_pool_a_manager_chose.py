import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offramps", "0006_notes_and_next_steps")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="chosen_pool",
            field=models.ForeignKey(
                blank=True,
                help_text="A manager said whose it is.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="offramps.pool",
            ),
        ),
        migrations.RunSQL(
            "UPDATE offramps_lead SET chosen_pool_id = (routing ->> 'pool')::bigint WHERE routing ? 'pool'",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name="lead", name="routing"),
    ]
