"""Quoted facts said in the voice: what a small tuned model is asked, and whether it kept to the facts. Pure.

A small model learns a voice in a minute and judgement not at all, so nothing that it writes is believed: every word of
the plain answer has to be there, in its place, and nothing but courtesy may come to it.
"""

import hashlib
from difflib import SequenceMatcher

from bot.models import Voice
from bot.voices import tokenising

SYSTEM = """\
Say the answer again in the voice that you have learnt. Keep every sentence in its place and every word that carries \
meaning: numbers, names, links, code and the markers in square brackets, like [1], stay as they are. Add no facts."""


def messages(text: str) -> list[dict[str, str]]:
    """What the restyler is asked: the instruction, and a plain answer with its markers [n]."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


def template_hash() -> str:
    """Names the wording (SHA-256, hex). A restyler that was tuned on another one must not go live under this one."""
    return hashlib.sha256(SYSTEM.encode()).hexdigest()


def unfaithful(plain: str, styled: str, voice: Voice | None = None) -> list[str]:
    """What `styled` says otherwise than the `plain` answer, a few words each; nothing when it keeps to it.

    Kept are all words, numbers, signs, markers, links, code, tables, lists and headings, in their order. Free are
    punctuation, emphasis, the capital of a first word, contractions (do not, don't), and courtesy without a marker: a
    sentence, or what stands before its first comma, of nothing but greetings and thanks, or one of the phrases that
    `voice` itself prescribes. Emoji that tell nothing are free where it has emoji.
    """
    before, after = tokenising.tokens(plain, voice), tokenising.tokens(styled, voice)
    if before == after:
        return []
    return [
        _told(before[first:last], after[start:end])
        for kind, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _told(lost: list[str], gained: list[str]) -> str:
    if not gained:
        return f"lost: {' '.join(lost)}"
    if not lost:
        return f"gained: {' '.join(gained)}"
    return f"changed: {' '.join(lost)} → {' '.join(gained)}"
