"""A role, a prompt and a purpose for models that put a quoted answer into the voice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm", "0002_deployment_prompt"),
    ]

    operations = [
        migrations.AlterField(
            model_name="deployment",
            name="model",
            field=models.CharField(
                blank=True, help_text="Empty: nobody from here on (fallback, restyle).", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="deployment",
            name="prompt",
            field=models.CharField(
                choices=[
                    ("full", "with the voice's rules"),
                    ("short", "without the voice's rules"),
                    ("restyle", "to say an answer again"),
                ],
                default="full",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="deployment",
            name="role",
            field=models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("embed", "Embed"),
                    ("judge", "Judge"),
                    ("fallback", "Fallback"),
                    ("restyle", "Put into the voice"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="reservation",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("embed_question", "Embed Question"),
                    ("embed_document", "Embed Document"),
                    ("rewrite", "Rewrite"),
                    ("judge", "Judge"),
                    ("test", "Test"),
                    ("tune", "Tune"),
                    ("restyle", "Restyle"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="usagerecord",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("embed_question", "Embed Question"),
                    ("embed_document", "Embed Document"),
                    ("rewrite", "Rewrite"),
                    ("judge", "Judge"),
                    ("test", "Test"),
                    ("tune", "Tune"),
                    ("restyle", "Restyle"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="deployment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("prompt", "restyle"), ("role", "restyle")),
                    models.Q(
                        models.Q(("role", "restyle"), _negated=True), models.Q(("prompt", "restyle"), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="restylers_restyle",
            ),
        ),
    ]
