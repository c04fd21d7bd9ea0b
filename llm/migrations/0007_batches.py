"""Calls that were lines of an order of a vendor's batch API are told apart: their latency says nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("llm", "0006_rollout")]

    operations = [
        migrations.AddField(
            model_name="usagerecord",
            name="is_batch",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A line of an order that took up to a day: its latency says nothing.",
            ),
        )
    ]
