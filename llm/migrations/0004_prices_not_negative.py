"""No price is below zero."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("llm", "0003_restyling")]

    operations = [
        migrations.AddConstraint(
            model_name="modelprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cached_input_per_million", None), ("cached_input_per_million__gte", 0), _connector="OR"
                ),
                name="cached_price_not_negative",
                violation_error_message="A price for cached input is not below 0.",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("training_per_million", None), ("training_per_million__gte", 0), _connector="OR"),
                name="training_price_not_negative",
                violation_error_message="A price for training is not below 0.",
            ),
        ),
    ]
