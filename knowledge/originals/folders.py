"""What the names that a person gives lead to: files, and all that can be read in folders, archives and exports."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from knowledge import parsers
from knowledge.originals import archives, help_centres
from knowledge.originals.base import (
    NO_VALIDATORS,
    Content,
    File,
    Original,
    OriginalError,
    Validators,
    absolute,
    readable,
)

_READ = {*parsers.KINDS, *archives.ENDINGS, *help_centres.ENDINGS}


@dataclass(frozen=True)
class Unreadable:
    """A file that should hold many, and cannot be opened."""

    file: File
    error: OriginalError

    @property
    def origin(self) -> str:
        return self.file.origin

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def url(self) -> str:
        return self.file.url

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002
        raise self.error


@dataclass
class Found:
    """What the names a person gave lead to, and what was passed over in folders: how many of which kind.

    `missed` are the folders and archives that could not be opened.
    """

    originals: list[Original] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    is_folder: bool = False


def files(name: str) -> Found:
    """What the file called `name` is or holds, or in order the files of the folder of that name that can be read.

    In folders hidden files and other types are passed over, and links that lead out of the folder.
    """
    place = absolute(name)
    if not _is_folder(place):
        return opened(File(place, name.rstrip("/")))
    found = Found(is_folder=True)
    for path in _walk(place, found):
        if parsers.extension(path.name) not in _READ:
            found.skipped[readable(path.suffix.lower()) or "without an ending"] += 1
        elif path.is_symlink() and not path.resolve().is_relative_to(place.resolve()):
            found.skipped["links out of the folder"] += 1
        else:
            _add(File(path, path.relative_to(place).as_posix()), found)
    return found


def opened(file: File) -> Found:
    """A file, or what it holds; every way in goes through here."""
    found = Found()
    _add(file, found)
    return found


def holds_many(file: File) -> bool:
    """Whether it is no document itself but holds documents, by its ending."""
    return parsers.extension(file.called) in archives.ENDINGS | help_centres.ENDINGS


def _add(file: File, found: Found) -> None:
    """A file, or what is in it. Of an archive that cannot be read, the file itself says why when it is read."""
    try:
        if parsers.extension(file.called) in archives.ENDINGS:
            for member in list(archives.members(file, found.skipped)):
                _add_part(member, found)
        elif found.is_folder:
            _add_part(file, found)
        elif holds_many(file):
            found.originals += list(help_centres.articles(file, found.skipped))
        else:
            found.originals.append(file)
    except OriginalError as error:
        found.originals.append(Unreadable(file, error))
        found.missed.append(file.path)


def _add_part(part: Original, found: Found) -> None:
    """A file among others, or the articles in it: folders and archives hold JSON of all kinds."""
    if parsers.extension(part.path) not in help_centres.ENDINGS:
        found.originals.append(part)
        return
    try:
        found.originals += list(help_centres.articles(part, found.skipped))
    except help_centres.HelpCentreError:
        found.skipped[".json"] += 1
    except OriginalError:  # reading it says why
        found.originals.append(part)
        found.missed.append(part.path)


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:  # reading it says why
        return False


def _walk(folder: Path, found: Found) -> Iterator[Path]:
    """The files below a folder, in order; without recursion, as folders can be nested deeper than Python calls."""
    waiting = _entries(folder, found)
    while waiting:
        entry = waiting.pop()
        try:
            kind = _kind(entry)
        except OSError:
            kind = "that cannot be opened"
        if kind == "file":
            yield Path(entry.path)
        elif kind == "folder":
            waiting += _entries(Path(entry.path), found)
        else:
            found.skipped[kind] += 1


def _entries(folder: Path, found: Found) -> list[os.DirEntry[str]]:
    """What is in a folder, last things first."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError:
        found.skipped["folders that cannot be opened"] += 1
        found.missed.append(readable(str(folder)))
        return []


def _kind(entry: "os.DirEntry[str]") -> str:
    """Whether it is a file or a folder to go into, else in words why it is passed over. Raises OSError."""
    if entry.name.startswith("."):
        return "hidden"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    if entry.is_dir():
        return "links to folders"
    return "file" if entry.is_file() else "no files"


def summary(skipped: Counter[str]) -> str:
    """What was passed over, as a line for people; empty when nothing was."""
    if not skipped:
        return ""
    kinds: Sequence[str] = [f"{count} {kind}" for kind, count in sorted(skipped.items())]
    return f"Passed over {skipped.total()}: {', '.join(kinds)}."
