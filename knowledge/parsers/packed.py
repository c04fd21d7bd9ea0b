"""What documents that are ZIP files inside may unpack to, and what their XML may declare."""

import io
import zipfile
from collections.abc import Iterator

from knowledge.parsers.base import ParseError

MAX_UNPACKED_BYTES = 300_000_000
MAX_RATIO = 200
ALWAYS_ALLOWED_BYTES = 10_000_000  # whatever the ratio: small files of repeating text pack well
MAX_ENTRIES = 2_000
_BLOCK_BYTES = 1_000_000
# A declaration of entities, in the encodings that XML may be in.
_DECLARED = tuple(mark.encode(encoding) for mark in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le"))


def check(data: bytes, called: str, *, may_declare: bool = False) -> None:
    """Raise ParseError for a document that unpacks to too much, is damaged or locked, or declares entities in its XML.

    Unpacks everything once and counts, because the sizes a ZIP file states of itself may be lies. `called` is what a
    person calls such a file ("Word document"). `may_declare` is for formats whose parts are web pages.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if len(parts.infolist()) > MAX_ENTRIES:
                raise ParseError(f"The {called} has more than {MAX_ENTRIES:,} parts.")
            unpacked = 0
            limit = allowed_bytes(len(data))
            for entry in parts.infolist():
                is_xml = entry.filename.lower().endswith((".xml", ".rels")) and not may_declare
                for block in _blocks(parts, entry):
                    unpacked += len(block)
                    if unpacked > limit:
                        raise ParseError(f"The {called} is too big when unpacked.")
                    if is_xml and any(mark in block for mark in _DECLARED):
                        raise ParseError(f"The {called} declares entities of its own, which are not read.")
    except RuntimeError as error:  # what zipfile raises for an encrypted part
        raise ParseError(f"The {called} is protected by a password.") from error
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise ParseError(f"The {called} is damaged or cut off.") from error


def allowed_bytes(packed: int) -> int:
    """How much a file of `packed` bytes may unpack to."""
    return min(MAX_UNPACKED_BYTES, max(packed * MAX_RATIO, ALWAYS_ALLOWED_BYTES))


def _blocks(parts: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with parts.open(entry) as part:
        while block := part.read(_BLOCK_BYTES):
            yield block
