"""A passage as the pieces an answer can be made of: sentences, items, steps, table rows and code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from llm.prompt import Passage, Sentence

Kind = Literal["prose", "item", "steps", "row", "code"]

STEPS_CHARACTERS = 1500
"""Longer numbered lists are quoted step by step like any other list."""

_HEADING = re.compile(r"#{1,6}\s")
_FENCE = re.compile(r"(```|~~~)")
_ROW = re.compile(r"\|.*\|$")
_RULE = re.compile(r"\|?[\s:|-]+\|?$")
_NUMBERED = re.compile(r"\d{1,3}[.)]\s+")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])")


@dataclass(frozen=True)
class Unit:
    """A piece of a passage, in the words of the passage.

    `lead` is what it cannot be understood without: the sentence ending in a colon before an item, steps or code, or the
    header of a table row. `section` is the heading above it inside the passage. `order` is its place in the passage;
    `is_opening` says that it comes first under its heading. `similarity` is the cosine to the question, 0 unknown.
    """

    kind: Kind
    text: str
    order: int
    lead: str = ""
    section: str = ""
    is_opening: bool = False
    similarity: float = 0.0


def units(passage: Passage) -> list[Unit]:
    """The units of a passage in reading order. Headings and introductions to nothing are left out."""
    found: list[Unit] = []
    lead = section = ""
    opens = True
    sentences = passage.sentences or tuple(map(Sentence, _split(passage.text)))
    for kind, group in groupby(enumerate(sentences), key=lambda numbered: _kind(numbered[1].text)):
        members = [_unit(kind, order, sentence) for order, sentence in group]
        if kind == "heading":
            lead, section, opens = "", members[-1].text.lstrip("# "), True
            continue
        introduced = list(_introduced(members, lead))
        found += (replace(unit, section=section, is_opening=opens and unit is introduced[0]) for unit in introduced)
        lead = members[-1].text if kind == "prose" and members[-1].text.endswith(":") else ""
        opens = opens and not introduced
    return found


def _kind(text: str) -> Kind | Literal["heading"]:
    line = text.strip()
    if _HEADING.match(line):
        return "heading"
    if _FENCE.match(line):
        return "code"
    if _ROW.match(line):
        return "row"
    if _ITEM.match(line):
        return "steps" if _NUMBERED.match(line) else "item"
    return "prose"


def _unit(kind: Kind | Literal["heading"], order: int, sentence: Sentence) -> Unit:
    text = sentence.text.strip()
    if kind not in ("code", "steps"):
        text = " ".join(text.split())
    return Unit("prose" if kind == "heading" else kind, text, order, similarity=sentence.similarity)


def _introduced(members: Sequence[Unit], lead: str) -> Iterator[Unit]:
    """The units of one kind that stand in a row, each with what introduces it."""
    if members[0].kind == "prose":
        yield from (unit for unit in members if not unit.text.endswith(":"))
    elif members[0].kind == "row":
        yield from (replace(row, lead=members[0].text) for row in members[1:])
    elif members[0].kind == "steps":
        yield from _steps(members, lead)
    else:
        yield from (replace(member, lead=lead) for member in members)


def _steps(members: Sequence[Unit], lead: str) -> Iterator[Unit]:
    """A numbered list is one unit, as a step means little without the others."""
    text = "\n".join(step.text for step in members)
    if len(members) > 1 and len(text) <= STEPS_CHARACTERS:
        yield replace(members[0], text=text, lead=lead, similarity=max(step.similarity for step in members))
    else:
        yield from (replace(step, kind="item", text=" ".join(step.text.split()), lead=lead) for step in members)


def _split(text: str) -> Iterator[str]:
    """Sentences of a passage that came without them."""
    code: list[str] = []
    prose: list[str] = []
    for line in [*text.splitlines(), ""]:
        if code or _FENCE.match(line.strip()):
            yield from _sentences(prose)
            code.append(line)
            if len(code) > 1 and _FENCE.match(line.strip()):
                yield "\n".join(code)
                code = []
        elif line.strip() and _kind(line) == "prose" and not _RULE.match(line.strip()):
            prose.append(line.strip())
            continue
        elif line.strip() and not _RULE.match(line.strip()):
            yield from _sentences(prose)
            yield line.strip()
        else:
            yield from _sentences(prose)
    yield from code and ["\n".join(code)]


def _sentences(prose: list[str]) -> Iterator[str]:
    """The sentences of the lines gathered so far, which are then done with."""
    yield from filter(None, _SENTENCE_END.split(" ".join(prose)))
    prose.clear()
