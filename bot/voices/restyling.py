"""Quoted facts said in the voice: what a small tuned model is asked, and whether it kept to the facts. Pure.

A small model learns a voice in a minute and judgement not at all, so nothing that it writes is believed: every word of
the plain answer has to be there, in its place, and nothing but courtesy may come to it.
"""

import hashlib
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.models import Voice
from bot.voices import framing, style, tokenising

SYSTEM = """\
Say the answer again in the voice that you have learnt. Keep every sentence in its place and every word that carries \
meaning: numbers, names, links, code and the markers in square brackets, like [1], stay as they are. Add no facts."""


MOST_TOKENS = 3_000  # of a text whose differences are told: the time it takes grows with the square
MARKED = re.compile(rf"(?:\s*{tokenising.MARKER})+[.!?]*")


@dataclass(frozen=True)
class Believed:
    """What is shown of an answer that was said again: `kept` of its `parts` as they were written, the others plain."""

    text: str
    parts: int
    kept: int
    faults: tuple[str, ...] = ()


def messages(text: str) -> list[dict[str, str]]:
    """What the restyler is asked: the instruction, and a plain answer with its markers [n]."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


def template_hash() -> str:
    """Names the wording (SHA-256, hex). A restyler that was tuned on another one must not go live under this one."""
    return hashlib.sha256(SYSTEM.encode()).hexdigest()


def unfaithful(plain: str, styled: str, voice: Voice | None = None) -> list[str]:
    """What `styled` says otherwise than the `plain` answer, a few words each; nothing when it keeps to it.

    Kept are all words, numbers, signs, markers, links, code, tables, lists and headings, in their order, and where a
    sentence ends or is cut by a colon. Free are quotes around words, emphasis, which sign a sentence ends with, commas
    where nothing is denied or counted, the capital of a first word, contractions (do not, don't), and courtesy without
    a marker: a sentence, or what stands before its first comma, of nothing but greetings and thanks, or one of the
    phrases that `voice` itself prescribes. Emoji that tell nothing are free where it has emoji.
    """
    before, after = tokenising.tokens(plain, voice), tokenising.tokens(styled, voice)
    if before == after:
        return []
    if max(len(before), len(after)) > MOST_TOKENS:
        return [f"differs, in a text of more than {MOST_TOKENS:,} words"]
    return [
        _told(before[first:last], after[start:end])
        for kind, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _told(lost: list[str], gained: list[str]) -> str:
    if not gained:
        return f"lost: {_line(lost)}"
    if not lost:
        return f"gained: {_line(gained)}"
    return f"changed: {_line(lost)} → {_line(gained)}"


def _line(told: list[str]) -> str:
    said = [token.strip() for token in told if token != tokenising.STOP]
    return " ".join(said) or "the end of a sentence"


def unsaid(text: str) -> Believed:
    """An answer of which nothing was said again."""
    return Believed(text, sum(map(bool, parts(text))), 0)


def believed(plain: str, styled: str, voice: Voice) -> Believed:
    """As much of `styled` as keeps to the `plain` answer, part by part, each up to its markers.

    All is plain where the markers are not the same ones in the same order, and where a rule of the voice is broken that
    the plain answer keeps. What the voice begins and ends with is left out, as it is added to every answer.
    """
    styled = framing.bare(styled, voice)
    before, after = parts(plain), parts(styled)
    count = max(sum(map(bool, each)) for each in (before, after))
    if list(map(_markers, before)) != list(map(_markers, after)):
        return Believed(plain, count, 0, tuple(unfaithful(plain, styled, voice)) or ("markers",))
    if broken := _broken(plain, styled, voice):
        return Believed(plain, count, 0, tuple(broken))
    told = [unfaithful(first, second, voice) for first, second in zip(before, after, strict=True)]
    chosen = [first if faults else second for first, second, faults in zip(before, after, told, strict=True)]
    text = "".join(chosen).strip()
    if faults := unfaithful(plain, text, voice):  # where one part goes over into the next
        return Believed(plain, count, 0, tuple(faults))
    kept = count - sum(map(bool, told))
    return Believed(text, count, kept, tuple(fault for faults in told for fault in faults))


def parts(text: str) -> list[str]:
    """`text` cut behind its markers, but for those in code; the last part is what follows them, if only nothing."""
    text = text.strip()
    masked = style.CODE.sub(lambda code: "x" * len(code.group()), text)
    ends = [match.end() for match in MARKED.finditer(masked)]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _markers(part: str) -> list[str]:
    return re.findall(tokenising.MARKER, style.CODE.sub("", part))


def _broken(plain: str, styled: str, voice: Voice) -> list[str]:
    """The rules that the plain answer kept; the opening and the closing are looked after elsewhere."""
    new = set(style.faults(voice, styled)) - set(style.faults(voice, plain)) - {"opening", "closing"}
    return [f"breaks a rule of the voice: {rule}" for rule in sorted(new)]
