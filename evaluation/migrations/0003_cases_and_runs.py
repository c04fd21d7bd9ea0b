"""Cases, sets of them, runs over the sets with what was answered, and what people thought of it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bot", "0002_question_of_an_answer"),
        ("evaluation", "0002_schedule"),
        ("llm", "0005_evaluate_purpose"),
        ("tuning", "0013_version_retrieval"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "checksum",
                    models.CharField(help_text="SHA-256 of the checksums of its cases in their order.", max_length=64),
                ),
                ("size", models.PositiveIntegerField()),
                ("clusters", models.PositiveIntegerField(help_text="Different questions among its cases.")),
                ("warnings", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EvaluationCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.TextField()),
                ("history", models.JSONField(default=list)),
                (
                    "expected",
                    models.CharField(
                        choices=[
                            ("answer", "answers"),
                            ("refuse", "says that the documents do not say"),
                            ("clarify", "asks back"),
                            ("escalate", "hands over to a person"),
                        ],
                        default="answer",
                        max_length=10,
                    ),
                ),
                ("gold", models.JSONField(default=list)),
                ("must_include", models.JSONField(default=list)),
                ("must_not_include", models.JSONField(default=list)),
                ("reference", models.TextField(blank=True, help_text="A right answer, for people who grade.")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                ("thread", models.CharField(blank=True, max_length=200)),
                (
                    "source",
                    models.CharField(choices=[("transcript", "a conversation"), ("file", "a file")], max_length=10),
                ),
                (
                    "origin",
                    models.CharField(blank=True, help_text="The file and the line it came from.", max_length=300),
                ),
                (
                    "checksum",
                    models.CharField(help_text="SHA-256 of what is asked and expected.", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        help_text="The answer it was made of; empty: it came otherwise, or the transcript is gone.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="evaluation_cases",
                        to="bot.message",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CaseSetLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.PositiveIntegerField()),
                ("cluster", models.PositiveIntegerField()),
                ("checksum", models.CharField(help_text="Of the case when the set was frozen.", max_length=64)),
                (
                    "case_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="evaluation.caseset"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="evaluation.evaluationcase",
                    ),
                ),
            ],
            options={
                "ordering": ["ordinal"],
            },
        ),
        migrations.AddField(
            model_name="caseset",
            name="cases",
            field=models.ManyToManyField(
                related_name="sets", through="evaluation.CaseSetLine", to="evaluation.evaluationcase"
            ),
        ),
        migrations.CreateModel(
            name="EvaluationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits"),
                            ("running", "runs"),
                            ("done", "done"),
                            ("stopped", "stopped"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("arms", models.JSONField()),
                (
                    "primary",
                    models.CharField(
                        choices=[
                            ("style", "keeping to the voice"),
                            ("factual", "factual accuracy"),
                            ("grounded", "groundedness"),
                            ("passed", "cases passed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_frozen", models.BooleanField(default=False)),
                ("collections", models.JSONField()),
                (
                    "template_hashes",
                    models.JSONField(default=dict, help_text="Of the wording that each arm is asked in."),
                ),
                (
                    "budget",
                    models.DecimalField(
                        blank=True, decimal_places=4, help_text="USD; empty: none.", max_digits=12, null=True
                    ),
                ),
                ("total", models.PositiveIntegerField(help_text="Answers there will be: cases times arms.")),
                ("reason", models.CharField(blank=True, help_text="Why it stopped or failed.", max_length=500)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="tuning.modelversion"
                    ),
                ),
                (
                    "case_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="evaluation.caseset"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "live",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="llm.deployment"
                    ),
                ),
                (
                    "voice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bot.voice",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="EvaluationResult",
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
                ("trace_id", models.CharField(max_length=32)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("answered", "Answered"),
                            ("not_in_docs", "Not In Docs"),
                            ("clarify", "Clarify"),
                            ("escalated", "Escalated"),
                            ("blocked", "Blocked"),
                            ("over_budget", "Over Budget"),
                            ("provider_error", "Provider Error"),
                        ],
                        max_length=20,
                    ),
                ),
                ("answer", models.TextField()),
                ("citations", models.JSONField(default=list, help_text="Number, path, heading and quote of each.")),
                ("trace", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                ("usage", models.JSONField(default=dict)),
                ("cost", models.DecimalField(decimal_places=8, max_digits=16, null=True)),
                ("first_token_ms", models.FloatField(null=True)),
                ("total_ms", models.FloatField()),
                ("scores", models.JSONField(default=dict)),
                (
                    "has_passed",
                    models.BooleanField(help_text="Empty: a provider failed, so nothing is known.", null=True),
                ),
                (
                    "layer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("kb_gap", "The documents do not hold it"),
                            ("retrieval_miss", "The search did not find it"),
                            ("retrieval_noise", "Other passages got in the way"),
                            ("stale_doc", "The document says something else by now"),
                            ("unfaithful", "The answer says what its passages do not"),
                            ("over_refusal", "Refused what it could answer"),
                            ("under_refusal", "Answered what it should not"),
                            ("format", "Citations are missing or wrong"),
                            ("style", "Does not keep to the voice"),
                            ("latency", "Too slow"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="evaluation.evaluationcase",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="evaluation.evaluationrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="HumanGrade",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_factual", models.BooleanField(null=True)),
                ("is_on_brand", models.BooleanField(null=True)),
                ("is_rightly_refused", models.BooleanField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("seconds", models.FloatField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "grader",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grades",
                        to="evaluation.evaluationresult",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="evaluationcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("message__isnull", False)), fields=("message",), name="one_case_per_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="casesetline",
            constraint=models.UniqueConstraint(fields=("case_set", "ordinal"), name="case_has_its_place"),
        ),
        migrations.AddConstraint(
            model_name="casesetline",
            constraint=models.UniqueConstraint(fields=("case_set", "case"), name="case_once_per_set"),
        ),
        migrations.AddConstraint(
            model_name="evaluationresult",
            constraint=models.UniqueConstraint(fields=("run", "case", "arm"), name="one_result_per_arm"),
        ),
        migrations.AddConstraint(
            model_name="evaluationresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("has_passed", False), models.Q(("layer", ""), _negated=True)),
                    models.Q(models.Q(("has_passed", True), ("has_passed", None), _connector="OR"), ("layer", "")),
                    _connector="OR",
                ),
                name="a_failure_has_one_layer",
            ),
        ),
        migrations.AddConstraint(
            model_name="humangrade",
            constraint=models.UniqueConstraint(fields=("result", "grader"), name="one_grade_per_person"),
        ),
    ]
