"""Files inside ZIP files, each a document of its own. Nothing is written to the disk; their names are labels only."""

import io
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath

from knowledge import parsers
from knowledge.originals import NO_VALIDATORS, Content, File, Original, OriginalError, Validators, readable
from knowledge.parsers.packed import MAX_ENTRIES, allowed_bytes

ENDINGS = {".zip"}
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


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    archive: Archive
    entry: zipfile.ZipInfo
    origin: str
    path: str
    url: str = ""

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  the bytes tell
        if _LEADS_OUT.search(self.entry.filename):
            raise ArchiveError("The name of the file leads out of the archive, so it is not read.")
        data = self.archive.read(self.entry)
        return Content(PurePosixPath(self.path).name, data, modified_at=_modified_at(self.entry))


def members(file: File, skipped: Counter[str]) -> Iterator[Original]:
    """The readable files in an archive, also those in archives inside it, but no deeper.

    Raises OriginalError when the archive cannot be read as a whole.
    """
    yield from _members(Archive(file.read().data), f"{file.origin}!", file.path, skipped, may_nest=True)


def _members(archive: Archive, origin: str, path: str, skipped: Counter[str], *, may_nest: bool) -> Iterator[Original]:
    names = {entry.filename for entry in archive.files.infolist()}
    for entry in archive.files.infolist():
        called = readable(_NOTION.sub("", entry.filename))
        inner = (f"{origin}/{readable(entry.filename)}", f"{path}/{called}")
        if entry.is_dir() or _is_noise(entry.filename, names):
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            skipped["links in archives"] += 1
        elif parsers.extension(entry.filename) in ENDINGS and may_nest:
            yield from _members(Archive(archive.read(entry)), f"{inner[0]}!", inner[1], skipped, may_nest=False)
        elif parsers.is_supported(entry.filename):
            yield Member(archive, entry, *inner)
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
