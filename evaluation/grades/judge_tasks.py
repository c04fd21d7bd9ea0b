"""What a model that judges is asked about the answers of a run: one by one for their facts, in pairs for the voice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bot.answers.trace import Trace
from bot.models import Outcome
from bot.voices import style
from evaluation.models import EvaluationResult, EvaluationRun, ExpectedBehaviour, Judgement, JudgementKind
from evaluation.runs.arms import COMPARED
from evaluation.runs.grading import GoldDocuments
from evaluation.scores import expectations, judge_prompts
from llm.models import Deployment
from llm.prompt import Prompt
from llm.spending import pricing

AT_ONCE = 100  # answers that are read together where only their length counts
ATTEMPTS = 2  # at a reply that can be read
FRAMING = 500  # tokens that a provider may add around what is sent
HASHES = {
    JudgementKind.ANSWER: judge_prompts.prompt_hash(judge_prompts.ANSWER_WORDING),
    JudgementKind.PAIR: judge_prompts.prompt_hash(judge_prompts.PAIR_WORDING),
}


@dataclass(frozen=True)
class JudgeTask:
    """One answer, or a candidate's `against` the live model's, by the ids of their results."""

    kind: JudgementKind
    result: int
    against: int | None = None


def name(judging: Deployment) -> str:
    """By which a judge is known: two servers may call different models the same."""
    return f"{judging.endpoint.name}:{judging.model}"


def judgements(run: EvaluationRun, judging: Deployment) -> QuerySet[Judgement]:
    """What this judge has said of a run in the wordings of today."""
    return Judgement.objects.filter(result__run=run, model=name(judging), prompt_hash__in=HASHES.values())


def pending(run: EvaluationRun, judging: Deployment) -> list[JudgeTask]:
    """What this judge has still to be asked about a run, in the order of the cases."""
    done = set(judgements(run, judging).values_list("kind", "result"))
    tasks = [*_answers(run), *(_pairs(run) if run.voice_id else ())]
    return [task for task in tasks if (task.kind, task.result) not in done]


def worded(
    tasks: Sequence[JudgeTask], documents: GoldDocuments, *, at_once: int = 1
) -> Iterator[tuple[JudgeTask, list[Prompt]]]:
    """Each task with what is asked: once of an answer, and of a pair in both orders, the live model's first in the
    first of them. Nothing of what was erased. So many are read `at_once`, just before they are given."""
    for start in range(0, len(tasks), at_once):
        some = tasks[start : start + at_once]
        wanted = {pk for task in some for pk in (task.result, task.against) if pk is not None}
        rows = EvaluationResult.objects.select_related("case", "run__voice").in_bulk(wanted)
        for task in some:
            yield task, _prompts(rows.get(task.result), rows.get(task.against or 0), documents)


def _prompts(result: EvaluationResult | None, live: EvaluationResult | None, documents: GoldDocuments) -> list[Prompt]:
    if result is None or not result.case.question:
        return []
    if live is None:
        return [judge_prompts.answer_prompt(_material(result, documents))]
    rules = style.rules(result.run.voice) if result.run.voice else ()
    pair = partial(judge_prompts.pair_prompt, result.case.question, rules)
    return [pair(live.answer, result.answer), pair(result.answer, live.answer)]


def most(run: EvaluationRun, judging: Deployment, tasks: Sequence[JudgeTask]) -> Decimal | None:
    """USD that the tasks cost at most: each byte a token, each reply at its limit and asked for twice.

    None where no price is known.
    """
    rates = pricing.rates(judging.endpoint.provider, judging.model, timezone.now())
    documents = GoldDocuments(run.collections)
    sizes = [size(prompt) for _, asked in worded(tasks, documents, at_once=AT_ONCE) for prompt in asked]
    dear = rates.long if rates.long and max(sizes, default=0) >= (rates.long_from or 0) else rates
    if dear.input is None or dear.output is None:
        return None
    replies = len(sizes) * judge_prompts.REPLY_TOKENS
    return ATTEMPTS * (sum(sizes) * dear.input + replies * dear.output) / 1_000_000


def size(prompt: Prompt) -> int:
    """The most tokens that it can be: none is less than a byte."""
    return sum(len(message["content"].encode()) for message in prompt.messages()) + FRAMING


def _answers(run: EvaluationRun) -> Iterator[JudgeTask]:
    """What was answered where an answer was right: refusals are measured without a judge."""
    found = run.results.filter(outcome=Outcome.ANSWERED, case__expected=ExpectedBehaviour.ANSWER)
    there = found.exclude(has_passed=None).exclude(case__question="").order_by("case_id", "id")
    yield from (JudgeTask(JudgementKind.ANSWER, pk) for pk in there.values_list("pk", flat=True))


def _pairs(run: EvaluationRun) -> Iterator[JudgeTask]:
    """The cases that the live model and the candidate both answered, unless they said the same."""
    found = run.results.filter(arm__in=COMPARED, outcome=Outcome.ANSWERED)
    there = found.exclude(has_passed=None).exclude(case__question="").order_by("case_id")
    by_case: dict[int, dict[str, tuple[int, str]]] = {}
    for pk, case, arm, answer in there.values_list("pk", "case", "arm", "answer"):
        by_case.setdefault(case, {})[arm] = (pk, answer)
    for said in by_case.values():
        live, candidate = (said.get(str(arm)) for arm in COMPARED)
        if live and candidate and live[1].split() != candidate[1].split():
            yield JudgeTask(JudgementKind.PAIR, candidate[0], live[0])


def _material(result: EvaluationResult, documents: GoldDocuments) -> dict[str, Any]:
    case = result.case
    held = [text for text in documents.texts(case.gold).values() if text]
    passages = ["\n\n".join(filter(None, (hit.heading or hit.title, hit.text))) for hit in _passages(result)]
    return {
        "question": case.question,
        "history": case.history,
        "reference": case.reference,
        "must_say": [expectations.said(each) for each in case.must_include],
        "must_not_say": [expectations.said(each) for each in case.must_not_include],
        "documents": judge_prompts.within(held),
        "passages": judge_prompts.within(passages),
        "answer": result.answer,
    }


def _passages(result: EvaluationResult) -> Sequence[Any]:
    return Trace.from_json(result.trace).passages
