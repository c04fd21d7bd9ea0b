"""Word documents by way of HTML, which keeps headings, lists and tables."""

import io
import zipfile

import mammoth

from knowledge.parsers.base import Parsed, ParseError, leading_title
from knowledge.parsers.html import to_markdown

MAX_UNPACKED_BYTES = 300_000_000
MAX_RATIO = 200
MAX_ENTRIES = 2_000
_BLOCK_BYTES = 1_000_000
_STYLES = "\n".join(
    [
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='Subtitle'] => p:fresh",
        "p[style-name='Code'] => pre:separator('\\n')",
        "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
        "p[style-name='Source Code'] => pre:separator('\\n')",
        "comment-reference => ",
    ]
)


def parse(data: bytes) -> Parsed:
    _check_size(data)
    page = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=lambda _image: []).value
    markdown = to_markdown(page, hidden="drop", without=[])
    return Parsed(leading_title(markdown), markdown)


def _check_size(data: bytes) -> None:
    """Unpack everything once and count, because the sizes a ZIP file states of itself may be lies."""
    unpacked = 0
    limit = min(MAX_UNPACKED_BYTES, max(len(data) * MAX_RATIO, 10 * _BLOCK_BYTES))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if len(parts.infolist()) > MAX_ENTRIES:
                raise ParseError(f"The Word document has more than {MAX_ENTRIES:,} parts.")
            for entry in parts.infolist():
                with parts.open(entry) as part:
                    while block := part.read(_BLOCK_BYTES):
                        unpacked += len(block)
                        if unpacked > limit:
                            raise ParseError("The Word document is too big when unpacked.")
    except RuntimeError as error:  # what zipfile raises for an encrypted part
        raise ParseError("The Word document is protected by a password.") from error
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise ParseError("The Word document is damaged or cut off.") from error
