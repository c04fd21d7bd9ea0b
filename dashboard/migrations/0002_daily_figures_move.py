"""The sums of past days are evaluation's from here on; their tables stay where they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("DailyAnswers"), migrations.DeleteModel("DailyUsage")]
        )
    ]
