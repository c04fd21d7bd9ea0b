"""Everything at once, for one machine: PostgreSQL, set-up, web and task worker, under one supervisor."""

import errno
import http.client
import os
import socket
import subprocess
import sys
import time
from shlex import quote
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.supervisor import Supervisor

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
PORT_SECONDS = 10  # how long the processes of a killed run may take to let go of the port


class Command(BaseCommand):
    help = "Run Parley: database, web and task worker. Ctrl-C stops all of it."
    requires_system_checks: list[str] = []  # the processes it starts run them

    def handle(self, *args: Any, **options: Any) -> None:
        _wait_for_port()
        if subprocess.run([*MANAGE, "setup", "--sample"], check=False).returncode:
            raise CommandError("Set-up failed; what went wrong is above.")
        commands = {
            name: " ".join(map(quote, [*MANAGE, *command.split()])) for name, command in settings.PROCESSES.items()
        }
        supervisor = Supervisor(commands, {**os.environ, "PYTHONUNBUFFERED": "1"})
        supervisor.run(on_tick=Welcome(supervisor))


class Welcome:
    """Says where to go, once, as soon as the web process answers."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._is_said = False

    def __call__(self) -> None:
        if self._is_said or not _answers():
            return
        self._is_said = True
        link = subprocess.run([*MANAGE, "login_link"], check=False, capture_output=True, text=True).stdout.strip()
        for line in (
            f"Parley runs at {settings.PUBLIC_URL}",
            f"Log in once with this link: {link}",
            'Ask something in the terminal:  make ask Q="What is the refund policy for annual plans?"',
            "Ctrl-C stops everything.",
        ):
            self._supervisor.say(line)


def _answers() -> bool:
    """Whether the web process answers, whatever it thinks of the name it is asked by."""
    host = "127.0.0.1" if settings.HOST in ("", "0.0.0.0", "::") else settings.HOST  # noqa: S104
    probe = http.client.HTTPConnection(host, settings.PORT, timeout=1)
    try:
        probe.request("GET", "/healthz", headers={"Host": "localhost"})
        probe.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        probe.close()
    return True


def _wait_for_port() -> None:
    """Raises CommandError when another program keeps the port."""
    deadline = time.monotonic() + PORT_SECONDS
    while not _is_free(settings.HOST, settings.PORT):
        if time.monotonic() > deadline:
            raise CommandError(
                f"Port {settings.PORT} is taken by another program. Choose another: PORT={settings.PORT + 1} make run"
            )
        time.sleep(0.2)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"HOST {host} with PORT {port} cannot be used: {error.strerror}.") from error
            return False
    return True
