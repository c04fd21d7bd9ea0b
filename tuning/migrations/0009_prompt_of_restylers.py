"""A dataset and a version may be of a model that puts quoted answers into the voice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tuning", "0005_set_aside_original"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dataset",
            name="prompt",
            field=models.CharField(
                choices=[
                    ("full", "with the voice's rules"),
                    ("short", "without the voice's rules"),
                    ("restyle", "to say an answer again"),
                ],
                default="full",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="modelversion",
            name="prompt",
            field=models.CharField(
                choices=[
                    ("full", "with the voice's rules"),
                    ("short", "without the voice's rules"),
                    ("restyle", "to say an answer again"),
                ],
                default="full",
                max_length=10,
            ),
        ),
    ]
