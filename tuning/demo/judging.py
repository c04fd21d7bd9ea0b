"""What a model made of answers that it never saw, counted. Pure but for `Counts`, which somebody fills."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import Voice
from bot.voices import framing, restyling
from tuning.demo.pairs import LEADS, Pair

FACTS = re.compile(r"\[\d+\]|https?://\S+|\b[A-Z]+-\d+|\d+(?:[.,:]\d+)*|\b(?:not|no|never)\b")
NOT = re.compile(r"n['’]t\b|(?<=can)not\b")  # noqa: RUF001


@dataclass(frozen=True)
class Row:
    """One line of the table: what is counted, and for how many of all."""

    name: str
    count: int
    of: int


def judge(pairs: Sequence[Pair], said: Sequence[str], voice: Voice) -> list[Row]:
    """`said` is what a model made of each pair."""
    both = list(zip(pairs, said, strict=True))
    news = [(pair, text) for pair, text in both if pair.lead]
    return [
        counted("opens and closes as the voice does", [is_framed(text, voice) for _, text in both]),
        counted(
            "keeps numbers, links, markers and negations", [_facts(pair.plain) == _facts(text) for pair, text in both]
        ),
        counted(
            "keeps every word, strictly (what Parley shows)",
            [not restyling.unfaithful(pair.plain, text, voice) for pair, text in both],
        ),
        counted("tells good news from bad (no rule could)", [_lead(text, voice) == pair.lead for pair, text in news]),
        counted("leaves the rest alone", [_lead(text, voice) == "" for pair, text in both if not pair.lead]),
    ]


def counted(name: str, found: Sequence[bool]) -> Row:
    """How often it was so."""
    return Row(name, sum(found), len(found))


def is_framed(text: str, voice: Voice) -> bool:
    """Whether it begins and ends as the voice does."""
    return framing.begins_with(voice.opening, text) and framing.ends_with(voice.closing, text)


def _facts(text: str) -> Counter[str]:
    """Numbers, links, markers and how often something is denied."""
    return Counter(FACTS.findall(NOT.sub(" not", text)))


def _lead(text: str, voice: Voice) -> str:
    """Which of the leads an answer has, whatever stands before it."""
    bare = framing.bare(text, voice)
    return next((lead for lead in LEADS.values() if lead and bare.startswith(lead.strip())), "")
