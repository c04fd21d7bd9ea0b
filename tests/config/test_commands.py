"""Commands over an embedded PostgreSQL of their own: at once on a fresh home, beside a worker, ended by a signal."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.processes import ROOT


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-commands-"))
    folder.chmod(0o755)
    yield folder
    assert run(folder, "documents").returncode == 0  # stops what is left running
    shutil.rmtree(folder)


def start(home: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**inherited, "PARLEY_HOME": str(home), **environment},
    )  # fmt: skip


def run(home: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    process = start(home, *arguments, **environment)
    out, err = process.communicate(timeout=90)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def is_running(home: Path) -> bool:
    return (home / "postgres-18" / "postmaster.pid").exists()


def test_two_commands_at_once_set_up_a_fresh_home_together(home: Path) -> None:
    both = [start(home, "documents", "--json") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=90)
        assert (process.returncode, out) == (0, "[]\n"), err
    assert not is_running(home)


def test_a_worker_by_itself_keeps_its_database_until_it_ends(home: Path) -> None:
    run(home, "documents")
    worker = start(home, "qcluster")
    deadline = time.monotonic() + 30
    while not is_running(home):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(3)  # long enough for the command to have returned while its cluster runs on
    assert run(home, "documents").returncode == 0
    assert is_running(home)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=30)
    assert not is_running(home)


def test_what_the_shell_says_to_postgres_is_not_heard(home: Path) -> None:
    done = run(home, "documents", PGPORT="6000", PGSERVICE="elsewhere", PGDATABASE="nothing")
    assert done.returncode == 0, done.stderr


def test_output_is_utf_8_whatever_the_locale(home: Path) -> None:
    done = run(home, "ask", "…?", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "·" in done.stdout


@pytest.mark.parametrize(
    ("path", "said"),
    [("/dev/null/x", "cannot be used"), ("/tmp/parley'quote", "quote")],  # noqa: S108
)
def test_a_home_that_will_not_do_is_one_sentence(path: str, said: str) -> None:
    done = run(Path(path), "documents")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
