"""A PostgreSQL of its own for a benchmark: every system of a run is measured on this one server."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.core.management import call_command

from config import postgres

# For a machine with 8 GB or more; the server of an install starts with PostgreSQL's modest defaults.
OPTIONS = {"shared_buffers": "1GB", "work_mem": "64MB", "maintenance_work_mem": "1GB", "max_wal_size": "4GB"}
HOME = Path(__file__).resolve().parent.parent / "var" / "bench"


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Yield the URL of an empty, migrated database in a temporary folder; Django is set up on it.

    Models and vectors are kept in var/bench from run to run.
    """
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        Path(folder).chmod(0o755)
        with kept(Path(folder)) as url:
            yield url


@contextlib.contextmanager
def kept(folder: Path, **options: str) -> Iterator[str]:
    """As `running`, with the database in `folder`, where it is found again by the next run."""
    postgres.SERVER_OPTIONS |= OPTIONS | options
    folder.mkdir(parents=True, exist_ok=True)
    with postgres.running(folder) as url:
        os.environ |= {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMBED_MODEL": "local:all-MiniLM-L6-v2",
            "PARLEY_HOME": str(HOME),
            "SECRET_KEY": "only-for-benchmarks",
        }
        django.setup()
        call_command("migrate", verbosity=0)
        yield url
