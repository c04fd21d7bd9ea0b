"""Rich text as its plain text: headings of this format are no more than large letters."""

from striprtf.striprtf import rtf_to_text

from knowledge.parsers.base import Parsed, ParseError
from knowledge.parsers.text import markdown_of

MAX_BYTES = 20_000_000  # what is read in this process within its time


def parse(data: bytes) -> Parsed:
    if len(data) > MAX_BYTES:
        raise ParseError(f"The file is bigger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text: str = rtf_to_text(data.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, LookupError) as error:
        raise ParseError("The RTF document is damaged.") from error
    return Parsed("", markdown_of(text))
