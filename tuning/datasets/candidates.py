"""Examples as the lines of a dataset, in the words that a variant of the prompt is asked in."""

from collections import Counter
from collections.abc import Sequence

from bot.answers import prompts
from llm.models import PromptVariant
from tuning.datasets import drawing, pairing
from tuning.datasets.drawing import Drawn
from tuning.datasets.validating import Candidate, Message
from tuning.models import TrainingExample


def of(drawn: Drawn, prompt: PromptVariant) -> tuple[Drawn, list[Candidate], Counter[str]]:
    """The lines of those examples that can be said in this variant, and how many cannot, by the reason."""
    left_out = Counter[str]()
    lines: dict[int, Candidate] = {}
    for place, example in enumerate(drawn.examples):
        lines[place] = _candidate(example, _messages(example, prompt))
    return drawn.only(list(lines)), list(lines.values()), left_out


def _messages(example: TrainingExample, prompt: PromptVariant) -> list[Message]:
    messages = [dict(message) for message in example.messages]
    if prompt == PromptVariant.SHORT and messages and messages[0]["role"] == "system":
        messages[0]["content"] = prompts.short(messages[0]["content"])
    return messages


def _candidate(example: TrainingExample, messages: Sequence[Message]) -> Candidate:
    kind = str(getattr(example, "edit_kind", "")) or ("edited" if example.is_edited else "")
    return Candidate(
        example=example.pk,
        messages=messages,
        rejected=pairing.rejected(example.original_answer, example.answer, kind) if example.is_edited else "",
        refuses=example.is_refusal,
        reviewer=example.reviewer_id,
        key=example.checksum,
        author=drawing.author(example),
        edit_kind=kind,
        is_truncated=bool(example.message and example.message.is_truncated and not example.is_edited),
    )
