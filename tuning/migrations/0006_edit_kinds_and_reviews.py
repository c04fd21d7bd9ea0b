"""What an edit changed, what a second reviewer thinks, and which passages an example rests on."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bot", "0002_question_of_an_answer"),
        ("knowledge", "0004_links_and_weights"),
        ("tuning", "0005_set_aside_original"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExamplePassage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("version", models.PositiveBigIntegerField(null=True)),
                ("title", models.CharField(blank=True, max_length=500)),
                ("heading", models.TextField(blank=True)),
                ("url", models.CharField(blank=True, max_length=2000)),
                ("text", models.TextField()),
                ("is_attached", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="ExampleReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not decided"),
                            ("approved", "approved"),
                            ("refused", "should have refused"),
                            ("rejected", "rejected"),
                            ("routed_to_kb", "a fact"),
                            ("barred", "kept for an evaluation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("answer", models.TextField(blank=True)),
                ("edit_distance", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(blank=True, null=True)),
                ("is_blind", models.BooleanField(default=False)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "second_share",
                    models.FloatField(help_text="Of decided examples that a second reviewer is asked about, 0 to 1."),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveIndex(
            model_name="trainingexample",
            name="example_queue",
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="article",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="knowledge.document",
            ),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="awaits_article",
            field=models.BooleanField(db_default=False, default=False, help_text="A fact; an editor has to write it."),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="cluster",
            field=models.PositiveIntegerField(
                blank=True, help_text="Of the queue; empty: not looked at yet.", null=True
            ),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="edit_kind",
            field=models.CharField(
                choices=[
                    ("none", "nothing was changed"),
                    ("style", "other words"),
                    ("format", "another layout"),
                    ("refusal", "should have refused"),
                    ("fact", "says what no passage says"),
                ],
                db_default="none",
                default="none",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="impact",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="leads_cluster",
            field=models.BooleanField(db_default=True, default=True, help_text="The first of its cluster to be asked."),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="no_fact_reason",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="placeholders",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="priority",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="proposed_answer",
            field=models.TextField(blank=True, help_text="Before anybody edited it; empty: `answer` still is."),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="second_opinion",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "not asked for"),
                    ("wanted", "waits for a second reviewer"),
                    ("agreed", "two reviewers agree"),
                    ("split", "two reviewers disagree"),
                    ("settled", "decided by a third"),
                ],
                db_default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="stale_reason",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        migrations.AddField(
            model_name="trainingexample",
            name="unsupported",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddIndex(
            model_name="trainingexample",
            index=models.Index(
                models.OrderBy(models.F("skipped_at"), nulls_first=True),
                models.OrderBy(models.F("leads_cluster"), descending=True),
                models.OrderBy(models.F("priority"), descending=True),
                models.F("id"),
                condition=models.Q(("state", "in_review")),
                name="example_queue",
            ),
        ),
        migrations.AddField(
            model_name="examplepassage",
            name="document",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="knowledge.document"
            ),
        ),
        migrations.AddField(
            model_name="examplepassage",
            name="example",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="passages", to="tuning.trainingexample"
            ),
        ),
        migrations.AddField(
            model_name="examplereview",
            name="example",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="tuning.trainingexample"
            ),
        ),
        migrations.AddField(
            model_name="examplereview",
            name="reviewer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reviewpolicy",
            name="changed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="examplepassage",
            constraint=models.UniqueConstraint(fields=("example", "number"), name="passage_number_once"),
        ),
        migrations.AddConstraint(
            model_name="examplereview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_blind", True), ("verdict", "")),
                fields=("example",),
                name="one_second_look_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="examplereview",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_blind", True), models.Q(("verdict", ""), _negated=True), _connector="OR"),
                name="only_a_second_look_is_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("second_share__gte", 0), ("second_share__lte", 1)), name="second_share_is_a_share"
            ),
        ),
    ]
