"""Files that parsers are given, as bytes."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import docx


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of `members`, by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def make_docx(fill: Callable[[Any], object] = str) -> bytes:
    """A Word document that `fill` has written into."""
    document = docx.Document()
    fill(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
