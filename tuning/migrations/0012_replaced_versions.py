"""Who told when a version ends, and which version a job is to replace."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tuning", "0011_proposal_batches")]

    operations = [
        migrations.AddField(
            model_name="finetunejob",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                help_text="The version that ends, and that what comes of this is to take the place of.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tuning.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="retirement_told_by",
            field=models.CharField(
                blank=True, help_text="Who stated the day here; empty: its provider told it.", max_length=150
            ),
        ),
    ]
