"""Which edits say what people prefer, and not what is true. Pure."""

import re
from difflib import SequenceMatcher

LEAST_CHANGED = 0.05  # of the characters; a comma is no preference
FACT = "fact"  # tuning.models.EditKind: what is wrong is no worse a way to say it
_PIECE = re.compile(r"\w+|\s+|[^\w\s]")


def rejected(original: str, answer: str, kind: str) -> str:
    """`original` where `answer` is preferred to it; empty where it is as good, nearly the same, or merely wrong."""
    if kind == FACT or changed(original, answer) < LEAST_CHANGED:
        return ""
    return original


def changed(first: str, second: str) -> float:
    """The share of the longer text's characters that the other does not have, word by word: 0 to 1."""
    if first == second:
        return 0.0
    before, after = _PIECE.findall(first), _PIECE.findall(second)
    same = sum(
        len("".join(before[start : start + size]))
        for start, _, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    )
    return 1 - same / max(len(first), len(second))
