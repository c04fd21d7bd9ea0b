"""Markdown stays as it is, but for its front matter and what a reader would not see."""

import re

from knowledge.parsers.base import Parsed, leading_title
from knowledge.parsers.text import decode

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
# A fence comes first, so that a comment shown inside it is code and stays.
_COMMENT = re.compile(
    r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.MULTILINE
)


def parse(data: bytes) -> Parsed:
    text, warning = decode(data)
    title = ""
    if front := _FRONT_MATTER.match(text):
        if found := _FRONT_TITLE.search(front[0]):
            title = found[1].strip("\"'")
        text = text[front.end() :]
    text = _COMMENT.sub(lambda found: found[0] if found[1] else "", text)
    return Parsed(title or leading_title(text), text, warning)
