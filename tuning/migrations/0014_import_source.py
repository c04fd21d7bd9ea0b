from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tuning", "0013_version_retrieval"),
    ]

    operations = [
        migrations.AddField(
            model_name="trainingexample",
            name="source",
            field=models.CharField(
                blank=True,
                db_default="",
                db_index=True,
                help_text="Of an import, a keyed hash of what the file said: however it was edited since, it is known "
                "again.",
                max_length=64,
            ),
        ),
    ]
