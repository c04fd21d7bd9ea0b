"""Commands in processes of their own, over the database of the test."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def database_url() -> str:
    """DATABASE_URL with the name of the test database."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def start(*arguments: str, said: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """`manage.py` with these arguments; the rows it is to see must be committed."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.Popen(command, env={**os.environ, "DATABASE_URL": database_url()}, stdout=said, stderr=said)
