"""One case asked of one arm: as production asks, or without passages."""

from contextlib import closing
from dataclasses import replace

from bot.answers import asking, conversations, prompts
from bot.answers.answered import Answer, ended
from bot.answers.answering import Writing
from bot.answers.asking import Asked, FoundBefore, QuestionError
from bot.answers.prompts import Manner
from bot.answers.trace import Trace
from bot.inbox.wishes import wants_person
from bot.models import Outcome
from bot.wording import outcomes
from evaluation.models import BatchedAnswer, EvaluationArm, EvaluationCase, EvaluationResult, EvaluationRun
from evaluation.runs import arms
from knowledge.retrieval.search import Retrieval
from llm import client
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import PromptVariant, Purpose
from llm.prompt import Turn


def ask(
    run: EvaluationRun,
    case: EvaluationCase,
    arm: EvaluationArm,
    *,
    trace_id: str,
    found: Trace | None = None,
    model: client.Ask = client.stream,
) -> Answer:
    """The answer of one arm. What fails is its outcome; whoever is asked, no other model stands in.

    `found` is what was found for the case before, if anything was; `model` is how the model is asked.
    """
    asked = asking.begin(
        case.question,
        deployment=arms.deployment(run, arm),
        manner=Manner(run.voice),
        trace_id=trace_id,
        purpose=Purpose.EVALUATE,
    )
    try:
        asking.check(case.question)
    except QuestionError as error:
        return ended(asked, Outcome.CLARIFY, asked.speech.say(error.phrase, **error.values))
    if wants_person(case.question):
        return ended(asked, Outcome.ESCALATED)
    turns = [Turn("user" if turn["role"] == "user" else "assistant", turn["text"]) for turn in case.history]
    if arm not in arms.OVER_PASSAGES:
        return _alone(asked, turns, model)
    before = _before(found) or (_found_before(run, case) if run.is_frozen else None)
    writing = Writing(asked, turns, run.collections, found=before, ask=model)
    for _ in conversations.written(writing):
        pass
    return writing.answer


def _alone(asked: Asked, turns: list[Turn], model: client.Ask) -> Answer:
    """What a model says without passages. It rests on nothing, so nothing is checked or cited."""
    variant = PromptVariant(asked.deployment.prompt)
    prompt = prompts.build_alone(asked.question, turns, manner=asked.manner, variant=variant)
    response = model(
        prompt,
        deployment=asked.deployment,
        trace_id=asked.trace_id,
        deadline=asked.deadline,
        purpose=asked.purpose,
        instead=Instead.NOBODY,
    )
    first_ms: float | None = None
    try:
        with closing(response):
            for _ in response:
                first_ms = first_ms or asked.elapsed_ms()
    except ProviderError as error:
        return ended(asked, outcomes.of_error(error), error=str(error))
    return replace(_concluded(asked, response), first_token_ms=first_ms)


def _concluded(asked: Asked, response: client.Response | client.Recorded) -> Answer:
    text = response.text.strip()
    if response.finish_reason == "refusal":
        return ended(asked, Outcome.BLOCKED)
    if not text or prompts.NOT_FOUND in text:
        return replace(ended(asked, Outcome.NOT_IN_DOCS), uncited_text=text)
    return replace(ended(asked, Outcome.ANSWERED, text), is_truncated=response.finish_reason == "length")


def _found_before(run: EvaluationRun, case: EvaluationCase) -> FoundBefore | None:
    """What another arm of the run was given for the case; None where this is the first, or nothing was looked for."""
    others: list[EvaluationResult] = list(
        run.results.filter(case=case, arm__in=arms.OVER_PASSAGES, has_passed__isnull=False)
    )
    waiting = BatchedAnswer.objects.filter(batch__run=run, case=case, batch__arm__in=arms.OVER_PASSAGES)
    traces = [*(other.trace for other in others), *waiting.values_list("found", flat=True)]
    return next(filter(None, map(_before, map(Trace.from_json, traces))), None)


def _before(known: Trace | None) -> FoundBefore | None:
    """What was found at first; where more was searched for later, that is not it."""
    if known is None or not known.passages or known.searched_again:
        return None
    return FoundBefore(known.question, _retrieval(known))


def _retrieval(known: Trace) -> Retrieval:
    return Retrieval(
        hits=known.passages,
        answerable=known.answerable or 0.0,
        stages_ms={},
        corrections=known.corrections,
        uncovered=known.uncovered,
    )
