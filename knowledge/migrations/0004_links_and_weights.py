"""Terms leave out the addresses of links, and the weights of search have names; the scripts are those that 0002 runs."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def script(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0003_opened_files")]

    operations = [migrations.RunSQL([script("terms"), script("search")], migrations.RunSQL.noop)]
