"""The embedded PostgreSQL: who starts it, who stops it, and what a crash leaves behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import postgres
from tests.harness.bots import until
from tests.harness.processes import ROOT

NOBODY = 65534
HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from config import postgres
    with postgres.running(Path(sys.argv[1])):
        print("running", flush=True)
        time.sleep(60)
""")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may pass through; pytest's are closed to everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="parley-home-"))
    folder.chmod(0o755)
    yield folder
    with postgres.running(folder):
        pass  # stops what a killed holder left running
    shutil.rmtree(folder)


def hold(home: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "running\n"
    holder.stdout.close()
    return holder


def test_data_outlives_a_stop_and_a_start(home: Path) -> None:
    with postgres.running(home) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert not postgres.is_answering(url)
    with postgres.running(home) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_server_that_dies_is_started_again_for_whoever_uses_it(home: Path) -> None:
    with postgres.running(home) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        postmaster = postgres._postmaster(postgres._locate(home))
        assert postmaster is not None
        postmaster.kill()
        until(
            lambda: postgres.is_answering(url) and postmaster != postgres._postmaster(postgres._locate(home)), "it is"
        )
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert not postgres.is_answering(url)


def test_the_last_user_stops_the_server(home: Path) -> None:
    holder = hold(home)
    with postgres.running(home) as url:
        pass
    assert postgres.is_answering(url), "another process still uses it"
    holder.send_signal(signal.SIGINT)
    holder.wait(20)
    assert not postgres.is_answering(url)


def test_a_killed_holder_leaves_a_server_that_the_next_user_stops(home: Path) -> None:
    holder = hold(home)
    holder.kill()
    holder.wait(20)
    with postgres.running(home) as url:
        assert postgres.is_answering(url)
    assert not postgres.is_answering(url)


def test_the_pid_file_of_a_dead_server_is_not_believed(home: Path) -> None:
    with postgres.running(home) as url:
        pass
    pid_file = home / f"postgres-{postgres.MAJOR_VERSION}" / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "60"])
    pid_file.write_text(f"{stranger.pid}\n{pid_file.parent}\n0\n5432\n\n\n\nready\n")
    with postgres.running(home) as url:
        assert postgres.is_answering(url)
    stranger.kill()
    stranger.wait()


def test_a_path_too_long_for_a_socket_still_works(home: Path) -> None:
    deep = home / ("a" * 60) / ("b" * 60)
    with postgres.running(deep) as url:
        assert postgres.is_answering(url)


def test_a_server_that_cannot_start_says_what_its_log_says(home: Path) -> None:
    with postgres.running(home):
        pass
    (home / f"postgres-{postgres.MAJOR_VERSION}" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(postgres.PostgresError, match="no_such_setting"), postgres.running(home):
        pass
    (home / f"postgres-{postgres.MAJOR_VERSION}" / "postgresql.conf").write_text("")


def as_nobody(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script as an ordinary user, with the first Python of this version that such a user may start."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        try:
            return subprocess.run(
                [python, "-c", script, *arguments], user=NOBODY, group=NOBODY, capture_output=True, text=True,
                check=False, cwd="/", env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            )  # fmt: skip
        except (PermissionError, FileNotFoundError):
            continue
    pytest.skip("no Python here may be started by an ordinary user")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_runs_it_as_himself(home: Path) -> None:
    os.chown(home, NOBODY, NOBODY)
    done = as_nobody(HOLDER.replace("time.sleep(60)", "pass"), str(home))
    assert done.stdout == "running\n", done.stderr
    assert (home / f"postgres-{postgres.MAJOR_VERSION}").stat().st_uid == NOBODY
