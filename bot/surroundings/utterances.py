"""What stands around a question: what people wrote in its thread before it, and what came forwarded with it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from foundation.text import clean

MOST = 20  # messages of a thread, newest first
CHARACTERS = 4000  # of all of them together, beside the first
FIRST_CHARACTERS = 2000  # of the first message of a thread, which is always kept
EACH_CHARACTERS = 1000
NAME_CHARACTERS = 60
SOMEBODY = "Somebody"


@dataclass(frozen=True)
class Utterance:
    """What somebody wrote. `author` is an id of the platform, `name` what people call them; both may be empty.

    `is_quoted`: it came with the question itself, forwarded or replied to.
    """

    text: str
    author: str = ""
    name: str = ""
    message_id: str = ""
    is_quoted: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Utterance":
        return cls(**written)

    @property
    def label(self) -> str:
        """Who speaks, on one line."""
        name = " ".join(self.name.split())[:NAME_CHARACTERS] or SOMEBODY
        return f"{name} (quoted)" if self.is_quoted else name


def read(written: Iterable[Mapping[str, Any]]) -> tuple[Utterance, ...]:
    """Those that `as_json` wrote."""
    return tuple(map(Utterance.from_json, written))


def bounded(found: Sequence[Utterance], *, has_first: bool = True) -> tuple[Utterance, ...]:
    """As much of a thread as belongs to a question: its first message where that `has_first`, and the newest."""
    first = [_cut(each, FIRST_CHARACTERS) for each in found[:1] if has_first]
    kept: list[Utterance] = []
    room = CHARACTERS
    for each in reversed(found[len(first) :][-(MOST - len(first)) :]):
        short = _cut(each, EACH_CHARACTERS)
        room -= len(short.text)
        if room < 0:
            break
        kept.insert(0, short)
    return (*first, *kept)


def _cut(each: Utterance, most: int) -> Utterance:
    """As much of it as belongs there, and nothing that no database takes."""
    text = clean(each.text)
    text = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return replace(each, text=text, name=clean(each.name))


def told(surroundings: Iterable[Utterance]) -> str:
    """What stands there, as text: who says what, one after the other."""
    return "\n\n".join(f"{each.label}: {each.text}" for each in surroundings)
