"""Asking a question and keeping what came of it: the question at once, the answer when it is complete."""

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection, transaction

from bot.answers import asking, prompts, trace
from bot.answers.answered import Answer
from bot.answers.answering import Writing
from bot.answers.asking import Asked
from bot.answers.trace import Became, Reach, Trace
from bot.models import Citation, Conversation, Message, Outcome, Platform, Speaker
from bot.voices import choosing, style
from knowledge.retrieval.search import Retrieval
from llm.calling.fallback import Instead
from llm.models import UsageRecord
from llm.prompt import Turn

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retrieved:
    """The passages have been found; text follows."""

    retrieval: Retrieval


@dataclass(frozen=True)
class Delta:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Done:
    """The answer is complete and kept. Its text replaces what was streamed."""

    message: Message


Event = Retrieved | Delta | Done


def ask(
    question: str,
    *,
    platform: Platform,
    collections: Iterable[int],
    user: User | None = None,
    conversation: Conversation | None = None,
) -> Generator[Event]:
    """Answer `question` in the voice called default, keeping it and its answer as rows of one conversation.

    Raises QuestionError before anything is kept. Whoever stops listening early does not stop the answer: it is
    written to its end and kept all the same.
    """
    asking.check(question)
    asked = asking.begin(question, manner=prompts.Manner(choosing.default()))
    return _ask(asked, platform, sorted(collections), user, conversation)


def _ask(
    asked: Asked, platform: Platform, collections: list[int], user: User | None, conversation: Conversation | None
) -> Generator[Event]:
    conversation = conversation or Conversation.objects.create(platform=platform, user=user)
    asked = replace(asking.assign(asked, conversation), instead=Instead.QUOTED)
    writing = Writing(asked, history(conversation, collections), collections)
    Message.objects.create(
        conversation=conversation,
        speaker=Speaker.ASKER,
        text=asked.question,
        trace_id=asked.trace_id,
        trace=Reach(tuple(collections)).as_json(),
    )
    events = written(writing)
    try:
        for event in events:  # noqa: UP028  "yield from" would close them, and they are still needed
            yield event
    except GeneratorExit:
        for _ in events:
            pass
        _keep(conversation, writing.answer)
        raise
    yield Done(_keep(conversation, writing.answer))


def written(writing: Writing) -> Iterator[Event]:
    """Search and write; what fails on the way becomes the answer's outcome."""
    try:
        writing.search()
        yield Retrieved(writing.retrieval)
        for delta in writing:
            yield Delta(delta)
    except Exception:  # one question's failure is told to its asker and ends there
        log.exception("trace %s: answering failed", writing.asked.trace_id)
        writing.break_off()


def _keep(conversation: Conversation, answer: Answer) -> Message:
    """Save the answer, over a new connection if the database went away while it was written."""
    try:
        return save(conversation, answer)
    except (OperationalError, InterfaceError):
        log.warning("trace %s: saving the answer over a new connection", answer.trace_id)
        connection.close()
        return save(conversation, answer)


def history(conversation: Conversation, collections: Iterable[int], *, before: Message | None = None) -> list[Turn]:
    """The turns so far, or those `before` a message, as `turns` tells them."""
    earlier = conversation.messages.filter(pk__lt=before.pk) if before else conversation.messages
    return turns(list(earlier.order_by("id")), collections)


def turns(messages: Sequence[Message], collections: Iterable[int]) -> list[Turn]:
    """The turns of one conversation, oldest first as given; a question without an answer counts as not asked.

    An answer that rests on collections other than `collections` is left out, with its question: what was said from
    internal documents must not reach a prompt that may only see public ones. So is one of which that is not known.
    """
    visible = set(collections)
    answers = {message.trace_id: message for message in messages if message.outcome == Outcome.ANSWERED}
    told: list[Turn] = []
    for asked in messages:
        answered = answers.get(asked.trace_id)
        if asked.speaker == Speaker.ASKER and answered and _is_within(trace.reach(asked), visible):
            told += [Turn("user", asked.text), Turn("assistant", answered.text)]
    return told


def _is_within(reach: Reach, visible: set[int]) -> bool:
    return reach.collections is not None and visible.issuperset(reach.collections)


def cost(trace_id: str) -> Decimal | None:
    """USD of every call behind an answer; None when one of them is unpriced."""
    return UsageRecord.objects.of_trace(trace_id).spent().cost


@transaction.atomic
def save(conversation: Conversation, answer: Answer) -> Message:
    """Keep an answer with its citations, the trace of how it came about, and how well it keeps to the voice."""
    voice = answer.asked.manner.voice
    message = Message.objects.create(
        conversation=conversation,
        speaker=Speaker.BOT,
        text=answer.text,
        trace_id=answer.trace_id,
        outcome=answer.outcome,
        is_truncated=answer.is_truncated,
        provider=answer.deployment.endpoint.provider,
        model=answer.deployment.model,
        first_token_ms=answer.first_token_ms,
        total_ms=answer.total_ms,
        voice=voice,
        style_faults=style.faults(voice, answer.text) if voice and answer.outcome == Outcome.ANSWERED else [],
        caught=sum(each.became != Became.MARKED for each in answer.caught),
        cost=cost(answer.trace_id),
        trace=traced(answer).as_json(),
        rollout_id=answer.asked.rollout,
        is_candidate=answer.asked.is_candidate,
        is_stand_in=answer.is_stand_in,
        invalid_markers=answer.invalid_markers,
    )
    Citation.objects.bulk_create(
        Citation(
            message=message,
            number=cited.number,
            document_id=cited.hit.document_id,
            chunk_id=cited.hit.chunk_id,
            title=cited.hit.title,
            heading=cited.hit.heading,
            path=cited.hit.path,
            url=cited.hit.url,
            quote=cited.quote,
            passage=cited.hit.text,
        )
        for cited in answer.citations
    )
    return message


def traced(answer: Answer) -> Trace:
    """How an answer came about."""
    found = answer.retrieval
    return Trace(
        question=answer.question,
        passages=found.hits,
        stages_ms={name: round(value, 3) for name, value in found.stages_ms.items()},
        answerable=found.answerable,
        corrections=found.corrections,
        uncovered=found.uncovered,
        searched_again=answer.searched_again,
        prompt_hash=prompts.template_hash(answer.prompt.variant) if answer.prompt else prompts.template_hash(),
        uncited_text=answer.uncited_text,
        error=answer.error,
        prompt=answer.prompt,
        retold=answer.retold,
        caught=answer.caught,
        written=answer.written,
        mending=answer.mending,
    )
