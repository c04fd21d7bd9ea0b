"""From an answer to an example that a model may be trained on, redacted before it is stored."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from bot.answers import prompts, trace
from bot.answers.replays import prompt_of
from bot.models import Message, Outcome, Question, Speaker
from llm.prompt import Prompt
from tuning.examples import assessing, own_addresses, passage_rows
from tuning.examples.redacting import Redaction
from tuning.models import TrainingExample

CANDIDATES = 50


class ExampleError(ValueError):
    """This cannot become an example, or not in this way; the message says why."""


def propose(message: Message, *, by: User | None, answer: str = "") -> TrainingExample:
    """Put an answer into the review queue, with `answer` in its place where a better one is known.

    What was retrieved is taken as it was then, from the trace; names, numbers and keys are taken out before anything
    is stored. Proposing again changes nothing. Raises ExampleError.
    """
    if message.speaker != Speaker.BOT or message.outcome not in (Outcome.ANSWERED, Outcome.NOT_IN_DOCS):
        raise ExampleError("Only an answer, or a word that the documents hold none, can become an example.")
    question: Question | None = getattr(message, "question", None)
    workspace = question.channel.workspace if question else None
    if workspace is not None and not workspace.is_training_allowed:
        raise ExampleError(
            f"Training is not allowed for the workspace {workspace}: an owner can allow it under Set-up."
        )
    known = TrainingExample.objects.filter(message=message).first()
    if known is not None:
        return known
    prompt = prompt_of(message)
    original = _original(message)
    built, counts = _redacted(prompt, people(message), original, answer or message.sent_text or original)
    example, is_new = TrainingExample.objects.get_or_create(
        message=message,
        defaults={**built, "workspace": workspace, "proposed_by": by, "redactions": counts},
    )
    if is_new:
        passage_rows.keep([example], [trace.of(message).passages])
        assessing.assess_new([example])
    return example


def _original(message: Message) -> str:
    return prompts.NOT_FOUND if message.outcome == Outcome.NOT_IN_DOCS else message.text


def people(message: Message) -> list[str]:
    """The names of those who spoke in the conversation."""
    names = {name for name in message.conversation.questions.values_list("asker_name", flat=True) if name}
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


def propose_candidates(by: User) -> int:
    """Queue the newest answers that people have improved: a better answer with a thumb, or a draft that was changed."""
    improved = (
        Message.objects.select_related("question__channel__workspace")
        .filter(speaker=Speaker.BOT, training_example=None)
        .filter(~Q(feedback__better_answer="", feedback__isnull=False) & Q(feedback__isnull=False) | ~Q(sent_text=""))
        .order_by("-id")
        .distinct()[:CANDIDATES]
    )
    count = 0
    for message in improved:
        better = message.feedback.exclude(better_answer="").order_by("-updated_at").first()
        try:
            propose(message, by=by, answer=better.better_answer if better else "")
        except ExampleError:
            continue  # of a workspace that does not allow it; the page says which
        count += 1
    return count
