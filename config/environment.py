"""The one reader of the environment.

A line of the file .env counts where the environment itself says nothing, and any NAME may instead come from the file
that NAME_FILE points to, as container platforms hand out secrets.
"""

import logging
import os
from pathlib import Path

from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env", override=False)


class SettingError(Exception):
    """A variable holds something that cannot be used; the message names it and says what would do."""


def text(name: str, default: str = "") -> str:
    """The value of NAME, or what NAME_FILE holds, or the default. An empty value counts as not given."""
    if value := os.environ.get(name, "").strip():
        return value
    if path := os.environ.get(f"{name}_FILE", "").strip():
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    return default


def key(name: str) -> str:
    """A provider's key. One with a blank inside is refused here, or an error message would quote it."""
    value = text(name)
    if len(value.split()) > 1 or not value.isascii():
        raise SettingError(f"{name} holds blanks or characters that no key has.")
    return value


def number(name: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not least <= int(value) <= most:
        raise SettingError(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def log_level(name: str) -> str:
    value = text(name, "WARNING").upper()
    if value not in logging.getLevelNamesMapping():
        raise SettingError(f"{name} must be DEBUG, INFO, WARNING or ERROR, not {value!r}.")
    return value


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "yes" if default else "no").lower()
    if value not in {"yes", "no", "true", "false", "1", "0"}:
        raise SettingError(f"{name} must be yes or no, not {value!r}.")
    return value in {"yes", "true", "1"}


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def home() -> Path:
    """PARLEY_HOME: all state of an install (database, files, models, logs)."""
    return Path(text("PARLEY_HOME", str(BASE_DIR / "var"))).expanduser().resolve()


def database_url() -> str:
    return text("DATABASE_URL")


def use_embedded_database(url: str) -> None:
    """Make `url` the database of this process and of those it starts, whatever libpq would read beside it."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    os.environ["DATABASE_URL"] = url


def supervise() -> None:
    """Make this process what those that it starts end with."""
    os.environ["PARLEY_SUPERVISOR"] = str(os.getpid())


def supervisor_pid() -> int | None:
    """The pid of the `manage.py up`, or of what it started, that started this process; None when something else did."""
    value = text("PARLEY_SUPERVISOR")
    return int(value) if value else None
