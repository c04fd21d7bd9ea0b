"""Examples as the lines of a dataset, in the words that a variant of the prompt is asked in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.answers import prompts
from bot.voices import restyling
from llm.models import PromptVariant
from tuning.datasets import drawing, pairing
from tuning.datasets.drawing import Drawn
from tuning.datasets.validating import Candidate, Message
from tuning.models import TrainingExample


def of(drawn: Drawn, prompt: PromptVariant) -> tuple[Drawn, list[Candidate], Counter[str]]:
    """The lines of those examples that can be said in this variant, and how many cannot, by the reason."""
    if prompt == PromptVariant.RESTYLE:
        return _restyled(drawn)
    return drawn, [_candidate(example, _asked(example, prompt)) for example in drawn.examples], Counter()


def _restyled(drawn: Drawn) -> tuple[Drawn, list[Candidate], Counter[str]]:
    left_out = Counter[str]()
    lines: dict[int, Candidate] = {}
    for place, example in enumerate(drawn.examples):
        if reason := _not_restyled(example):
            left_out[reason] += 1
            continue
        answer = {"role": "assistant", "content": example.answer}
        messages = [*restyling.messages(example.original_answer), answer]
        lines[place] = replace(_candidate(example, messages), rejected="")  # it is what is asked about
    return drawn.only(list(lines)), list(lines.values()), left_out


def _not_restyled(example: TrainingExample) -> str:
    """Why an example does not show how to say the same in the voice; empty where it does."""
    if example.is_refusal:
        return "a refusal is not said again"
    if not example.is_edited:
        return "nothing was said otherwise"
    voice = example.message.voice if example.message else None
    if restyling.unfaithful(example.original_answer, example.answer, voice):
        return "the answer says something else than the one before"
    return ""


def _asked(example: TrainingExample, prompt: PromptVariant) -> list[Message]:
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
