"""How an answer came about, as it was then: what `Message.trace` holds. Pure but for the rows it is read from.

Rows keep what was known when they were written, so a key may be missing; an erased row has none at all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bot.models import Message
from bot.surroundings import utterances
from bot.surroundings.utterances import Utterance
from knowledge.retrieval.search import Hit, RetrievedSentence
from llm.models import PromptVariant

SURROUNDINGS = "surroundings"  # the key that they are kept under


class Became(StrEnum):
    """What came of what was caught."""

    MENDED = "mended"
    REMOVED = "removed"
    MARKED = "marked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Reach:
    """The trace of a question: the ids of the collections it was asked of, None where that is not known, and what stood
    around it, as its answer was written from it."""

    collections: tuple[int, ...] | None
    surroundings: tuple[Utterance, ...] = ()

    def as_json(self) -> dict[str, Any]:
        said = {SURROUNDINGS: [each.as_json() for each in self.surroundings]} if self.surroundings else {}
        return said if self.collections is None else {"collections": list(self.collections), **said}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Reach":
        collections = tuple(written["collections"]) if "collections" in written else None
        return cls(collections, utterances.read(written.get(SURROUNDINGS, ())))


@dataclass(frozen=True)
class SentPrompt:
    """What tells a prompt that was sent from others over the same passages: whether the model might have more of them
    searched, in which language it was to answer, and in which variant it was asked. `checksum` is prompts.checksum."""

    could_search: bool
    language: str
    checksum: str
    variant: PromptVariant = PromptVariant.FULL


@dataclass(frozen=True)
class Retold:
    """What came of having a quoted answer put into the voice by `model`.

    `plain` is the answer as it was quoted, without what code adds to it. Of its `parts`, each up to its markers, `kept`
    are shown as the model wrote them and the others as they were quoted; `faults` says why, in the words of
    restyling.unfaithful, and `error` where the model gave nothing. `added_ms` is how long the asker waited for it.
    """

    model: str
    plain: str
    parts: int
    kept: int
    faults: tuple[str, ...] = ()
    error: str = ""
    added_ms: float = 0.0


@dataclass(frozen=True)
class Caught:
    """What was found wrong with an answer before it was shown: a `sentence` of it, or all of it where that is empty.

    `fault` is a checking.Fault or a whole answer's, `what` the words that no passage has, and `became` what came of it.
    """

    sentence: str
    fault: str
    what: str
    became: Became


@dataclass(frozen=True)
class Trace:
    """The trace of an answer.

    `question` is how it was understood, `passages` are in the order they were given, those of a second search last.
    `answerable` is None where it is not known. `corrections` (a word: its understanding), `uncovered` and
    `searched_again` are as in Retrieval and Answer, `prompt_hash` is prompts.template_hash. `prompt` is the last one
    that a model replied to, None where none did. Where `knows_prompt` is False that was not kept. `retold` is None
    where nobody was asked to put the answer into the voice. `caught` is what checking its claims found; `written` is
    the answer as the model wrote it, where another one is shown, and `mending` why it was not mended though it should.
    """

    question: str = ""
    passages: tuple[Hit, ...] = ()
    stages_ms: dict[str, float] = field(default_factory=dict)
    answerable: float | None = None
    corrections: dict[str, str] = field(default_factory=dict)
    uncovered: tuple[str, ...] = ()
    searched_again: str = ""
    prompt_hash: str = ""
    uncited_text: str = ""
    error: str = ""
    prompt: SentPrompt | None = None
    knows_prompt: bool = True
    retold: Retold | None = None
    caught: tuple[Caught, ...] = ()
    written: str = ""
    mending: str = ""

    def as_json(self) -> dict[str, Any]:
        written = asdict(self)
        if not written.pop("knows_prompt"):
            del written["prompt"]
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Trace":
        prompt, retold = written.get("prompt"), written.get("retold")
        return cls(
            **{
                **{name: written[name] for name in _PLAIN if name in written},
                "passages": tuple(map(_passage, written.get("passages", ()))),
                "uncovered": tuple(written.get("uncovered", ())),
                "prompt": SentPrompt(**prompt) if prompt else None,
                "knows_prompt": "prompt" in written,
                "caught": tuple(map(_caught, written.get("caught", ()))),
                "retold": Retold(**{**retold, "faults": tuple(retold["faults"])}) if retold else None,
            }
        )


def of(message: Message) -> Trace:
    """How an answer came about."""
    return Trace.from_json(message.trace)


def reach(asked: Message) -> Reach:
    """What a question could be answered from."""
    return Reach.from_json(asked.trace)


def _caught(written: Mapping[str, Any]) -> Caught:
    return Caught(**{**written, "became": Became(written["became"])})


def _passage(written: Mapping[str, Any]) -> Hit:
    known = {name: written.get(name, default) for name, default in _HIT.items()}
    return Hit(**known, sentences=tuple(RetrievedSentence(**each) for each in written.get("sentences", ())))


_PLAIN = (
    "question", "stages_ms", "answerable", "corrections", "searched_again", "prompt_hash", "uncited_text", "error",
    "written", "mending",
)  # fmt: skip
_HIT: dict[str, Any] = {
    "chunk_id": 0, "document_id": 0, "collection_id": 0, "path": "", "url": "", "title": "", "heading": "", "text": "",
    "ordinal": 0, "score": 0.0, "scores": {},
}  # fmt: skip
