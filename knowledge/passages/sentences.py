"""Where sentences begin and end in a passage of Markdown."""

import re

from knowledge.passages import hyperlinks

Span = tuple[int, int]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+\S")
_TABLE_ROW = re.compile(r"\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"[\s:|-]+$")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
# A terminator with its closing marks, then space, then something that can begin a sentence; or a full stop of CJK.
_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’)\]*_]*(?=\s+[^\sa-z,;:)\]])|[。！？]+[”’」』）]*")  # noqa: RUF001  those marks are meant
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“])(?:[A-Z]|[A-Z]\.[A-Z]|Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Col|Lt|Sgt|Capt|Sen|Gov|St|Jr|Sr|Inc|Ltd|Co|Corp"
    r"|No|Nos|vs|cf|ca|e\.g|i\.e|al|approx|Fig|Eq|Sec|pp?|Vol|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.$"
)


def split(text: str) -> list[Span]:
    """[start, end) character offsets of the sentences of `text`, in order, without the space around them.

    A row of a table, an item of a list, a heading and a block of code are one unit each; the rule under the header of a
    table is none.
    """
    spans: list[Span] = []
    for start, end in _blocks(text):
        if _is_prose(text[start:end]):
            spans += _sentences(text, start, end)
        elif not _TABLE_RULE.match(text[start:end]):
            spans.append(_trimmed(text, start, end))
    return [span for span in spans if span[0] < span[1]]


def _blocks(text: str) -> list[Span]:
    """Paragraphs and units: runs of lines that belong together."""
    blocks: list[Span] = []
    fence = ""
    is_open = False
    position = 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        mark = _FENCE.match(line)
        if fence:
            blocks[-1] = (blocks[-1][0], position)
            fence = "" if mark and mark[1].startswith(fence) else fence
            is_open = False
        elif mark:
            fence = mark[1]
            blocks.append((start, position))
        elif not line.strip():
            is_open = False
        elif _stands_alone(line):
            blocks.append((start, position))
            is_open = bool(_ITEM.match(line))  # its wrapped lines belong to it
        elif is_open:
            blocks[-1] = (blocks[-1][0], position)
        else:
            blocks.append((start, position))
            is_open = True
    return blocks


def _stands_alone(line: str) -> bool:
    return bool(_ITEM.match(line) or _TABLE_ROW.match(line) or _HEADING.match(line))


def _is_prose(block: str) -> bool:
    return not (_FENCE.match(block) or _stands_alone(block.splitlines()[0]) or _TABLE_RULE.match(block))


def _sentences(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    begin = start
    whole = text[:start] + hyperlinks.masked(text[start:end])  # no sentence ends inside of a link
    for match in _END.finditer(whole, start, end):
        if not _ABBREVIATION.search(text, max(begin, match.end() - 12), match.end()):
            spans.append(_trimmed(text, begin, match.end()))
            begin = match.end()
    return [*spans, _trimmed(text, begin, end)]


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
