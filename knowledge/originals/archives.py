"""Files inside ZIP files, each a document of its own. Nothing is written to the disk; their names are labels only."""

import io
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from knowledge import parsers
from knowledge.originals.base import NO_VALIDATORS, Content, File, Original, OriginalError, Validators, readable
from knowledge.parsers.packed import MAX_ENTRIES, allowed_bytes

ENDINGS = {".zip"}
HOLDING = {".json"}  # files that may hold documents themselves, which the caller looks into
_BLOCK_BYTES = 1_000_000
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\0")
_LOCAL_HEADER = 30  # bytes, and then the name
# Notion puts the number of a page behind its name: "Refunds 0123456789abcdef0123456789abcdef.md".
_NOTION = re.compile(r" [0-9a-f]{32}(?=/|\.\w+$|_all\.csv$|$)")
_ENCRYPTED = 0x1


class ArchiveError(OriginalError):
    """The archive, or a file in it, cannot be read; the message says why."""


@dataclass
class Archive:
    """An open archive. What its files unpack to is counted while they are read, as what they state may be lies."""

    data: bytes
    unpacked: int = 0

    @cached_property
    def files(self) -> zipfile.ZipFile:
        """Raises ArchiveError for what is damaged, has too many entries, or entries that lie upon one another."""
        try:
            found = zipfile.ZipFile(io.BytesIO(self.data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise ArchiveError("The archive is damaged or cut off.") from error
        entries = sorted(found.infolist(), key=lambda entry: entry.header_offset)
        if len(entries) > MAX_ENTRIES:
            raise ArchiveError(f"The archive has more than {MAX_ENTRIES:,} files.")
        if sum(entry.file_size for entry in entries) > allowed_bytes(len(self.data)):
            raise ArchiveError("The archive is too big when unpacked.")
        end = 0
        for entry in entries:
            if entry.header_offset < end:
                raise ArchiveError("The files in the archive lie upon one another, so it is not read.")
            end = entry.header_offset + _LOCAL_HEADER + entry.compress_size
        return found

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """The bytes of a file, one more than parsers take at most. Raises ArchiveError."""
        if entry.flag_bits & _ENCRYPTED:
            raise ArchiveError("The file is protected by a password.")
        found = bytearray()
        try:
            with self.files.open(entry) as file:
                while block := file.read(_BLOCK_BYTES):
                    found += block
                    self.unpacked += len(block)
                    if self.unpacked > allowed_bytes(len(self.data)):
                        raise ArchiveError("The archive is too big when unpacked.")
                    if len(found) > parsers.MAX_FILE_BYTES:
                        break
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
            raise ArchiveError("The file in the archive is damaged.") from error
        except zipfile.zlib.error as error:  # type: ignore[attr-defined]
            raise ArchiveError("The file in the archive is damaged.") from error
        return bytes(found)


@lru_cache(maxsize=2)
def _opened(file: File, inside: tuple[int, ...]) -> Archive:
    """The archive `file`, or the one that lies in it. Two are kept, so that one after another costs no memory."""
    if not inside:
        return Archive(file.read().data)
    outer = _opened(file, inside[:-1])
    return Archive(outer.read(outer.files.infolist()[inside[-1]]))


@dataclass(frozen=True)
class Member:
    """A file in an archive; `inside` and `number` are places in the lists of files, as names may occur twice."""

    file: File
    inside: tuple[int, ...]
    number: int
    name: str
    origin: str
    path: str
    url: str = ""

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  the bytes tell
        if _LEADS_OUT.search(self.name):
            raise ArchiveError("The name of the file leads out of the archive, so it is not read.")
        archive = _opened(self.file, self.inside)
        entries = archive.files.infolist()
        if len(entries) <= self.number or entries[self.number].filename != self.name:
            raise ArchiveError("The archive was changed while it was read.")
        entry = entries[self.number]
        return Content(PurePosixPath(self.path).name, archive.read(entry), modified_at=_modified_at(entry))


def members(file: File, skipped: Counter[str]) -> Iterator[Original]:
    """The readable files in an archive and those of HOLDING, also in archives inside it, but no deeper.

    Raises OriginalError when the archive cannot be read as a whole.
    """
    _opened.cache_clear()  # the file may be another one than last time
    yield from _members(file, (), f"{file.origin}!", file.path, skipped)


def _members(file: File, inside: tuple[int, ...], origin: str, path: str, skipped: Counter[str]) -> Iterator[Original]:
    entries = _opened(file, inside).files.infolist()
    names = {entry.filename for entry in entries}
    for number, entry in enumerate(entries):
        called = readable(_NOTION.sub("", entry.filename))
        inner = (f"{origin}/{readable(entry.filename)}", f"{path}/{called}")
        if entry.is_dir() or _is_noise(entry.filename, names):
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            skipped["links in archives"] += 1
        elif parsers.extension(entry.filename) in ENDINGS and not inside:
            yield from _members(file, (number,), f"{inner[0]}!", inner[1], skipped)
        elif parsers.is_supported(entry.filename) or parsers.extension(entry.filename) in HOLDING:
            yield Member(file, inside, number, entry.filename, *inner)
        else:
            skipped[readable(parsers.extension(entry.filename)) or "without an ending"] += 1


def _is_noise(name: str, names: set[str]) -> bool:
    """What nobody put there on purpose: files that systems add, and the part of a Notion table that the whole holds."""
    parts = name.split("/")
    is_hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts) or "__MACOSX" in parts
    return is_hidden or (name.endswith(".csv") and f"{name[:-4]}_all.csv" in names)


def _modified_at(entry: zipfile.ZipInfo) -> datetime | None:
    """When the file was changed, unless the archive says nothing sensible; archives know no time zones."""
    try:
        found = datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return found if found.year > 1980 else None
