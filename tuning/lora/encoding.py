"""A line as the tokens that a model is trained on: what a server will send it, and the answer with its end.

A server renders the prompt by the model's own chat template and lets the model go on from there. So the prompt is
rendered and cut into tokens by itself, and only what follows it carries loss. No template has to be changed for that,
and of a conversation only the last answer, which a person reviewed, is learnt.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

Message = Mapping[str, str]


class UnfitLineError(ValueError):
    """A line cannot be trained on as it will be asked; the message says why, without its subject."""


@dataclass(frozen=True)
class Encoded:
    """Tokens. `rejected` is the answer that was not preferred; empty where there was none."""

    prompt: list[int]
    answer: list[int]
    rejected: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + max(len(self.answer), len(self.rejected))


def encode(tokenizer: Any, line: Mapping[str, Any], ends: Iterable[int]) -> Encoded:
    """A line of trl's format, with the `rejected` answer where there is one. Raises UnfitLineError.

    `ends` are the tokens at which the model's server stops.
    """
    stops = frozenset(ends)
    asked = _rendered(tokenizer, line["prompt"], is_asked=True)
    answers = [line["completion"][-1]["content"], *([line["rejected"]] if line.get("rejected") else [])]
    found = [_answer(tokenizer, line["prompt"], asked, answer, stops) for answer in answers]
    return Encoded(_tokens(tokenizer, asked), found[0], found[1] if len(found) > 1 else [])


def _answer(tokenizer: Any, prompt: Sequence[Message], asked: str, answer: str, ends: frozenset[int]) -> list[int]:
    """The tokens of an answer up to where the model has to stop."""
    whole = _rendered(tokenizer, [*prompt, {"role": "assistant", "content": answer}], is_asked=False)
    if not whole.startswith(asked) or answer.strip() not in whole[len(asked) :]:
        raise UnfitLineError("is rendered otherwise by the model's chat template with its answer than it will be asked")
    found = _tokens(tokenizer, whole[len(asked) :])
    stop = next((place for place, token in enumerate(found) if token in ends), None)
    if stop is None:
        return [*found, min(ends)]  # the template writes no end, and nothing else would ever stop the model
    return found[: stop + 1]


def _rendered(tokenizer: Any, messages: Sequence[Message], *, is_asked: bool) -> str:
    try:
        return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=is_asked))
    except (TemplateError, ValueError) as error:
        raise UnfitLineError(f"is refused by the model's chat template: {error}") from error


def _tokens(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def ends_of(tokenizer: Any, generation: Any) -> set[int]:
    """The tokens at which a server stops, by the tokenizer and the settings for generation. Raises UnfitLineError."""
    told = getattr(generation, "eos_token_id", None)
    found = {*(told if isinstance(told, list) else [told]), tokenizer.eos_token_id} - {None}
    if not found:
        raise UnfitLineError("has no end: the model's tokenizer names no token that ends an answer")
    return found
