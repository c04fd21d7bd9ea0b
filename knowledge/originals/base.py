"""What documents are made from: something with bytes, and what it is called."""

import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from knowledge import parsers

# What a terminal obeys rather than shows, what turns the direction of text round, and halves of surrogate pairs, as
# which Python holds bytes that are no text.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_FILE = "This is neither a file nor a folder."


class OriginalError(Exception):
    """The document cannot be had; the message is a sentence for the person who named it."""


class MissingError(OriginalError):
    """There is nothing of that name, so no row is made for it."""


class OriginalGoneError(MissingError):
    """Whoever would have it says that there is no such thing (any more); a document made from it has vanished."""


class LeftOutError(OriginalGoneError):
    """It is there, and is not to be a document: it asks to be left out, or is a copy of another."""


class UnmodifiedError(Exception):
    """The original says itself that it is what it was."""


@dataclass(frozen=True)
class Validators:
    """What a server calls the state of a page (RFC 9110, 8.8), as it wrote it; empty where it said nothing."""

    etag: str = ""
    last_modified: str = ""


NO_VALIDATORS = Validators()


@dataclass(frozen=True)
class Content:
    """Bytes, and a name whose ending says what they should be. `url` is where the original itself says it lives."""

    name: str
    data: bytes
    validators: Validators = NO_VALIDATORS
    modified_at: datetime | None = None
    url: str = ""


class Original(Protocol):
    """Something that can be read. `origin` is what it is, `path` what people call it, `url` where it can be opened."""

    @property
    def origin(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def url(self) -> str: ...

    def read(self, known: Validators = NO_VALIDATORS) -> Content:
        """Raises OriginalError, and UnmodifiedError where the original tells by what is `known` of it."""
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

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  the bytes tell
        try:
            if not self.place.exists():
                raise OriginalGoneError("There is no file or folder of that name.")
            if not self.place.is_file():  # opening a device may do something
                raise OriginalError(_NO_FILE)
            data = _content(self.place)
        except OSError as error:
            raise OriginalError(f"The file cannot be opened: {error.strerror}.") from error
        return Content(readable(self.place.name), data)


def _content(place: Path) -> bytes:
    """The bytes of a file, one more than parsers take at most; raises OSError, and OriginalError for no file.

    Without waiting, and by what was opened, as it may be another thing than what was looked at. What the kernel shows
    as files of no size (/proc) counts as empty; reading that may never end.
    """
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        opened = os.fstat(file.fileno())
        if not stat.S_ISREG(opened.st_mode):
            raise OriginalError(_NO_FILE)
        return file.read(parsers.MAX_FILE_BYTES + 1) if opened.st_size else b""


def is_address(name: str) -> bool:
    return "://" in name


def origin_of(name: str) -> str:
    """The origin of what a person names: an absolute path, or an address."""
    return readable(name if is_address(name) else str(absolute(name)))


def absolute(name: str) -> Path:
    """The full path, without looking behind links: what a link is called is not its target."""
    return Path(os.path.normpath(Path.cwd() / name))


def readable(name: str) -> str:
    """A name as text of one line that a terminal only shows: what else is in it is written out, such as \\x1b."""
    return _UNSEEN.sub(lambda found: _written_out(found[0]), name)


def _written_out(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00  # the byte it stands for
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
