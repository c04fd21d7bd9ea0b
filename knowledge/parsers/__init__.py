"""Parsers by type: a new type is one file and one line here. They run in knowledge.jail, apart from what matters."""

import pkgutil
import re
from pathlib import PurePosixPath

from knowledge.parsers.base import MAX_CHARACTERS, Parsed, ParseError

# Goes up when a parser gives another result for the same bytes, so that documents are parsed anew.
VERSION = 7
MAX_FILE_BYTES = 50_000_000
MAX_TITLE = 300  # characters

PARSERS = {
    "markdown": "knowledge.parsers.markdown:parse",
    "text": "knowledge.parsers.text:parse",
    "html": "knowledge.parsers.html.parser:parse",
    "pdf": "knowledge.parsers.pdf.parser:parse",
    "docx": "knowledge.parsers.docx.parser:parse",
    "pptx": "knowledge.parsers.pptx:parse",
    "sheets": "knowledge.parsers.sheets:parse",
    "csv": "knowledge.parsers.csv:parse",
    "epub": "knowledge.parsers.epub:parse",
    "rtf": "knowledge.parsers.rtf:parse",
}
KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "sheets",
    ".ods": "sheets",
    ".csv": "csv",
    ".tsv": "csv",
    ".epub": "epub",
    ".rtf": "rtf",
}
# Characters that nobody sees: controls, marks of direction, tags, halves of surrogate pairs. Some get in the way of
# searching; others may carry words to a model that a person does not read.
_SMUGGLED = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\ud800-\udfff"
    "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_NAMES = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a presentation",
    "sheets": "a workbook",
    "epub": "an e-book",
    "rtf": "an RTF document",
    "html": "an HTML page",
}
_MAY_BE_SCANS = {"pdf", "docx", "pptx", "epub"}
_BINARY = {"pdf", "docx", "pptx", "sheets", "epub", "rtf"}  # others are text, whatever they begin with
_PACKED = {
    b"word/document": "docx",
    b"ppt/presentation": "pptx",
    b"xl/workbook": "sheets",
    b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet": "sheets",
    b"mimetypeapplication/epub+zip": "epub",
    b"word/": "docx",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
    b"PK\x05\x06": "an empty ZIP archive",
}


def parse(name: str, data: bytes) -> Parsed:
    """`data` as Markdown, by the type that its name and its first bytes agree on.

    Raises ParseError with a sentence; other exceptions mean a damaged file that a parser did not foresee.
    """
    kind = _kind(name, data)
    parsed: Parsed = pkgutil.resolve_name(PARSERS[kind])(data)
    markdown = visible(parsed.markdown)
    if not markdown.strip():
        raise ParseError("No text was found; is this a scan?" if kind in _MAY_BE_SCANS else "The file has no text.")
    if len(markdown) > MAX_CHARACTERS:
        raise ParseError(f"The file holds more than {MAX_CHARACTERS:,} characters of text; please split it.")
    warning = parsed.warning
    if _SMUGGLED.search(parsed.markdown):
        warning = f"{warning} Invisible characters were left out.".strip()
    return Parsed(" ".join(visible(parsed.title).split())[:MAX_TITLE], markdown, warning)


def visible(text: str) -> str:
    """`text` without the characters that nobody sees; line ends and tabs stay."""
    return _INVISIBLE.sub("", text)


def is_supported(name: str) -> bool:
    return extension(name) in KINDS


def _kind(name: str, data: bytes) -> str:
    ending = extension(name)
    if ending not in KINDS:
        known = ", ".join(KINDS)
        raise ParseError(f"Files of the type {ending or 'without an extension'} are not read; these are: {known}.")
    if not data.strip(b"\0 \t\r\n"):
        raise ParseError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise ParseError(f"The file is bigger than {MAX_FILE_BYTES // 1_000_000} MB.")
    expected = KINDS[ending]
    found = "pdf" if expected == "pdf" and b"%PDF-" in data[:1024] else _found(data)
    if found == "locked" and expected in _BINARY:
        raise ParseError("The document is protected by a password.")
    if found in PARSERS and found != expected:
        raise ParseError(f"The file is called {ending} but is {_NAMES[found]}; rename it.")
    if found and found not in PARSERS:
        raise ParseError(f"The file is called {ending} but is {_foreign_name(found)}.")
    if not found and expected in _BINARY:
        raise ParseError(f"The file is called {ending} but is not {_NAMES[expected]}.")
    return expected


def extension(name: str) -> str:
    """The ending of a name, with its dot, in small letters."""
    return PurePosixPath(name).suffix.lower()


def _foreign_name(found: str) -> str:
    return "an old Office document or a protected one" if found == "locked" else found


def _found(data: bytes) -> str:
    """What the bytes say they are: a key of PARSERS, "locked", words for something else, or empty for any text."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if data.startswith(b"PK\x03\x04"):
        return _zip_content(data)
    if data.startswith(_OLE):
        return (
            "locked" if "EncryptedPackage".encode("utf-16-le") in data else "an old Office document; save it as .docx"
        )
    if start[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return next((words for magic, words in _FOREIGN.items() if data.startswith(magic)), "")


def _zip_content(data: bytes) -> str:
    """Such documents name their main part in the clear, at the start or in the directory at the end."""
    return next((kind for mark, kind in _PACKED.items() if mark in data), "a ZIP archive")
