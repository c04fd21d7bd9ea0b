"""No price is below zero; one that is becomes unknown."""

from typing import Any

from django.db import migrations, models


def forget_negative(apps: Any, schema_editor: Any) -> None:
    """A price below zero was a slip, and what it ought to have been nobody knows: its models are unpriced."""
    prices = apps.get_model("llm", "ModelPrice").objects.using(schema_editor.connection.alias)
    for name in ("cached_input_per_million", "training_per_million"):
        prices.filter(**{f"{name}__lt": 0}).update(**{name: None})


class Migration(migrations.Migration):
    dependencies = [("llm", "0003_restyling")]

    operations = [
        migrations.RunPython(forget_negative, migrations.RunPython.noop),
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
