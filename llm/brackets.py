"""Numbers in brackets that are a document's own, as in "see [3]": told apart from markers, which are ours. Pure.

A model reads them escaped, as Markdown does it, and copies them so: what it writes bare is a marker. What is shown to
an asker has an unseen character in them, which no reader of markers takes for one. Code is left as it is.
"""

import re
from collections.abc import Iterator

_NUMBERS = r"\s*\d{1,2}(?:\s*,\s*\d{1,2})*\s*"  # as in a marker
_CODE = r"(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
_BARE = re.compile(rf"(?P<code>{_CODE})|(?<!\\)\[(?P<numbers>{_NUMBERS})\](?!\()")
ESCAPED = re.compile(rf"\\\[(?P<own>{_NUMBERS})\\\]")
_ESCAPED_PROSE = re.compile(rf"(?P<code>{_CODE})|\\\[(?P<numbers>{_NUMBERS})\\\](?!\()")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_UNSEEN = "\u2060"  # a word joiner


def escaped(text: str) -> str:
    """For a model to read: [3] as \\[3\\]."""
    return _replaced(text, r"\[", r"\]")


def unescaped(text: str) -> str:
    """What `escaped` was made of, or would make the same of. What it would not is left: what was escaped before it."""
    read = _replaced(text, "[", "]", _ESCAPED_PROSE)
    return read if escaped(read) == text else text


def shown(text: str) -> str:
    """For an asker to read: [3] that stays text."""
    return _replaced(text, f"[{_UNSEEN}", "]")


def as_text(numbers: str) -> str:
    """The brackets around `numbers` as `shown` writes them."""
    return f"[{_UNSEEN}{numbers}]"


def own(text: str) -> set[int]:
    """The numbers that a document has in brackets of its own."""
    return {int(each) for found in _found(text) for each in found.split(",")}


def _found(text: str) -> Iterator[str]:
    for line in _prose(text):
        yield from (match["numbers"] for match in _BARE.finditer(line) if match["numbers"])


def _replaced(text: str, left: str, right: str, numbers: re.Pattern[str] = _BARE) -> str:
    def put(match: re.Match[str]) -> str:
        return match.group() if match["code"] else f"{left}{match['numbers']}{right}"

    lines = text.split("\n")
    prose = set(_places(lines))
    return "\n".join(numbers.sub(put, line) if place in prose else line for place, line in enumerate(lines))


def _prose(text: str) -> Iterator[str]:
    lines = text.split("\n")
    return (lines[place] for place in _places(lines))


def _places(lines: list[str]) -> Iterator[int]:
    """Those of the lines that are not within fences."""
    fence = ""
    for place, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark.group(1)):
            fence = "" if fence else mark.group(1)
        elif not fence:
            yield place
