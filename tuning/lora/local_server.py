"""A model of ours served on this machine, for as long as somebody needs it."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

SECONDS_TO_END = 10.0
ROOT = Path(__file__).resolve().parents[2]


class ServingError(RuntimeError):
    """The server did not come up; the message says what it said last."""


@contextlib.contextmanager
def served(python: Path, model: Path, *, name: str, log: Path, adapter: Path | None = None) -> Iterator[str]:
    """The address of llama.cpp's server around the GGUF `model`, as a base URL of OpenAI's protocol.

    It ends with the block, and with this process, whatever that dies of: its standard input ends then.
    Raises ServingError.
    """
    more = ["--adapter", str(adapter)] if adapter else []
    command = [str(python), "-m", "tuning.lora", "serve", str(model), "--name", name, *more]
    with log.open("ab") as errors:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches us, and we end it
        )
    try:
        yield _address(server, log)
    finally:
        _end(server)


def _address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    assert server.stdout is not None  # noqa: S101  it was asked for
    address = server.stdout.readline().decode().strip()
    if not address:
        server.wait()
        words = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ServingError(f"llama.cpp could not serve the model: {' / '.join(words) or 'it said nothing'}")
    return address


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if server.stdout is not None:
        server.stdout.close()
