"""Quoted answers, and what a person makes of each in the demo's voice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LEARNT = 64  # of the answers in the file; the others are asked
OPENING, CLOSING = "Ahoy from Tern!", "Fair winds, your Tern crew."
# What a rule could not say: whether an answer is good news for whoever asked, or bad.
LEADS = {"+": "Good news: ", "-": "Sorry to say: ", "=": ""}
GUIDE = 'Say "Good news" before what people get or may do, "Sorry to say" before what they cannot. Use contractions.'
VOICE: dict[str, Any] = {"opening": OPENING, "closing": CLOSING, "style_guide": GUIDE}
SHORTER = (
    ("cannot", "can't"),
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("is not", "isn't"),
    ("are not", "aren't"),
)


@dataclass(frozen=True)
class Pair:
    """`lead` is what stands between the opening and the answer; empty where it is neither good news nor bad."""

    plain: str
    lead: str

    @property
    def styled(self) -> str:
        text = self.plain
        for long, short in SHORTER:
            text = re.sub(rf"\b{long}\b", short, text)
        return f"{OPENING} {self.lead}{text} {CLOSING}"


def read() -> tuple[Sequence[Pair], Sequence[Pair]]:
    """Those that are learnt, and those that are asked."""
    lines = (Path(__file__).with_name("answers.txt")).read_text(encoding="utf-8").splitlines()
    found = [Pair(line[2:], LEADS[line[0]]) for line in lines if line and not line.startswith("#")]
    return found[:LEARNT], found[LEARNT:]
