"""Which examples a dataset is made of: what is approved and may leave, once each, and not what an evaluation asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.answers import prompts
from knowledge.embedders import embedding
from llm import client, vendors
from tuning.datasets import exporting
from tuning.datasets.validating import Problem
from tuning.examples import clusters
from tuning.examples.proposing import checksum
from tuning.examples.resemblance import Vectors
from tuning.models import ExampleState, TrainingExample


@dataclass(frozen=True)
class Drawn:
    """Examples with their clusters and the vectors of their questions, before anything is written.

    `barred` counts those that an evaluation asks, `doubled` those that say the same as one before; `asked` are the
    questions that are kept for an evaluation.
    """

    examples: list[TrainingExample]
    clusters: list[int]
    vectors: Vectors | None
    barred: int
    doubled: int
    asked: list[str]

    def only(self, places: Sequence[int]) -> "Drawn":
        """The examples at these places, their clusters numbered anew."""
        renumbered: dict[int, int] = {}
        return replace(
            self,
            examples=[self.examples[place] for place in places],
            clusters=[renumbered.setdefault(self.clusters[place], len(renumbered) + 1) for place in places],
            vectors=None if self.vectors is None else self.vectors[list(places)],
        )


def draw() -> Drawn:
    """Everything that is approved and may leave, without what belongs to a cluster that an evaluation asks."""
    approved = list(exporting.exportable().select_related("message__voice"))
    barred = list(TrainingExample.objects.filter(state=ExampleState.BARRED).order_by("id"))
    once = list({example.checksum: example for example in reversed(approved)}.values())[::-1]
    together = [*once, *barred]
    vectors = embedding.embed_texts([each.question for each in together], trace_id=client.new_trace_id())
    numbers = clusters.assign([clusters.Item(each.question, each.thread) for each in together], vectors)
    kept = clusters.beside(numbers, len(once))
    whole = Drawn(
        examples=once,
        clusters=numbers[: len(once)],
        vectors=None if vectors is None else vectors[: len(once)],
        barred=len(once) - len(kept),
        doubled=len(approved) - len(once),
        asked=[example.question for example in barred],
    )
    return whole.only(kept)


def unfit(examples: Sequence[TrainingExample]) -> Iterator[Problem]:
    """What is wrong with an example rather than with what a trainer would be given."""
    current = prompts.template_hash()
    for number, example in enumerate(examples, start=1):
        if example.template_hash != current:
            sentence = "was made with another wording of the prompt; propose it anew"
            yield Problem(number, example.pk, "messages[0].content", sentence)
        if example.checksum != checksum(example.messages):
            yield Problem(number, example.pk, "messages", exporting.CHANGED)


def author(example: TrainingExample) -> str:
    """The model whose words an answer is, as provider:model; empty where a person changed them, or it only quotes."""
    if example.is_edited or not example.answer_model:
        return ""
    vendor = vendors.VENDORS.get(example.answer_model.partition(":")[0])
    return "" if vendor is not None and vendor.quotes else example.answer_model
