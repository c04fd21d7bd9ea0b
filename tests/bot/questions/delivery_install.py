"""A whole install under `manage.py up`, whose bots and whose embedded PostgreSQL are killed while people ask.

Nothing here starts anything again: what is killed is the business of the install.
"""

import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from config import postgres
from tests.harness.processes import ROOT

START_SECONDS = 180.0


class Install:
    """`environment` points the install at local platforms and a local model; its state lies in `home`."""

    def __init__(self, environment: dict[str, str], home: Path, log: Path) -> None:
        self.home = home
        self.died = 0
        unset = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                env={**unset, "PARLEY_HOME": str(home), "PORT": str(_free_port())},
                stdout=output,
                stderr=output,
            )

    def signal(self, chance: random.Random, number: signal.Signals) -> None:
        """Send a signal to one of the bots that run now."""
        running = [each for each in psutil.Process(self._process.pid).children(recursive=True) if _is_bot(each)]
        if running:
            chance.choice(sorted(running, key=lambda each: each.pid)).send_signal(number)
            self.died += number == signal.SIGKILL

    def kill_postgres(self) -> None:
        """kill -9 of the server, with what was not written yet."""
        deadline = time.monotonic() + START_SECONDS
        while (postmaster := postgres._postmaster(postgres._locate(self.home))) is None:
            if time.monotonic() > deadline:
                raise AssertionError("PostgreSQL was not started again.")
            time.sleep(0.2)
        postmaster.kill()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)


def _is_bot(process: psutil.Process) -> bool:
    try:
        return "runbot" in process.cmdline()
    except psutil.Error:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
