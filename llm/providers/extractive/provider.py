"""Answers made of the documents' own best sentences, each with its source. No model, no key, nothing invented."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from llm.brackets import shown
from llm.completion import Completion, Usage
from llm.prompt import Passage, Prompt
from llm.providers.base import Provider
from llm.providers.extractive.pieces import Pick, pick, terms

_LOCAL_LINK = re.compile(r"!?\[([^\]]*)\]\((?!https?:|mailto:)[^)]*\)")
_FOOTNOTE = re.compile(r"(?<=[^\s`(\[])\[\d{1,3}\](?=[\s.,;:]|$)")
_BULLET = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+")
_ENDED = re.compile(r"[.!?:…。！？][\"'”’)\]*_`]*$")  # noqa: RUF001  full stops of CJK are meant


class ExtractiveProvider(Provider):
    """Whether the passages answer the question at all is not decided here; retrieval's `answerable` says that."""

    def stream(self, prompt: Prompt, *, model: str, timeout: float) -> Iterator[str | Completion]:  # noqa: ARG002
        text = ""
        for piece in write(prompt.question, prompt.passages):
            text += piece
            yield piece
        yield Completion(text, "stop", Usage(0, 0, 0))


def write(question: str, passages: Sequence[Passage]) -> Iterator[str]:
    """The answer piece by piece, in Markdown, with `[n]` behind what comes from passage n."""
    joint = ""
    for _, run in groupby(pick(question, passages), key=lambda chosen: (chosen.passage.number, _place(chosen))):
        picks = list(run)
        if picks[0].unit.kind in ("steps", "code") or (len(picks) > 1 and picks[0].unit.kind in ("row", "item")):
            yield ("\n\n" if joint else "") + _block(picks)
            joint = "\n\n"
        else:
            yield from (
                joint + piece if index == 0 else " " + piece for index, piece in enumerate(_paragraph(question, picks))
            )
            joint = " "


def _place(chosen: Pick) -> tuple[str, str]:
    """What stands together: sentences; rows of one table; items of one list; every code block and steps alone."""
    unit = chosen.unit
    if unit.kind in ("steps", "code"):
        return unit.kind, unit.text
    return unit.kind, unit.lead if unit.kind != "prose" else ""


def _paragraph(question: str, picks: Sequence[Pick]) -> Iterator[str]:
    """Sentences of one passage; its marker stands behind the last."""
    for chosen in picks:
        unit = chosen.unit
        if unit.kind == "row":
            text = row_as_sentence(question, unit.lead, unit.text)
        elif unit.kind == "item":
            text = f"{unit.lead} {_BULLET.sub('', unit.text, count=1)}".strip()
        else:
            text = unit.text
        yield ended(plain(text)) + (f" [{chosen.passage.number}]" if chosen is picks[-1] else "")


def _block(picks: Sequence[Pick]) -> str:
    """A list, a table or code under what introduces it, which carries the marker."""
    passage, unit = picks[0].passage, picks[0].unit
    texts = [chosen.unit.text for chosen in picks]
    if unit.kind == "row":
        cells = len(_cells(unit.lead))
        texts = [unit.lead, "|" + "---|" * cells, *texts]
    heading = passage.heading.split(" > ")[-1] or passage.title
    lead = unit.lead if unit.kind != "row" and unit.lead else f"{heading}:"
    body = "\n".join(texts)
    return f"{plain(lead)} [{passage.number}]\n\n{body if unit.kind == 'code' else plain(body)}"


def row_as_sentence(question: str, header: str, row: str) -> str:
    """A table row as "Header: value; ...", cut down to its first column and those that the question names, if any."""
    columns = [(name, value) for name, value in zip(_cells(header), _cells(row), strict=False) if value]
    asked = terms(question)
    named = [column for column in columns[1:] if terms(column[0]) and terms(column[0]) <= asked]
    shown = [*columns[:1], *named] if named else columns
    return "; ".join(f"{name}: {value}" if name else value for name, value in shown)


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def plain(text: str) -> str:
    """Without links that lead nowhere outside the documents' folder, and without footnote marks, which are not ours.

    Other numbers in brackets stay what they are in the document: text.
    """
    return shown(_FOOTNOTE.sub("", _LOCAL_LINK.sub(r"\1", text)))


def ended(text: str) -> str:
    return text if _ENDED.search(text) else f"{text}."
