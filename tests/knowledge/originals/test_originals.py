"""What names lead to: files, folders with odd things in them, and how both are called."""

import os
import socket
from pathlib import Path

import pytest

from knowledge.originals.base import File, MissingError, OriginalError, readable
from knowledge.originals.folders import files
from tests.rows.make import make_file


def paths(name: Path | str) -> list[str]:
    return [file.path for file in files(str(name)).originals]


def sentence(place: Path) -> str:
    with pytest.raises(OriginalError) as caught:
        File(place, place.name).read()
    return str(caught.value)


def test_folder_is_walked_in_order_and_depth_first(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.md", "a/b/c.md", "a.md", "c/a.md"):
        make_file(tmp_path, name, "x")
    assert paths(tmp_path) == paths(f"{tmp_path}/") == ["a/b/c.md", "a/z.md", "a.md", "b.md", "c/a.md"]


def test_slash_after_the_name_of_a_file_is_not_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_file(tmp_path, "help/a.md", "x")
    monkeypatch.chdir(tmp_path)
    (file,) = files("help/a.md/").originals
    assert (file.path, file.origin, file.read().data) == ("help/a.md", f"{tmp_path}/help/a.md", b"x")


def test_link_to_itself_is_passed_over_and_the_walk_goes_on(tmp_path: Path) -> None:
    make_file(tmp_path, "a.md", "x")
    make_file(tmp_path, "z.md", "x")
    (tmp_path / "loop.md").symlink_to("loop.md")
    found = files(str(tmp_path))
    assert [file.path for file in found.originals] == ["a.md", "z.md"]
    assert found.skipped == {"that cannot be opened": 1}
    assert sentence(tmp_path / "loop.md") == "There is no file or folder of that name."


def test_folders_deeper_than_python_calls_are_walked(tmp_path: Path) -> None:
    folders = [tmp_path / "/".join("d" * depth) for depth in range(1, 1_200)]
    for folder in folders:
        folder.mkdir()
    file = make_file(folders[-1], "a.md", "x")
    try:
        assert [found.origin for found in files(str(tmp_path)).originals] == [file.origin]
    finally:
        Path(file.origin).unlink()
        for folder in reversed(folders):
            folder.rmdir()  # one by one, as pytest would do it by recursion


def test_file_that_vanished_is_missing(tmp_path: Path) -> None:
    make_file(tmp_path, "a.md", "x")
    (file,) = files(str(tmp_path)).originals
    Path(file.origin).unlink()
    with pytest.raises(MissingError):
        file.read()


def test_name_longer_than_the_system_takes_is_a_sentence(tmp_path: Path) -> None:
    (file,) = files(str(tmp_path / ("x" * 300))).originals
    assert sentence(Path(file.origin)) == "The file cannot be opened: File name too long."


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")
def test_file_that_the_kernel_makes_up_is_not_read() -> None:
    assert File(Path("/proc/self/status"), "status").read().data == b""


def test_pipe_and_socket_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert sentence(tmp_path / "pipe.md") == "This is neither a file nor a folder."
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.md")
        assert sentence(tmp_path / "socket.md") == "This is neither a file nor a folder."
    assert files(str(tmp_path)).skipped == {"no files": 2}


def test_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.md")
    monkeypatch.setattr(Path, "is_file", Path.exists)  # what is_file said a moment before
    assert sentence(tmp_path / "a.md") == "This is neither a file nor a folder."


def test_names_are_one_line_that_a_terminal_only_shows(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\x1b[31m\n\xff.md")).write_text("x")
    (tmp_path / "b.\x1b]0;x").write_text("x")
    found = files(str(tmp_path))
    (file,) = found.originals
    assert file.path == "a\\x1b[31m\\x0a\\xff.md"
    assert file.origin == f"{tmp_path}/{file.path}"
    assert file.read().name == file.path
    assert found.skipped == {".\\x1b]0;x": 1}
    assert readable("Größe \u202e\x9b\ud800") == "Größe \\u202e\\x9b\\ud800"
