"""What changed between two texts, word by word. Pure."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple


class Piece(NamedTuple):
    kind: Literal["same", "added", "removed"]
    text: str


def words(before: str, after: str) -> Iterator[Piece]:
    """The pieces in reading order, what was removed before what came in its place."""
    old, new = (re.findall(r"\s+|[^\s]+", text) for text in (before, after))
    for kind, left, right, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[left:right]))
            continue
        if right > left:
            yield Piece("removed", "".join(old[left:right]))
        if end > start:
            yield Piece("added", "".join(new[start:end]))
