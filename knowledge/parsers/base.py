"""What a parser is given and what it gives back."""

import re
from dataclasses import dataclass

_INLINE = re.compile(r"([\\`*_\[\]<>|~])")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|=+\s*$|-+\s*$)")
_ORDERED = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_TITLE = re.compile(r"^ {0,3}# +(.+)$")
MAX_CHARACTERS = 5_000_000  # of text in one document
_TITLE_MARKUP = 3_000  # characters of a heading that are looked at


class ParseError(Exception):
    """The file cannot become text; the message is a sentence for the person who gave it."""


@dataclass(frozen=True)
class Parsed:
    """A document as Markdown. `title` is empty when the document states none; `warning` tells what was left out."""

    title: str
    markdown: str
    warning: str = ""


def hidden_text(words: int) -> str:
    """The warning that so many hidden words were left out; empty for none."""
    return f"Hidden text was left out ({words} words)." if words else ""


def escape(line: str) -> str:
    """A line of plain text as Markdown that reads the same."""
    line = _INLINE.sub(r"\\\1", line)
    line = _LINE_START.sub(r"\1\\\2", line)
    return _ORDERED.sub(r"\1\\\2", line)


def leading_title(markdown: str) -> str:
    """The text of the first level-one heading above any code block, without its markup; empty when there is none."""
    for line in markdown.splitlines():
        if _FENCE.match(line):
            break
        if found := _TITLE.match(line):
            text = _LINK.sub(r"\1", _without_closing(found[1][:_TITLE_MARKUP]))
            return re.sub(r"\\(.)|[*`]", r"\1", text).strip()
    return ""


def _without_closing(heading: str) -> str:
    """A heading without the "#" signs that may stand at its end, after a space."""
    text = heading.rstrip()
    opened = text.rstrip("#")
    return opened if opened.endswith(" ") else text
