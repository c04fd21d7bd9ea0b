import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgvector.django.extensions
import pgvector.django.halfvec
import pgvector.django.sparsevec
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("llm", "0001_initial"),
    ]

    operations = [
        pgvector.django.extensions.VectorExtension(),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "visibility",
                    models.CharField(
                        choices=[("public", "Public"), ("internal", "Internal")], default="public", max_length=10
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="SynonymSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "phrases",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), size=None),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="CollectionStatistics",
            fields=[
                (
                    "collection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="knowledge.collection",
                    ),
                ),
                ("chunk_count", models.BigIntegerField(default=0)),
                ("total_length", models.BigIntegerField(default=0)),
                ("average_length", models.FloatField(default=100)),
            ],
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("origin", models.CharField(max_length=2000)),
                ("path", models.CharField(max_length=2000)),
                ("url", models.URLField(blank=True, max_length=2000)),
                ("title", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("indexed", "Indexed"), ("failed", "Failed")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed, as a sentence for a person.", max_length=1000
                    ),
                ),
                ("etag", models.CharField(blank=True, max_length=500)),
                ("last_modified", models.CharField(blank=True, help_text="As the server wrote it.", max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="knowledge.collection"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DocumentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("byte_count", models.PositiveBigIntegerField()),
                ("chunk_count", models.PositiveIntegerField()),
                (
                    "language",
                    models.CharField(db_default="english", help_text="A text search configuration.", max_length=20),
                ),
                (
                    "added_chunks",
                    models.PositiveIntegerField(default=0, help_text="That the version before did not have."),
                ),
                (
                    "removed_chunks",
                    models.PositiveIntegerField(default=0, help_text="Of the version before that are gone."),
                ),
                (
                    "modified_at",
                    models.DateTimeField(blank=True, help_text="When the original was, as it says itself.", null=True),
                ),
                (
                    "warning",
                    models.CharField(blank=True, help_text="Such as hidden text that was dropped.", max_length=500),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="knowledge.document"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="document",
            name="live_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="knowledge.documentversion",
            ),
        ),
        migrations.CreateModel(
            name="Chunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.PositiveIntegerField()),
                ("heading", models.TextField(blank=True)),
                ("text", models.TextField()),
                (
                    "content_hash",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            django.db.models.functions.text.MD5(
                                django.db.models.functions.text.Concat(
                                    "heading", models.Value("\n"), "text", output_field=models.TextField()
                                )
                            ),
                            models.UUIDField(),
                        ),
                        output_field=models.UUIDField(),
                    ),
                ),
                (
                    "language",
                    models.CharField(db_default="english", help_text="A text search configuration.", max_length=20),
                ),
                ("token_count", models.PositiveIntegerField()),
                (
                    "sentence_spans",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), db_default=models.Value([]), default=list, size=None
                    ),
                ),
                ("terms", django.contrib.postgres.search.SearchVectorField()),
                ("bm25", pgvector.django.sparsevec.SparseVectorField(dimensions=536870912)),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="knowledge.collection"),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="knowledge.document"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="knowledge.documentversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IndexBuild",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=200)),
                ("dimensions", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("live", "Live"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("trace_id", models.CharField(max_length=32)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("chunks_total", models.PositiveIntegerField(default=0)),
                ("chunks_done", models.PositiveIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed, as a sentence for a person.", max_length=1000
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("endpoint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="llm.endpoint")),
            ],
        ),
        migrations.CreateModel(
            name="LanguageStatistics",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "collection_id", "language", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("language", models.CharField(max_length=20)),
                ("chunk_count", models.IntegerField()),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="knowledge.collection"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("folder", "Folder"),
                            ("pages", "Pages"),
                            ("sitemap", "Sitemap"),
                            ("site", "Site"),
                            ("git", "Git"),
                        ],
                        max_length=10,
                    ),
                ),
                ("location", models.TextField(help_text="A folder, an address, or for pages one address per line.")),
                (
                    "include",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=500), blank=True, default=list, size=None
                    ),
                ),
                (
                    "exclude",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=500), blank=True, default=list, size=None
                    ),
                ),
                (
                    "schedule",
                    models.CharField(
                        blank=True, help_text="Five fields as in cron; empty: only by hand.", max_length=100
                    ),
                ),
                ("next_sync_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="knowledge.collection"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="document",
            name="source",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: by hand.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="documents",
                to="knowledge.source",
            ),
        ),
        migrations.CreateModel(
            name="Sync",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("trace_id", models.CharField(max_length=32)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("documents_total", models.PositiveIntegerField(default=0)),
                ("documents_done", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it failed, as a sentence for a person.", max_length=1000
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="syncs", to="knowledge.source"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SyncChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("added", "Added"),
                            ("changed", "Changed"),
                            ("removed", "Removed"),
                            ("failed", "Failed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("path", models.CharField(max_length=2000)),
                ("reason", models.CharField(blank=True, max_length=1000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "document",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to="knowledge.document"
                    ),
                ),
                (
                    "sync",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="knowledge.sync"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TermStatistics",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "collection_id", "term", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("term", models.IntegerField()),
                ("lexeme", models.TextField(help_text="The word itself, which spelling goes by.")),
                ("chunk_count", models.IntegerField()),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="knowledge.collection"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChunkVector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("space", models.CharField(max_length=300)),
                ("embedding", pgvector.django.halfvec.HalfVectorField()),
                (
                    "sentence_embeddings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=pgvector.django.halfvec.HalfVectorField(), default=list, size=None
                    ),
                ),
                (
                    "chunk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="vectors", to="knowledge.chunk"
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="knowledge.collection"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("chunk", "space"), name="one_vector_per_space")],
            },
        ),
        migrations.AddConstraint(
            model_name="documentversion",
            constraint=models.UniqueConstraint(fields=("document", "number"), name="version_number_once"),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(fields=["content_hash"], name="chunk_content"),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.UniqueConstraint(fields=("document", "version", "ordinal"), name="chunk_place"),
        ),
        migrations.AddConstraint(
            model_name="indexbuild",
            constraint=models.UniqueConstraint(
                models.Value(1), condition=models.Q(("state__in", ["waiting", "running"])), name="one_build_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(fields=("collection", "kind", "location"), name="source_once"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["path"], name="document_path"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("collection", "origin"), name="document_once_per_collection"),
        ),
        migrations.AddConstraint(
            model_name="sync",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["waiting", "running"])), fields=("source",), name="one_sync_at_a_time"
            ),
        ),
    ]
