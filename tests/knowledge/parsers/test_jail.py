"""A file may kill the process that reads it, and nothing else."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from knowledge.parsers.base import ParseError
from knowledge.parsers.jail import Jail

# A package that stands in for knowledge.parsers in the child, and does what a hostile file would make a parser do.
HOSTILE = """
    import ctypes, json, os, socket, time
    from knowledge.parsers import __main__ as child
    from knowledge.parsers.base import Parsed

    def parse(name, data):
        if name == "hang":
            time.sleep(30)
        if name == "crash":
            ctypes.string_at(0)
        if name == "memory":
            return Parsed("", str(len(bytes(2_000_000_000))))
        if name == "raise":
            raise KeyError("unforeseen")
        if name == "print":
            print("noise on the output", flush=True)
        if name == "network":
            try:
                socket.create_connection(("127.0.0.1", int(data)), timeout=2).close()
                return Parsed("", "reached")
            except OSError:
                return Parsed("", "unreachable")
        return Parsed("", json.dumps({"pid": os.getpid(), "secrets": sorted(os.environ)}))

    child.parse = parse
    child.main()
"""


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[str, ...]:
    """A command that runs HOSTILE in place of the real parsers, under the same limits."""
    script = tmp_path / "hostile.py"
    script.write_text(textwrap.dedent(HOSTILE))
    return sys.executable, "-c", f"exec(open({str(script)!r}).read())"


def text(prison: Jail, name: str, data: bytes = b"") -> str:
    return "".join(block.text(block.units) for block in prison.parse(name, data).blocks)


def child_of(prison: Jail) -> dict[str, object]:
    fields: dict[str, object] = json.loads(text(prison, "who"))
    return fields


def test_files_share_a_child_that_ends_with_the_jail() -> None:
    before = set(psutil.Process().children())
    with Jail() as prison:
        assert prison.parse("a.md", b"# T\n\ntext").title == "T"
        (child,) = set(psutil.Process().children()) - before
        with pytest.raises(ParseError, match=r"^The file is empty\.$"):
            prison.parse("b.md", b"")
        assert text(prison, "c.txt", b"more") == "more"
        assert set(psutil.Process().children()) - before == {child}
    assert set(psutil.Process().children()) == before


def test_child_is_given_no_secrets(hostile: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with Jail(command=hostile) as prison:
        assert "OPENAI_API_KEY" not in str(child_of(prison)["secrets"])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("crash", "The file is damaged and cannot be read."),
        ("raise", "The file is damaged and cannot be read."),
        ("memory", "The file needs more than 1,000 MB of memory to read."),
    ],
)
def test_death_of_the_child_fails_one_file_only(hostile: tuple[str, ...], name: str, sentence: str) -> None:
    with Jail(command=hostile) as prison:
        first = child_of(prison)["pid"]
        with pytest.raises(ParseError) as caught:
            prison.parse(name, b"")
        assert str(caught.value) == sentence
        assert child_of(prison)["pid"] != first


def test_file_that_takes_too_long_is_given_up(hostile: tuple[str, ...]) -> None:
    started = time.monotonic()
    with Jail(1, hostile) as prison:
        with pytest.raises(ParseError, match=r"^The file took longer than 1 seconds to read\.$"):
            prison.parse("hang", b"")
        assert time.monotonic() - started < 15
        assert child_of(prison)["pid"]


def test_what_a_library_prints_is_no_reply(hostile: tuple[str, ...]) -> None:
    with Jail(command=hostile) as prison:
        assert json.loads(text(prison, "print"))["pid"]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="taking the network away may need root")
def test_child_has_no_network(hostile: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Jail(command=hostile) as prison:
        port = str(server.getsockname()[1]).encode()
        assert text(prison, "network", port) == "unreachable"


def test_child_starts_without_django() -> None:
    modules = "knowledge.parsers.__main__, knowledge.parsers.pdf.parser, knowledge.parsers.docx.parser"
    script = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "knowledge.parsers.pdf.parser" in loaded
    assert "django" not in loaded


def test_big_file_goes_through_the_pipe() -> None:
    with Jail() as prison:
        assert len(text(prison, "a.txt", b"word " * 900_000)) > 4_000_000


def test_document_without_a_title_gets_the_one_that_is_given() -> None:
    with Jail() as prison:
        assert prison.parse("a.txt", b"more", "Given").title == "Given"
        assert prison.parse("a.md", b"# Own\n\nmore", "Given").blocks[0].path == ("Own",)


def test_invisible_characters_written_as_numbers_are_left_out() -> None:
    with Jail() as prison:
        assert text(prison, "a.md", b"a&#8238;b &#xE0041;c") == "ab c"
