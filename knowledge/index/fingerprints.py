"""What makes bytes known: those that gave the live passages are neither parsed nor embedded again. Pure."""

import hashlib

from knowledge import parsers
from knowledge.originals.base import Content
from knowledge.passages import chunking

# The versions of the code that makes passages of bytes; after a change of theirs the same bytes are read anew.
READ_BY = f":{parsers.VERSION}.{chunking.VERSION}"
_LONGEST = 64  # characters, as the column holds


def fingerprint(content: Content) -> str:
    """Covers all that the passages depend on: the bytes, what they are taken for, and the code that reads them."""
    digest = hashlib.sha256(content.data)
    digest.update(f"\0{parsers.extension(content.name)}".encode())
    return f"{digest.hexdigest()[:48]}{READ_BY}"[:_LONGEST]


def is_of_this_code(known: str) -> bool:
    """Whether the code that reads bytes today made that fingerprint."""
    return known.endswith(READ_BY)
