"""What triage says of an example, from its rows: the passages, the conversation, the voice, the company's addresses."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bot.voices import choosing, framing
from tuning.examples import own_addresses, triage
from tuning.models import ExamplePassage, TrainingExample


def assess(example: TrainingExample, passages: Sequence[ExamplePassage] | None = None) -> None:
    """Set what kind of edit its answer is, and what of it nothing supports. The example is not saved.

    What a person has said to be no fact stays so as long as the same words stand there.
    """
    rows = example.passages.all() if passages is None else passages
    found = triage.judge(
        triage.Edit(
            original=example.original_answer,
            edited=example.answer,
            passages=[f"{row.heading or row.title}\n{row.text}\n{row.url}" for row in rows],
            said=[*_said(example), example.question],
            phrases=list(_phrases(example)),
            known=[value for _, value in own_addresses.known()],
        )
    )
    ruled = {each["text"] for each in example.unsupported if each.get("is_ruled")}
    example.edit_kind = found.kind
    example.unsupported = [{**asdict(each), "is_ruled": each.text in ruled} for each in found.unsupported]
    if not any(each["is_ruled"] for each in example.unsupported):
        example.no_fact_reason = ""


def assess_new(examples: Sequence[TrainingExample]) -> None:
    """Assess examples whose passages are kept already, and save what was found."""
    for example in examples:
        assess(example)
    TrainingExample.objects.bulk_update(examples, ["edit_kind", "unsupported", "no_fact_reason"], batch_size=500)


def open_facts(example: TrainingExample) -> list[str]:
    """What the answer says that no passage does, and nobody has said to be no fact."""
    return [] if example.is_refusal else [each["text"] for each in example.unsupported if not each.get("is_ruled")]


def _said(example: TrainingExample) -> Iterator[str]:
    """The turns before the question."""
    for message in example.messages[1:-2]:
        yield message["content"]


def _phrases(example: TrainingExample) -> Iterator[str]:
    """What the voice says of itself: no claim, however it is written."""
    voice = example.message.voice if example.message else None
    for each in filter(None, (voice, choosing.default())):
        yield from framing.fixed(each)
