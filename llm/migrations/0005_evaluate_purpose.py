"""Calls that an evaluation makes are told apart in the ledger."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm", "0004_prices_not_negative"),
    ]

    operations = [
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
                    ("evaluate", "Evaluate"),
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
                    ("evaluate", "Evaluate"),
                ],
                max_length=20,
            ),
        ),
    ]
