"""The sums of past days are this room's from here on; their tables stay where they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("dashboard", "0002_daily_figures_move")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="DailyAnswers",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("platform", models.CharField(max_length=10)),
                        ("channel_id", models.BigIntegerField(null=True)),
                        ("model", models.CharField(blank=True, max_length=200)),
                        ("outcome", models.CharField(max_length=20)),
                        (
                            "resolution",
                            models.CharField(help_text="confirmed, assumed, escalated or abandoned", max_length=10),
                        ),
                        ("answers", models.PositiveIntegerField()),
                    ],
                    options={
                        "db_table": "dashboard_dailyanswers",
                        "indexes": [models.Index(fields=["day"], name="answers_day")],
                    },
                ),
                migrations.CreateModel(
                    name="DailyUsage",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "platform",
                            models.CharField(
                                blank=True, help_text="Empty: no answer belongs to the calls.", max_length=10
                            ),
                        ),
                        ("channel_id", models.BigIntegerField(null=True)),
                        ("purpose", models.CharField(max_length=20)),
                        ("provider", models.CharField(max_length=40)),
                        ("model", models.CharField(max_length=200)),
                        ("calls", models.PositiveIntegerField()),
                        ("unpriced", models.PositiveIntegerField()),
                        ("input_tokens", models.PositiveBigIntegerField()),
                        ("cached_input_tokens", models.PositiveBigIntegerField()),
                        ("output_tokens", models.PositiveBigIntegerField()),
                        ("cost", models.DecimalField(decimal_places=8, max_digits=18)),
                    ],
                    options={
                        "db_table": "dashboard_dailyusage",
                        "indexes": [models.Index(fields=["day"], name="usage_day")],
                    },
                ),
            ]
        )
    ]
