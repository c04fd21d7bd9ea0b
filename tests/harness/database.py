"""A pytest plugin: an embedded PostgreSQL of its own for every test run, up before Django reads its settings."""

import atexit
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

STATE = Path(__file__).resolve().parents[2] / "var" / "test"


# Of an install on the same machine, whose environment must not matter.
OTHERWISE_SET = (
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANSWER_MODEL", "EMBED_MODEL", "FALLBACK_MODEL", "FIRST_WORD_SECONDS",
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "DISCORD_BOT_TOKEN", "FAILPOINT",
)  # fmt: skip


# The data of a test run outlives no crash of the machine, so nothing waits for the disk.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextlib.contextmanager
def _quick(options: dict[str, str]) -> Iterator[None]:
    """The server of the run is started so; those that tests start are as an install's."""
    usual = dict(options)
    options.update(QUICK)
    try:
        yield
    finally:
        options.clear()
        options.update(usual)


def _hear_interrupts() -> None:
    """A shell lets a background job ignore SIGINT, and what that starts inherits it; tests send SIGINT to processes."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def start() -> None:
    """Point this run at a fresh server and at models that are built once and kept. Workers inherit both."""
    _hear_interrupts()
    os.environ.setdefault("SECRET_KEY", "only-for-tests")
    os.environ["PARLEY_HOME"] = str(STATE)
    (STATE / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is missing
    for name in OTHERWISE_SET:
        os.environ.pop(name, None)
    if os.environ.get("DATABASE_URL"):
        return
    from config import postgres  # noqa: PLC0415  the environment above comes first

    home = Path(tempfile.mkdtemp(prefix="parley-test-"))
    home.chmod(0o755)
    stack = contextlib.ExitStack()
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    with _quick(postgres.SERVER_OPTIONS):
        os.environ["DATABASE_URL"] = stack.enter_context(postgres.running(home))
    atexit.register(stack.close)


start()
