"""Fact or style: what an edited answer says that no passage does, and what kind of edit it is. Pure.

A model that is trained on facts which are not in its prompt learns to invent (Gekhman 2024, arXiv 2405.05904). Numbers,
dates, prices, links, names and code have to stand in a passage or in the conversation, in whatever notation; sentences
have to share most of their rare words with them; a "not" that comes or goes has to be a passage's too. It is a net, not
a judge: a person may say that something is no fact, and why.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.answers import prompts
from bot.claims import coverage, grounds, polarity
from bot.claims.grounds import Evidence
from tuning.models import EditKind

MISSING = 0.6  # of a sentence's rare words, from which on it says something new
LEAST_WORDS = 3  # that are missing, so that an unusual word is no fact; two where there are no others
NEW_WORDS = 0.1  # of an answer, up to which only its layout differs
KEPT_WORDS = 0.6  # of the answer before

_LAYOUT = re.compile(r"^\s*(?:[-*+•]|\d+[.)]|#{1,6}|\||>|`{3,}|~{3,})", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+")
_MARKUP = re.compile(r"^\s*(?:[-*+•]|\d+[.)]|#{1,6})\s+|\[\d{1,2}\]|[*_`~|#>]", re.MULTILINE)
_REFUSAL = re.compile(
    r"(?:not|n['’]t|no)\b.{0,60}\b(?:documents?|documentation|docs|knowledge base|help cent(?:er|re)|information)\b"  # noqa: RUF001
    r"|\b(?:documents?|documentation|docs)\b.{0,40}\b(?:do(?:es)?|did)(?: not|n['’]t)\b"  # noqa: RUF001
    r"|\b(?:Dokumente\w*|Unterlagen|Dokumentation|Wissensdatenbank)\b.{0,60}\b(?:nicht|nichts|keine?)\b"
    r"|\b(?:keine?|nichts)\b.{0,60}\b(?:Dokument\w*|Unterlagen|Informationen|Angaben)\b"
    r"|\b(?:ne|n['’])\s?.{0,40}\bdocuments?\b|\bno\b.{0,60}\bdocument\w*\b|(?:資料|ドキュメント).{0,30}(?:ません|ない)",  # noqa: RUF001
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unsupported:
    """[start, end) of the answer, which says what no passage does; `reason` is a sentence for the reviewer."""

    start: int
    end: int
    kind: str
    text: str
    reason: str


@dataclass(frozen=True)
class Triage:
    kind: EditKind
    unsupported: tuple[Unsupported, ...]


@dataclass(frozen=True)
class Edit:
    """An answer before and after it was edited, and what it may rest on.

    `said` is the conversation before it and the question; `phrases` are the voice's opening and closing; `known` are
    addresses that the company's public documents state.
    """

    original: str
    edited: str
    passages: Sequence[str] = ()
    said: Sequence[str] = ()
    phrases: Sequence[str] = ()
    known: Sequence[str] = ()


def judge(edit: Edit) -> Triage:
    """What kind of edit it is, and what of it no passage supports, in the order of the text."""
    if is_refusal(edit.edited):
        return Triage(EditKind.NONE if is_refusal(edit.original) else EditKind.REFUSAL, ())
    found = tuple(sorted(_unsupported(edit), key=lambda each: (each.start, each.end)))
    if _plain(edit.edited) == _plain(edit.original) and _layout(edit.edited) == _layout(edit.original):
        return Triage(EditKind.NONE, found)
    before = {(each.kind, each.text) for each in _unsupported(replace(edit, edited=edit.original))}
    if any((each.kind, each.text) not in before for each in found):
        return Triage(EditKind.FACT, found)
    return Triage(_manner(edit), found)


def is_refusal(answer: str) -> bool:
    """Whether an answer only says that the documents hold none."""
    if answer.strip() == prompts.NOT_FOUND:
        return True
    sentences = [answer[start:end] for start, end in coverage.units(answer)]
    said = [each for each in sentences if coverage.content(each)]
    return bool(said) and len(said) <= 2 and bool(_REFUSAL.search(said[0])) and not re.search(r"\[\d{1,2}\]", answer)


def _manner(edit: Edit) -> EditKind:
    if _layout(edit.edited) == _layout(edit.original):
        return EditKind.STYLE
    before, after = (set(_WORD.findall(_bare(text).casefold())) for text in (edit.original, edit.edited))
    says_the_same = len(after - before) <= NEW_WORDS * len(after) and len(before & after) >= KEPT_WORDS * len(before)
    return EditKind.FORMAT if says_the_same else EditKind.STYLE


def _unsupported(edit: Edit) -> Iterator[Unsupported]:
    answer = grounds.masked(edit.edited, edit.phrases)
    ground = Evidence.of([*edit.passages, *edit.known], edit.said)
    before = grounds.masked(edit.original, edit.phrases)
    taken: list[tuple[int, int]] = []
    for claim, reason in grounds.unsupported(answer, ground, before):
        taken.append((claim.start, claim.end))
        yield Unsupported(claim.start, claim.end, claim.kind, edit.edited[claim.start : claim.end], reason)
    for start, end in coverage.units(answer):
        if any(start <= first and last <= end for first, last in taken):
            continue
        if told := _about_sentence(answer[start:end], before, ground):
            yield Unsupported(start, end, told[0], edit.edited[start:end], told[1])


def _about_sentence(sentence: str, before: str, ground: Evidence) -> tuple[str, str] | None:
    """What is wrong with a sentence that the edit brought; None where nothing is."""
    earlier = [before[start:end] for start, end in coverage.units(before)]
    if _plain(sentence) in {_plain(each) for each in earlier}:
        return None
    if polarity.is_turned(sentence, earlier, ground.sentences):
        return "negation", "This says the opposite of what the answer said, and no passage says so."
    share, absent = ground.with_text(before).missing(sentence)
    if share >= MISSING and len(absent) >= (2 if share == 1 else LEAST_WORDS):
        return "sentence", f"No passage says this; they hold nothing of: {', '.join(absent[:5])}."
    return None


def _bare(text: str) -> str:
    return _MARKUP.sub(" ", text)


def _plain(text: str) -> str:
    return " ".join(_bare(text).split()).casefold()


def _layout(text: str) -> list[str]:
    """The kind of each line that is no plain prose, and how many paragraphs there are."""
    marks = [re.sub(r"\d+", "1", each.group().strip()) for each in _LAYOUT.finditer(text)]
    return [*marks, str(len(re.split(r"\n\s*\n", text.strip()))), "**" * ("**" in text), "`" * ("`" in text)]
