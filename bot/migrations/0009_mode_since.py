"""Since when a channel answers as it is set."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0008_handover_both_ways")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="mode_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
