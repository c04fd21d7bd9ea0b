"""What is asked in an evaluation is never learnt: cases are barred from training, and what was learnt is no case."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from evaluation.models import CaseSet, EvaluationCase
from knowledge.embedders import embedding
from llm import client
from tuning.examples import clusters
from tuning.models import Dataset, DatasetLine, ExampleState, ExportLine, TrainingExample

LEARNT = "Models were trained on this answer, so that it can show nothing about them."
APPROVED = "This answer is approved for training. Undo that on the page Review, then keep it for an evaluation."


class TrainedOnError(ValueError):
    """A model has learnt it, or is to; the message says what to do."""


def learnt_answers(messages: Sequence[int]) -> dict[int, TrainedOnError]:
    """Which of these answers are approved for training, or were frozen or exported, each with what to do about it."""
    taught = Exists(DatasetLine.objects.filter(example=OuterRef("pk")))
    exported = Exists(ExportLine.objects.filter(example=OuterRef("pk")))
    examples = TrainingExample.objects.filter(message__in=messages).annotate(is_learnt=taught | exported)
    found = examples.filter(Q(is_learnt=True) | Q(state=ExampleState.APPROVED)).values_list("message_id", "is_learnt")
    return {pk: TrainedOnError(LEARNT if is_learnt else APPROVED) for pk, is_learnt in found if pk is not None}


def bar(cases: Sequence[EvaluationCase]) -> None:
    """Keep what the cases ask out of every dataset from here on, with all that says the same.

    The example of an answer that is a case becomes barred; a case without one gets a barred example of its own, which
    holds its question and nothing else.
    """
    now = timezone.now()
    messages = [case.message_id for case in cases if case.message_id]
    examples = TrainingExample.objects.filter(message__in=messages)
    examples.update(state=ExampleState.BARRED, reviewed_at=now, claimed_until=None)
    has_one = set(examples.values_list("message_id", flat=True))
    TrainingExample.objects.bulk_create(
        [_example(case, now) for case in cases if case.message_id is None or case.message_id not in has_one],
        batch_size=500,
    )


def _example(case: EvaluationCase, now: datetime) -> TrainingExample:
    return TrainingExample(
        message_id=case.message_id,
        state=ExampleState.BARRED,
        reviewed_at=now,
        question=case.question,
        messages=[],
        answer="",
        original_answer="",
        template_hash="",
        checksum=hashlib.sha256(f"evaluation case {case.pk}".encode()).hexdigest(),
        reason=f"evaluation case {case.pk}",
    )


def learnt(case_set: CaseSet, dataset: Dataset) -> list[EvaluationCase]:
    """The cases of a set that ask what lines of a dataset ask as well, so that its models may know the answers."""
    cases = list(case_set.cases.order_by("lines__ordinal"))
    taught = list(_questions(dataset.lines.exclude(messages=[])))
    asked = [case.question for case in cases] + taught
    found = assign(asked, [""] * len(asked))
    known = set(found[len(cases) :])
    return [case for case, cluster in zip(cases, found, strict=False) if cluster in known]


def assign(questions: Sequence[str], threads: Sequence[str]) -> list[int]:
    """The cluster of each question, from 1: alike in words, in meaning, or of one thread."""
    items = [clusters.Item(question, thread) for question, thread in zip(questions, threads, strict=True)]
    return clusters.assign(items, embedding.embed_texts(questions, trace_id=client.new_trace_id()))


def _questions(lines: QuerySet[DatasetLine]) -> Iterator[str]:
    """What the lines ask: the example's own question, else what stands behind the passages in the last turn."""
    for line in lines.select_related("example"):
        if line.example is not None:
            yield line.example.question
        else:
            asked = next((turn["content"] for turn in reversed(line.messages) if turn["role"] == "user"), "")
            yield asked.rpartition("\n\n")[2] or asked
