"""An answer without some of its sentences, and with other markers. Pure; positions are those of its sentences."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise, takewhile

from bot.claims import citations
from bot.claims.checking import Checked

_MARKS = re.compile(rf"[ \t]*(?:{citations.INLINE.pattern}(?!\())")


def marked(answer: str, numbers: Mapping[Checked, int]) -> str:
    """`answer` with [n] behind sentences, in place of the markers that they have."""
    for each in sorted(numbers, key=lambda each: -each.statement.start):
        statement = each.statement
        bare = _MARKS.sub(lambda found: found.group() if found["code"] else "", statement.written).rstrip()
        answer = f"{answer[: statement.start]}{bare} [{numbers[each]}]{answer[statement.end :]}"
    return answer


def without(answer: str, found: Sequence[Checked], gone: Collection[Checked]) -> str:
    """`answer` without the sentences `gone`, nor what introduced nothing but them.

    A marker that stood behind one of them stands behind the sentence before, if it stood for that as well.
    """
    taken = {*gone, *_orphans(found, gone)}
    moved = _moved(found, taken)
    for each in sorted({*taken, *moved}, key=lambda each: -each.statement.start):
        statement = each.statement
        if each in taken:
            answer = _cut(answer, statement.start, statement.end)
        else:
            markers = "".join(f"[{number}]" for number in moved[each])
            answer = f"{answer[: statement.end]} {markers}{answer[statement.end :]}"
    return answer.strip()


def _orphans(found: Sequence[Checked], gone: Collection[Checked]) -> list[Checked]:
    """Headings, and lines that end with a colon, of what they introduce nothing is left."""
    orphans: list[Checked] = []
    for place in range(len(found) - 1, -1, -1):
        each = found[place]
        introduced = _introduced(each, found[place + 1 :])
        if each not in gone and introduced and all(other in gone or other in orphans for other in introduced):
            orphans.append(each)
    return orphans


def _introduced(each: Checked, behind: Sequence[Checked]) -> list[Checked]:
    """What a heading stands over, or a list that a colon announces."""
    if each.statement.is_heading:
        return list(takewhile(lambda other: not other.statement.is_heading, behind))
    if each.statement.text.endswith(":"):
        return list(takewhile(lambda other: other.statement.is_introduced, behind))
    return []


def _moved(found: Sequence[Checked], taken: Collection[Checked]) -> dict[Checked, tuple[int, ...]]:
    """Which sentences that stay have to carry the markers of one that goes: they were read with those."""
    moved = {}
    for before, each in pairwise(found):
        left, gone = before.statement, each.statement
        if each in taken and before not in taken and not left.own and gone.own and left.block == gone.block:
            moved[before] = (before.best,) if before.best in gone.own else gone.own
    return moved


def _cut(answer: str, start: int, end: int) -> str:
    """Without [start, end), and without its line where it stood there alone."""
    line = answer.rfind("\n", 0, start) + 1
    stop = answer.find("\n", end)
    stop = len(answer) if stop < 0 else stop
    if not answer[line:start].strip() and not answer[end:stop].strip():
        before, behind = answer[:line], answer[stop + 1 :]
        return before + (behind.lstrip("\n") if before.endswith("\n\n") else behind)
    before, behind = answer[:start], answer[end:]
    return before + behind.lstrip(" \t") if behind[:1] in (" ", "\t") else before.rstrip(" \t") + behind
