"""What trials find out about models is kept."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm", "0007_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="TriedModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=200)),
                ("streams", models.BooleanField(help_text="Does its reply come bit by bit?", null=True)),
                ("thinks", models.BooleanField(help_text="Did it think before it spoke?", null=True)),
                ("takes_system", models.BooleanField(help_text="Does it take a system text?", null=True)),
                (
                    "context_tokens",
                    models.PositiveIntegerField(help_text="That it takes, as its server tells.", null=True),
                ),
                ("refused", models.JSONField(default=list)),
                ("found_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tried", to="llm.endpoint"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("endpoint", "model"), name="tried_once")],
            },
        ),
    ]
