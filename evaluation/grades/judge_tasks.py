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
from llm.calling import room
from llm.completion import Usage
from llm.models import Deployment
from llm.prompt import Prompt
from llm.spending import pricing

AT_ONCE = 100  # answers that are read together where only their length counts
ATTEMPTS = 2  # at a reply that can be read
CALLS = ATTEMPTS + 1  # for one reply, with the one that finds out that a model thinks before it speaks
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


@dataclass(frozen=True)
class MostCost:
    """USD at most: of a model that replies at once, each reply asked for twice, and of one that thinks before it speaks
    and is given more room for that."""

    spoken: Decimal
    thought: Decimal


def name(judging: Deployment) -> str:
    """By which a judge is known: two servers may call different models the same."""
    return f"{judging.endpoint.name}:{judging.model}"


def judgements(run: EvaluationRun, judging: Deployment) -> QuerySet[Judgement]:
    """What this judge has said of a run in the wordings of today."""
    return Judgement.objects.filter(result__run=run, model=name(judging), prompt_hash__in=HASHES.values())


def pending(run: EvaluationRun, judging: Deployment) -> list[JudgeTask]:
    """What this judge has still to be asked about a run, in the order of the cases."""
    done = set(judgements(run, judging).values_list("kind", "result"))
    return [task for task in asked_of(run) if (task.kind, task.result) not in done]


def asked_of(run: EvaluationRun) -> list[JudgeTask]:
    """All that a judge is asked about a run, in the order of the cases."""
    return [*_answers(run), *(_pairs(run) if run.voice_id else ())]


def judgeable(run: EvaluationRun) -> QuerySet[EvaluationResult]:
    """What was answered where an answer was right: refusals are measured without a judge."""
    found = run.results.filter(outcome=Outcome.ANSWERED, case__expected=ExpectedBehaviour.ANSWER)
    return found.exclude(has_passed=None).exclude(case__question="")


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


def most(run: EvaluationRun, judging: Deployment, tasks: Sequence[JudgeTask]) -> MostCost | None:
    """What the tasks cost at most: each byte a token, each reply at its limit. None where no price is known."""
    rates = pricing.rates(judging.endpoint.provider, judging.model, timezone.now())
    documents = GoldDocuments(run.collections)
    sizes = [size(prompt) for _, asked in worded(tasks, documents, at_once=AT_ONCE) for prompt in asked]
    dear = rates.long if rates.long and max(sizes, default=0) >= (rates.long_from or 0) else rates
    if dear.input is None or dear.output is None:
        return None
    sent, replies = sum(sizes) * dear.input, len(sizes) * judge_prompts.REPLY_TOKENS * dear.output
    return MostCost(
        spoken=ATTEMPTS * (sent + replies) / 1_000_000,
        thought=(CALLS * sent + (ATTEMPTS * room.WIDER + 1) * replies) / 1_000_000,
    )


def worst(judging: Deployment, asked: Sequence[Prompt]) -> Decimal | None:
    """USD that one task costs at most, as MostCost.thought; None where no price is known."""
    now, provider = timezone.now(), judging.endpoint.provider
    narrow, wide = judge_prompts.REPLY_TOKENS, judge_prompts.REPLY_TOKENS * room.WIDER
    total = Decimal(0)
    for prompt in asked:
        for tokens in (narrow, *[wide] * ATTEMPTS):
            cost = pricing.cost(provider, judging.model, Usage(size(prompt), 0, tokens), now)
            if cost is None:
                return None
            total += cost
    return total


def size(prompt: Prompt) -> int:
    """The most tokens that it can be: none is less than a byte."""
    return sum(len(message["content"].encode()) for message in prompt.messages()) + FRAMING


def _answers(run: EvaluationRun) -> Iterator[JudgeTask]:
    there = judgeable(run).order_by("case_id", "id")
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
