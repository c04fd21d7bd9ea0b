"""From an answer to an example that a model may be trained on: proposed, redacted, claimed by one person, decided."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Avg, Count, F, Q, QuerySet
from django.utils import timezone

from bot.answers import channel_rules, conversations, prompts
from bot.models import Channel, Message, Outcome, Question, Speaker
from knowledge.retrieval.search import Hit, RetrievedSentence
from llm.prompt import Prompt
from tuning.models import ExampleState, TrainingExample
from tuning.redacting import Redacted, redact

CLAIM = timedelta(minutes=15)
PILOT, RECOMMENDED = 50, 200  # examples with which a tuning run begins to make sense
CANDIDATES = 50


class ExampleError(ValueError):
    """This cannot become an example, or not in this way; the message says why."""


class TakenError(ExampleError):
    """Somebody else reviews it, or has decided."""


@dataclass(frozen=True)
class Progress:
    """`pace` is seconds per decision, None before the first; `seconds_left` follows from it."""

    left: int
    approved: int
    decided_today: int
    pace: float | None

    @property
    def seconds_left(self) -> float | None:
        return None if self.pace is None else self.pace * self.left


def propose(message: Message, *, by: User | None, answer: str = "") -> TrainingExample:
    """Put an answer into the review queue, with `answer` in its place where a better one is known.

    What was retrieved is taken as it was then, from the trace; names, numbers and keys are taken out before anything
    is stored. Proposing again changes nothing. Raises ExampleError.
    """
    if message.speaker != Speaker.BOT or message.outcome not in (Outcome.ANSWERED, Outcome.NOT_IN_DOCS):
        raise ExampleError("Only an answer, or a word that the documents hold none, can become an example.")
    question = Question.objects.select_related("channel__workspace").filter(answer=message).first()
    workspace = question.channel.workspace if question else None
    if workspace is not None and not workspace.is_training_allowed:
        raise ExampleError(
            f"Training is not allowed for the workspace {workspace}: an owner can allow it under Set-up."
        )
    known = TrainingExample.objects.filter(message=message).first()
    if known is not None:
        return known
    prompt = _prompt(message, question)
    original = _original(message)
    built, counts = _redacted(prompt, _people(message), original, answer or message.sent_text or original)
    example, _ = TrainingExample.objects.get_or_create(
        message=message,
        defaults={**built, "workspace": workspace, "proposed_by": by, "redactions": counts},
    )
    return example


def _original(message: Message) -> str:
    return prompts.NOT_FOUND if message.outcome == Outcome.NOT_IN_DOCS else message.text


def asked(message: Message) -> Message:
    return Message.objects.get(trace_id=message.trace_id, speaker=Speaker.ASKER)


def _prompt(message: Message, question: Question | None) -> Prompt:
    """The prompt as the one builder makes it of the passages and turns that there were."""
    question_turn = asked(message)
    turns = conversations.history(
        message.conversation, question_turn.trace.get("collections", ()), before=question_turn
    )
    channel: Channel | None = question.channel if question else None
    manner = channel_rules.manner(channel, message.voice) if channel else prompts.PLAIN
    return prompts.build(str(message.trace.get("question", "")), hits(message), turns, may_search=True, manner=manner)


def prompt_of(message: Message) -> Prompt:
    """What the model was asked, built again from what was kept."""
    return _prompt(message, Question.objects.select_related("channel").filter(answer=message).first())


def hits(message: Message) -> list[Hit]:
    """The passages of an answer, frozen in its trace."""
    found = []
    for kept in message.trace.get("passages", []):
        known = {name: kept.get(name, default) for name, default in _HIT.items()}
        sentences = tuple(RetrievedSentence(**each) for each in kept.get("sentences", ()))
        found.append(Hit(**known, sentences=sentences))
    return found


_HIT: dict[str, Any] = {
    "chunk_id": 0, "document_id": 0, "collection_id": 0, "path": "", "url": "", "title": "", "heading": "", "text": "",
    "ordinal": 0, "score": 0.0, "scores": {},
}  # fmt: skip


def _people(message: Message) -> list[str]:
    """The names of those who spoke in the conversation."""
    names = {name for name in message.conversation.questions.values_list("asker_name", flat=True) if name}
    user = message.conversation.user
    return sorted(names | ({user.get_full_name(), user.get_username()} - {""} if user else set()))


def _redacted(prompt: Prompt, people: list[str], original: str, answer: str) -> tuple[dict[str, Any], dict[str, int]]:
    counts: dict[str, int] = {}

    def clean(text: str) -> str:
        found: Redacted = redact(text, people)
        for kind, count in found.counts.items():
            counts[kind] = counts.get(kind, 0) + count
        return found.text

    history = tuple(replace(turn, text=clean(turn.text)) for turn in prompt.history)
    kept = replace(prompt, question=clean(prompt.question), history=history)
    fields = {"question": kept.question, "original_answer": clean(original), "answer": clean(answer)}
    return {**fields, "template_hash": prompts.template_hash(), **final(kept.messages(), fields["answer"])}, counts


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
        Message.objects.filter(speaker=Speaker.BOT, training_example=None)
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


def queue() -> QuerySet[TrainingExample]:
    """What waits, those that were skipped last."""
    return TrainingExample.objects.filter(state=ExampleState.IN_REVIEW).order_by(
        F("skipped_at").asc(nulls_first=True), "id"
    )


@transaction.atomic
def claim(user: User, *, pk: int | None = None) -> TrainingExample | None:
    """An item for one reviewer: the one asked for, the one in hand, or the next. Raises TakenError."""
    now = timezone.now()
    free = queue().filter(Q(claimed_until=None) | Q(claimed_until__lt=now) | Q(claimed_by=user))
    if pk is not None:
        item = free.select_for_update(of=("self",)).filter(pk=pk).first()
        if item is None:
            raise TakenError("Somebody else is reviewing it, or it is decided already.")
    else:
        in_hand = free.filter(claimed_by=user, claimed_until__gte=now).first()
        item = in_hand or free.select_for_update(skip_locked=True, of=("self",)).first()
    if item is None:
        return None
    if item.claimed_by_id != user.pk or item.claimed_at is None or (item.claimed_until or now) < now:
        item.claimed_at = now
    item.claimed_by, item.claimed_until = user, now + CLAIM
    item.save(update_fields=["claimed_by", "claimed_at", "claimed_until"])
    return item


def save_draft(pk: int, user: User, answer: str) -> None:
    """Keep what a reviewer has typed so far. Raises TakenError."""
    item = _mine(pk, user)
    _write(item, redact(answer).text)


def approve(pk: int, user: User, *, answer: str = "", is_refusal: bool = False) -> TrainingExample:
    """This is how a model should answer; with `is_refusal`, that it should have said the documents do not. Raises
    ExampleError for an empty answer, TakenError."""
    item = _mine(pk, user)
    text = prompts.NOT_FOUND if is_refusal else redact(answer or item.answer).text.strip()
    if not text:
        raise ExampleError("An empty answer teaches nothing.")
    item.is_refusal = is_refusal or text == prompts.NOT_FOUND
    _write(item, text)
    return _decide(item, ExampleState.APPROVED, user)


def reject(pk: int, user: User, *, reason: str) -> TrainingExample:
    """Raises ExampleError without a reason, TakenError."""
    if not reason.strip():
        raise ExampleError("Say why, so that others learn from it.")
    item = _mine(pk, user)
    item.reason = reason.strip()[:300]
    return _decide(item, ExampleState.REJECTED, user)


def route(pk: int, user: User) -> TrainingExample:
    """What was missing is a fact: it belongs into an article, not into a model. Raises TakenError."""
    return _decide(_mine(pk, user), ExampleState.ROUTED, user)


def skip(pk: int, user: User) -> None:
    """Raises TakenError."""
    item = _mine(pk, user)
    item.skipped_at, item.claimed_until = timezone.now(), None
    item.save(update_fields=["skipped_at", "claimed_until"])


def undo(user: User) -> TrainingExample | None:
    """Take the last decision of a reviewer back; None when there is none, or when it was exported since."""
    last = TrainingExample.objects.filter(reviewer=user).order_by("-reviewed_at").first()
    if last is None or last.exportline_set.exists():
        return None
    last.state, last.reviewer, last.reviewed_at, last.reason = ExampleState.IN_REVIEW, None, None, ""
    last.claimed_by, last.claimed_at, last.claimed_until = user, timezone.now(), timezone.now() + CLAIM
    if last.is_refusal:
        last.is_refusal = False
        _write(last, last.original_answer)
    last.save()
    return last


def progress() -> Progress:
    today = timezone.now() - timedelta(days=1)
    told = TrainingExample.objects.aggregate(
        left=Count("id", filter=Q(state=ExampleState.IN_REVIEW)),
        approved=Count("id", filter=Q(state=ExampleState.APPROVED)),
        decided=Count("id", filter=Q(reviewed_at__gt=today)),
        pace=Avg("review_seconds", filter=Q(reviewed_at__gt=today)),
    )
    return Progress(told["left"], told["approved"], told["decided"], told["pace"])


def _mine(pk: int, user: User) -> TrainingExample:
    item = TrainingExample.objects.filter(
        pk=pk, state=ExampleState.IN_REVIEW, claimed_by=user, claimed_until__gt=timezone.now()
    ).first()
    if item is None:
        raise TakenError("Your time with this one has run out, or somebody has decided it.")
    return item


def _write(item: TrainingExample, answer: str) -> None:
    item.answer = answer
    for name, value in final(item.messages, answer).items():
        setattr(item, name, value)
    item.save(update_fields=["answer", "messages", "checksum", "is_refusal"])


def _decide(item: TrainingExample, state: ExampleState, user: User) -> TrainingExample:
    now = timezone.now()
    item.state, item.reviewer, item.reviewed_at, item.claimed_until = state, user, now, None
    item.review_seconds = (now - item.claimed_at).total_seconds() if item.claimed_at else None
    item.save()
    return item
