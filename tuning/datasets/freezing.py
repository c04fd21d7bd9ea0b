"""From approved examples to a dataset that nobody can change any more."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import prompts
from knowledge.embedders import embedding
from knowledge.embedders.base import PassageText
from llm import client
from llm.models import PromptVariant
from tuning.datasets import exporting, validating
from tuning.datasets.validating import Candidate, Problem
from tuning.examples import clusters
from tuning.examples.proposing import checksum as checksum_of
from tuning.models import Dataset, DatasetLine, ExampleState, Split, TrainingExample

VALIDATION = 0.1
MOST_VALIDATION = 0.5


class FreezeError(ValueError):
    """The examples may not be frozen as they are. `problems` says why, line by line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        first = "; ".join(str(problem) for problem in self.problems[:3])
        more = f"; and {len(self.problems) - 3} more" if len(self.problems) > 3 else ""
        super().__init__(f"Nothing was frozen: {first}{more}")


@dataclass(frozen=True)
class Drawn:
    """Examples with their clusters, before anything is written. `barred` counts those that an evaluation asks."""

    examples: list[TrainingExample]
    clusters: list[int]
    barred: int
    doubled: int


def freeze(
    name: str,
    *,
    prompt: PromptVariant = PromptVariant.FULL,
    validation: float = VALIDATION,
    by: User | None = None,
) -> Dataset:
    """Freeze what is approved, in the words that models of `prompt` are asked in. Raises FreezeError.

    About a share of `validation` of the lines is kept for validation; clusters stay whole.
    """
    _check(name, prompt, validation)
    drawn = _drawn()
    candidates = [_candidate(example, prompt) for example in drawn.examples]
    found = [*_unfit(drawn.examples), *validating.problems(candidates)]
    if found:
        raise FreezeError(found)
    lengths = validating.sizes(_text(candidate) for candidate in candidates)
    salt = secrets.token_hex(16)
    apart = clusters.split(
        drawn.clusters, [example.checksum for example in drawn.examples], salt=salt, share=validation
    )
    rows = [
        DatasetLine(
            example=example,
            ordinal=number,
            split=Split.VALIDATION if cluster in apart else Split.TRAIN,
            cluster=cluster,
            messages=list(candidate.messages),
            rejected=candidate.rejected,
            checksum=example.checksum,
        )
        for number, (example, cluster, candidate) in enumerate(
            zip(drawn.examples, drawn.clusters, candidates, strict=True), start=1
        )
    ]
    dataset = Dataset(
        name=name.strip(),
        prompt=prompt,
        template_hash=prompts.template_hash(prompt),
        checksum=checksum(rows),
        salt=salt,
        barred=drawn.barred,
        clusters=len(set(drawn.clusters)),
        tokens=sum(length for row, length in zip(rows, lengths, strict=True) if row.split == Split.TRAIN),
        longest=max(lengths),
        warnings=[*_doubled(drawn.doubled), *validating.warnings(candidates, len(set(drawn.clusters)))],
        statistics=validating.statistics(candidates, lengths),
        created_by=by,
    )
    return _written(dataset, rows)


def checksum(lines: Sequence[DatasetLine]) -> str:
    """SHA-256 over the lines as they are trained on, in their order."""
    digest = hashlib.sha256()
    for line in lines:
        kept = [line.split, line.cluster, line.messages, line.rejected]
        digest.update(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


@transaction.atomic
def _written(dataset: Dataset, rows: list[DatasetLine]) -> Dataset:
    dataset.save()
    for row in rows:
        row.dataset = dataset
    DatasetLine.objects.bulk_create(rows, batch_size=1000)
    return dataset


def _check(name: str, prompt: PromptVariant, validation: float) -> None:
    if prompt not in (PromptVariant.FULL, PromptVariant.SHORT):
        raise FreezeError([Problem(0, 0, "", f"examples of questions cannot be frozen {prompt.label}")])
    if not name.strip():
        raise FreezeError([Problem(0, 0, "", "a dataset needs a name")])
    if Dataset.objects.filter(name=name.strip()).exists():
        raise FreezeError([Problem(0, 0, "", f"there is a dataset called {name.strip()} already")])
    if not 0 <= validation <= MOST_VALIDATION:
        raise FreezeError([Problem(0, 0, "", f"the share for validation has to be from 0 to {MOST_VALIDATION:g}")])


def _drawn() -> Drawn:
    """What is approved, once each, without what belongs to a cluster that an evaluation asks."""
    approved = list(exporting.exportable())
    barred = list(TrainingExample.objects.filter(state=ExampleState.BARRED).order_by("id"))
    once = list({example.checksum: example for example in reversed(approved)}.values())[::-1]
    together = [*once, *barred]
    numbers = clusters.assign([_item(example) for example in together], _vectors(together))
    asked = set(numbers[len(once) :])
    kept = [(example, number) for example, number in zip(once, numbers, strict=False) if number not in asked]
    renumbered: dict[int, int] = {}
    return Drawn(
        examples=[example for example, _ in kept],
        clusters=[renumbered.setdefault(number, len(renumbered) + 1) for _, number in kept],
        barred=len(once) - len(kept),
        doubled=len(approved) - len(once),
    )


def _item(example: TrainingExample) -> clusters.Item:
    conversation = example.message.conversation_id if example.message_id and example.message else None
    return clusters.Item(example.question, f"conversation {conversation}" if conversation else "")


def _vectors(examples: Sequence[TrainingExample]) -> clusters.Vectors | None:
    if not examples:
        return None
    texts = [PassageText("", example.question, ()) for example in examples]
    found = embedding.embed_passages(texts, trace_id=client.new_trace_id())
    return np.array([each.vector for each in found], dtype=np.float32)


def _candidate(example: TrainingExample, prompt: PromptVariant) -> Candidate:
    messages = [dict(message) for message in example.messages]
    if prompt == PromptVariant.SHORT and messages and messages[0]["role"] == "system":
        messages[0]["content"] = prompts.short(messages[0]["content"])
    return Candidate(
        example=example.pk,
        messages=messages,
        rejected=example.original_answer if example.is_edited else "",
        refuses=example.is_refusal,
        reviewer=example.reviewer_id,
    )


def _unfit(examples: Sequence[TrainingExample]) -> Iterator[Problem]:
    """What is wrong with an example rather than with what a trainer would be given."""
    current = prompts.template_hash()
    for number, example in enumerate(examples, start=1):
        if example.template_hash != current:
            sentence = "was made with another wording of the prompt; propose it anew"
            yield Problem(number, example.pk, "messages[0].content", sentence)
        if example.checksum != checksum_of(example.messages):
            yield Problem(number, example.pk, "messages", exporting.CHANGED)


def _doubled(count: int) -> list[str]:
    return [f"{count} said the same as another example and were left out."] if count else []


def _text(candidate: Candidate) -> str:
    return "\n".join(message["content"] for message in candidate.messages)
