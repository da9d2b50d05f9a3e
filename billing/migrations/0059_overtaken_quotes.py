"""Quotes that a purchase or a change has overtaken: looked at once anything of it was booked, then closed with the reason."""

from django.db import migrations, models

# Whatever books seats, a plan or add-ons: open quotes of the subscription, and of buying its line, are to be looked at.
FUNCTION = """
CREATE FUNCTION storefront_quotes_to_look_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_quote q SET look_at = s.started_at FROM billing_subscription s
    WHERE s.id = NEW.subscription_id AND q.organization_id = s.organization_id AND q.state = 'open' AND q.look_at IS NULL
        AND (q.subscription_id = s.id OR q.kind = 'purchase');
    RETURN NULL;
END $$
"""
TRIGGERS = {
    "billing_ledger_quotes": "AFTER INSERT ON billing_seatledgerentry",
    "billing_addon_quotes": "AFTER INSERT OR UPDATE ON billing_subscriptionaddon",
}


class Migration(migrations.Migration):
    dependencies = [("billing", "0058_complimentary_time")]

    operations = [
        migrations.AddField(
            model_name="quote",
            name="look_at",
            field=models.DateTimeField(
                blank=True, help_text="Something was booked since: does it still rest on what there is?", null=True
            ),
        ),
        migrations.AddField(
            model_name="quote",
            name="overtaken",
            field=models.JSONField(
                blank=True, default=dict, help_text="By what: {why, plan, seats, interval}, as there was then."
            ),
        ),
        migrations.AlterField(
            model_name="quote",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("open", "Open"),
                    ("accepted", "Accepted"),
                    ("withdrawn", "Withdrawn"),
                    ("lapsed", "Lapsed"),
                    ("overtaken", "Overtaken"),
                ],
                default="draft",
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="quote",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False), ("state", "open")), fields=["look_at"], name="quote_to_look_at"
            ),
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_quotes_to_look_at()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION storefront_quotes_to_look_at()",
                f"DROP TRIGGER {name} ON {when.rsplit(maxsplit=1)[-1]}",
            )
            for name, when in TRIGGERS.items()
        ),
    ]
