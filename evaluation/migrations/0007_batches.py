"""Runs whose models are asked in one order each, and the lines of it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0006_judgements"),
        ("llm", "0007_batches"),
    ]

    operations = [
        migrations.AddField(
            model_name="evaluationrun",
            name="is_batch",
            field=models.BooleanField(
                default=False, help_text="Models are asked in one order each, for half the price."
            ),
        ),
        migrations.AlterField(
            model_name="evaluationresult",
            name="total_ms",
            field=models.FloatField(
                help_text="Empty: the model was asked in an order, which tells no time.", null=True
            ),
        ),
        migrations.CreateModel(
            name="RunBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "arm",
                    models.CharField(
                        choices=[
                            ("base", "the live model, without passages"),
                            ("rag", "the live model, over passages"),
                            ("tuned", "the candidate, without passages"),
                            ("tuned_rag", "the candidate, over passages"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=32, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("prepared", "being ordered"), ("ordered", "ordered"), ("over", "over")],
                        default="prepared",
                        max_length=10,
                    ),
                ),
                ("order", models.CharField(blank=True, help_text="The vendor's name for it.", max_length=200)),
                ("told", models.CharField(blank=True, max_length=60)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("is_unwanted", models.BooleanField(default=False)),
                (
                    "misses",
                    models.PositiveSmallIntegerField(default=0, help_text="Looks in a row at which nobody knew of it."),
                ),
                ("looks", models.PositiveIntegerField(default=0)),
                ("look_at", models.DateTimeField(null=True)),
                ("since", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "reservation",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="llm.reservation"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to="evaluation.evaluationrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="BatchedAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trace_id", models.CharField(max_length=32)),
                ("found", models.JSONField(default=dict)),
                ("most_input", models.PositiveIntegerField(help_text="Tokens of its prompt at most.")),
                ("reply", models.JSONField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("kind", models.CharField(blank=True, help_text="Of the error.", max_length=20)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="evaluation.evaluationcase"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="evaluation.runbatch"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="runbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "over"), _negated=True),
                fields=("run", "arm"),
                name="one_open_batch_per_arm",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchedanswer",
            constraint=models.UniqueConstraint(fields=("batch", "case"), name="case_once_per_batch"),
        ),
    ]
