"""What a provider is asked: instructions, the conversation so far, and the passages the answer may rest on."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage. `similarity` is its cosine to the question (-1 to 1), 0 when not known."""

    text: str
    similarity: float = 0.0


@dataclass(frozen=True)
class Passage:
    """A passage given to the model under `number` (from 1). `score` is the retrieval score, higher is better."""

    number: int
    title: str
    heading: str
    text: str
    sentences: tuple[Sentence, ...] = ()
    score: float = 0.0


@dataclass(frozen=True)
class Turn:
    """One earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class Prompt:
    """A question ready to be sent.

    `context` is the passages as numbered text for providers that take plain messages; providers with citations of
    their own build theirs from `passages`. `history` ends before the question.
    """

    system: str
    question: str
    context: str
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = ()
    max_output_tokens: int = 1000

    def messages(self) -> list[dict[str, str]]:
        """As plain chat messages: what OpenAI's protocol takes, and what a model is trained on."""
        asked = f"{self.context}\n\n{self.question}" if self.context else self.question
        return [
            {"role": "system", "content": self.system},
            *({"role": turn.role, "content": turn.text} for turn in self.history),
            {"role": "user", "content": asked},
        ]
