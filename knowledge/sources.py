"""Where documents come from: files, the files of a folder, and pages of the web."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from knowledge import parsers


class SourceError(Exception):
    """The document cannot be had; the message is a sentence for the person who named it."""


class MissingError(SourceError):
    """There is nothing of that name."""


@dataclass(frozen=True)
class Content:
    """Bytes, and a name whose ending says what they should be."""

    name: str
    data: bytes


class Source(Protocol):
    """Something that can be read. `origin` is what it is, `path` what people call it, `url` where it can be opened."""

    @property
    def origin(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def url(self) -> str: ...

    def read(self) -> Content:
        """Raises SourceError."""
        ...


@dataclass(frozen=True)
class File:
    """A file, called as it was named or relative to the folder that was named."""

    place: Path
    called: str
    url: str = ""

    @property
    def origin(self) -> str:
        return readable(str(self.place))

    @property
    def path(self) -> str:
        return readable(self.called)

    def read(self) -> Content:
        if not self.place.exists():
            raise MissingError("There is no file or folder of that name.")
        if not self.place.is_file():
            raise SourceError("This is neither a file nor a folder.")
        try:
            with self.place.open("rb") as file:
                data = file.read(parsers.MAX_FILE_BYTES + 1)
        except OSError as error:
            raise SourceError(f"The file cannot be opened: {error.strerror}.") from error
        return Content(readable(self.place.name), data)


@dataclass
class Found:
    """What the names a person gave lead to, and what was passed over in folders: how many of which kind."""

    sources: list[File] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def is_address(name: str) -> bool:
    return "://" in name


def origin_of(name: str) -> str:
    """The origin of what a person names: an absolute path, or an address."""
    return readable(name if is_address(name) else str(_absolute(name)))


def _absolute(name: str) -> Path:
    """The full path, without looking behind links: what a link is called is not its target."""
    return Path(os.path.normpath(Path.cwd() / name))


def files(name: str) -> Found:
    """The file called `name`, or in order the files of the folder of that name that can be read.

    In folders hidden files and other types are passed over, and links that lead out of the folder.
    """
    place = _absolute(name)
    if not place.is_dir():
        return Found([File(place, name)])
    found = Found()
    for path in _walk(place, found.skipped):
        if not parsers.is_supported(path.name):
            found.skipped[f"{path.suffix.lower() or 'without an ending'}"] += 1
        elif path.is_symlink() and not path.resolve().is_relative_to(place.resolve()):
            found.skipped["links out of the folder"] += 1
        else:
            found.sources.append(File(path, path.relative_to(place).as_posix()))
    return found


def _walk(folder: Path, skipped: Counter[str]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        skipped["folders that cannot be opened"] += 1
        return
    for entry in entries:
        if entry.name.startswith("."):
            skipped["hidden"] += 1
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), skipped)
        elif entry.is_dir():
            skipped["links to folders"] += 1
        elif entry.is_file():
            yield Path(entry.path)
        else:
            skipped["no files"] += 1


def readable(name: str) -> str:
    """A name from the file system as proper text, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def summary(skipped: Counter[str]) -> str:
    """What was passed over, as a line for people; empty when nothing was."""
    if not skipped:
        return ""
    kinds: Sequence[str] = [f"{count} {kind}" for kind, count in sorted(skipped.items())]
    return f"Passed over {skipped.total()}: {', '.join(kinds)}."
