import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="question",
            name="answer",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="question",
                to="bot.message",
            ),
        ),
    ]
