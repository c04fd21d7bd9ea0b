import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("provider", models.CharField(max_length=40)),
                (
                    "base_url",
                    models.URLField(blank=True, help_text="Empty: the address in the settings for this provider."),
                ),
                (
                    "is_private_allowed",
                    models.BooleanField(
                        default=False,
                        help_text="May it be on this machine or in its network? So it is where the settings gave it.",
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("embed", "Embed"),
                            ("judge", "Judge"),
                            ("fallback", "Fallback"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        blank=True, help_text="Empty: nobody from here on (fallback only).", max_length=200
                    ),
                ),
                (
                    "dimensions",
                    models.PositiveIntegerField(blank=True, help_text="Length of the vectors (embed only).", null=True),
                ),
                ("reason", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("endpoint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="llm.endpoint")),
            ],
        ),
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=40)),
                ("model", models.CharField(max_length=200)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                (
                    "probe_at",
                    models.DateTimeField(
                        blank=True, help_text="From then on one call may try, while it is open.", null=True
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, help_text="Failures before it count no more.", null=True),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "model"), name="one_breaker_per_model"),
                    models.CheckConstraint(
                        condition=models.Q(("opened_at", None), ("probe_at__isnull", False), _connector="OR"),
                        name="open_breaker_is_probed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=40)),
                ("model", models.CharField(max_length=200)),
                (
                    "input_per_million",
                    models.DecimalField(decimal_places=8, help_text="USD per million tokens", max_digits=14),
                ),
                (
                    "cached_input_per_million",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=14, null=True),
                ),
                ("output_per_million", models.DecimalField(decimal_places=8, default=0, max_digits=14)),
                ("valid_from", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "model", "valid_from"), name="one_price_at_a_time"),
                    models.CheckConstraint(
                        condition=models.Q(("input_per_million__gte", 0), ("output_per_million__gte", 0)),
                        name="price_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trace_id", models.CharField(db_index=True, max_length=32)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("embed_question", "Embed Question"),
                            ("embed_document", "Embed Document"),
                            ("rewrite", "Rewrite"),
                            ("judge", "Judge"),
                        ],
                        max_length=20,
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("model", models.CharField(max_length=200)),
                ("input_tokens", models.PositiveIntegerField(default=0)),
                (
                    "cached_input_tokens",
                    models.PositiveIntegerField(default=0, help_text="The part of input_tokens read from cache."),
                ),
                ("output_tokens", models.PositiveIntegerField(default=0)),
                (
                    "is_estimated",
                    models.BooleanField(default=False, help_text="The provider did not tell; counted here."),
                ),
                ("cost", models.DecimalField(blank=True, decimal_places=8, max_digits=16, null=True)),
                ("latency_ms", models.FloatField()),
                ("first_token_ms", models.FloatField(blank=True, null=True)),
                ("finish_reason", models.CharField(blank=True, max_length=40)),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True),
                ),
                (
                    "deployment",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="llm.deployment"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="deployment",
            index=models.Index(fields=["role", "-id"], name="deployment_live"),
        ),
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(fields=["provider", "model", "-created_at"], name="usage_of_model"),
        ),
        migrations.AddConstraint(
            model_name="usagerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("cached_input_tokens__lte", models.F("input_tokens"))),
                name="cached_is_part_of_input",
            ),
        ),
    ]
