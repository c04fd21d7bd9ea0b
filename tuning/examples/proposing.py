"""From an answer to an example that a model may be trained on, redacted before it is stored."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import answering, channel_rules, prompts, trace
from bot.answers.replays import as_prompted, prompt_of
from bot.erasing import ERASED
from bot.models import EscalationState, Message, Outcome, Question, Speaker
from bot.team.nominating import PROPOSABLE
from knowledge.retrieval.search import Hit, retrieve
from llm.prompt import Prompt
from tuning.examples import assessing, own_addresses, passage_rows
from tuning.examples.redacting import Redaction
from tuning.models import TrainingExample


class ExampleError(ValueError):
    """This cannot become an example, or not in this way; the message says why."""


def propose(message: Message, *, by: User | None, answer: str = "") -> TrainingExample:
    """As `propose_once`, wherever the example comes from."""
    return propose_once(message, by=by, answer=answer)[0]


def propose_once(
    message: Message, *, by: User | None, answer: str = "", hits: Sequence[Hit] | None = None
) -> tuple[TrainingExample, bool]:
    """Put an answer into the review queue, with `answer` in its place where a better one is known, and what the team
    sent or answered where it is not; whether it is new there.

    What was retrieved is taken as it was then, from the trace; names, numbers and keys are taken out before anything
    is stored. Proposing again changes nothing but who stands for it, if nobody did. Whoever holds a transaction finds
    the passages before it (`search`) and gives them as `hits`. Raises ExampleError, and ProviderError where passages
    have to be searched.
    """
    words = answer or team_words(message)
    _check(message, words)
    known = TrainingExample.objects.filter(message=message).first()
    if known is not None:
        if by is not None:
            TrainingExample.objects.filter(pk=known.pk, proposed_by=None).update(proposed_by=by)
        return known, False
    original = as_prompted(message, _original(message) if message.outcome in PROPOSABLE else words)
    better = as_prompted(message, words) or original
    hits = _passages(message) if hits is None else tuple(hits)
    prompt = prompt_of(message, passages=hits)
    built, counts = _redacted(prompt, people(message, asked_by(message)), original, better)
    return _keep(message, {**built, "proposed_by": by, "redactions": counts}, hits)


def search(message: Message, *, answer: str = "") -> tuple[Hit, ...] | None:
    """The passages that `propose_once` would build the example with, for whoever then calls it in a transaction: a
    model may be asked here. None where it would have nothing to build. Raises ProviderError."""
    try:
        _check(message, answer or team_words(message))
    except ExampleError:
        return None
    return None if TrainingExample.objects.filter(message=message).exists() else _passages(message)


@transaction.atomic
def _keep(message: Message, fields: dict[str, Any], hits: Sequence[Hit]) -> tuple[TrainingExample, bool]:
    """The example with its passages, whole or not at all."""
    question: Question | None = getattr(message, "question", None)
    workspace = question.channel.workspace if question else None
    defaults = {**fields, "workspace": workspace, "answer_model": _author(message)}
    example, is_new = TrainingExample.objects.get_or_create(message=message, defaults=defaults)
    if is_new:
        passage_rows.keep([example], [hits])
        assessing.assess_new([example])
    return example, is_new


def _check(message: Message, words: str) -> None:
    """Raises ExampleError for what no model may or can learn from."""
    question: Question | None = getattr(message, "question", None)
    if message.speaker != Speaker.BOT or not (words or message.outcome in PROPOSABLE):
        raise ExampleError("Only an answer, or a word that the documents hold none, can become an example.")
    if question is not None and not question.channel.workspace.is_training_allowed:
        raise ExampleError(
            f"Training is not allowed for the workspace {question.channel.workspace}: an owner can allow it on the page"
            " Training data."
        )
    if message.text == ERASED:
        raise ExampleError("What was said there was erased.")
    if not Message.objects.filter(trace_id=message.trace_id, speaker=Speaker.ASKER).exists():
        raise ExampleError("Its question is gone.")


def team_words(message: Message) -> str:
    """What the asker was told by a person in place of the answer, or beside it; empty where nobody did."""
    question: Question | None = getattr(message, "question", None)
    escalation = getattr(question, "escalation", None)
    settled = escalation.answer if escalation and escalation.state == EscalationState.ANSWERED else ""
    return message.sent_text or settled


def _passages(message: Message) -> tuple[Hit, ...]:
    """The passages of then; those of today where none were searched for."""
    then = trace.of(message).passages
    return then if message.outcome in PROPOSABLE or then else _found(message)


def _found(message: Message) -> tuple[Hit, ...]:
    """What the asker would have been answered from, had they not wanted a person at once."""
    question: Question | None = getattr(message, "question", None)
    asked = message.asked
    collections = trace.reach(asked).collections
    if collections is None and question is not None:
        channel = question.channel
        collections = tuple(channel_rules.searchable(channel, has_outsiders=channel.has_outsiders))
    return tuple(retrieve(asked.text, collections=collections or (), k=answering.PASSAGES).hits)


def _original(message: Message) -> str:
    return prompts.NOT_FOUND if message.outcome == Outcome.NOT_IN_DOCS else message.text


def _author(message: Message) -> str:
    """The model that wrote an answer; nobody where it ended without one, as refusals of our own wording do."""
    return f"{message.provider}:{message.model}" if message.model and message.outcome == Outcome.ANSWERED else ""


def asked_by(message: Message) -> Message | None:
    """The question of an answer; None where it is gone."""
    return Message.objects.filter(trace_id=message.trace_id, speaker=Speaker.ASKER).first()


def people(message: Message, asked: Message | None) -> list[str]:
    """The names of those who spoke in the conversation or around what was `asked` there, or pointed at the answer."""
    around = trace.reach(asked).surroundings if asked else ()
    names = {each.asker_name for each in message.conversation.questions.all() if each.asker_name}
    names |= {each.person_name for each in message.nominations.all() if each.person_name}
    names |= {each.name for each in around if each.name}
    user = message.conversation.user
    return sorted(names | ({user.get_full_name(), user.get_username()} - {""} if user else set()))


def _redacted(prompt: Prompt, people: list[str], original: str, answer: str) -> tuple[dict[str, Any], dict[str, int]]:
    said = [*(turn.text for turn in prompt.history if turn.role == "user"), prompt.question]
    redaction = Redaction(people, own=own_addresses.known(), said=said)
    history = tuple(replace(turn, text=redaction.clean(turn.text)) for turn in prompt.history)
    kept = replace(prompt, question=redaction.clean(prompt.question), history=history)
    fields = {
        "question": kept.question,
        "original_answer": redaction.clean(original),
        "answer": redaction.clean(answer),
    }
    built = {**fields, "template_hash": prompts.template_hash(), **final(kept.messages(), fields["answer"])}
    return {**built, "placeholders": redaction.placeholders}, redaction.counts


def final(messages: Sequence[dict[str, str]], answer: str) -> dict[str, Any]:
    """The messages with this answer as the last one, and their checksum."""
    asked = messages[:-1] if messages[-1]["role"] == "assistant" else messages
    whole = [*asked, {"role": "assistant", "content": answer}]
    return {"messages": whole, "checksum": checksum(whole)}


def checksum(messages: Sequence[dict[str, str]]) -> str:
    return hashlib.sha256(json.dumps(messages, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
