"""How a command starts: which database it runs over, and what a person reads when there is none."""

import ctypes
import io
import multiprocessing
import os
import signal
import sys
from types import FrameType

import django
from django.core.management import execute_from_command_line
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.module_loading import import_string

from config import environment, postgres

# These never touch the database, so no server is started for them.
WITHOUT_DATABASE = {"help", "version", "--help", "-h", "--version", "collectstatic", "manifest"}
# These are for people and work on a database that nobody has set up yet.
SET_UP_FIRST = {
    "ask",
    "search",
    "ingest",
    "source",
    "reconcile",
    "embedding",
    "document",
    "synonyms",
    "documents",
    "remove",
    "login_link",
    "channel",
    "voice",
    "doctor",
    "play",
}
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """Run `arguments` as manage.py would. Returns the exit status; Django exits by itself on its own errors."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = arguments[1] if len(arguments) > 1 else "help"
    _make_output_safe()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        _end_with_supervisor()
        if command in WITHOUT_DATABASE or {"-h", "--help"} & set(arguments):
            execute_from_command_line(arguments)
        elif environment.database_url():
            _run(command, arguments, is_embedded=False)
        else:
            with postgres.running(environment.home()) as url:
                environment.use_embedded_database(url)
                _run(command, arguments, is_embedded=True)
    except (postgres.PostgresError, environment.SettingError, CommandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except DatabaseError as error:
        sys.stderr.write(f"The database failed: {str(error).strip()}\n")
        return 1
    except BrokenPipeError:
        # Whoever read the output (head, less) has seen enough; the interpreter must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return 0


def _run(command: str, arguments: list[str], *, is_embedded: bool) -> None:
    if command in SET_UP_FIRST:
        django.setup()
        import_string("config.setup.ensure_ready")(may_migrate=is_embedded)  # it needs the models of django.setup()
    execute_from_command_line(arguments)
    for child in multiprocessing.active_children():
        child.join()  # django-q2 leaves its cluster to run on, which must not outlive the database


def _make_output_safe() -> None:
    """Output goes to UTF-8 whatever the locale says, and to nowhere when there is none."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _leave(number: int, _frame: FrameType | None) -> None:
    """End in order, so that the last user of the embedded server stops it."""
    raise SystemExit(128 + number)


def _end_with_supervisor() -> None:
    """Have the kernel end this process when the supervisor that started it dies, however it dies (Linux only)."""
    supervisor = environment.supervisor_pid()
    if supervisor is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        raise SystemExit("The supervisor is gone.")
    environment.supervise()
