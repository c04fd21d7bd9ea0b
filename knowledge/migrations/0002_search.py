"""The SQL of search: terms, statistics, access, the search itself, and how its tables are stored."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def script(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [script(part) for part in ("storage", "terms", "statistics", "vectors", "access", "question", "search")],
            script("drop"),
        )
    ]
