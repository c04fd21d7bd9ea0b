"""The review of an example: claimed by one person, edited, decided, and taken back."""

import hashlib
from datetime import timedelta
from difflib import SequenceMatcher

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from bot.answers import prompts
from bot.models import Message, Question, Speaker
from knowledge.models import Chunk, DocumentState
from tuning.examples import assessing, own_addresses, passage_rows
from tuning.examples.proposing import ExampleError, asked_by, final, people
from tuning.examples.redacting import Redaction
from tuning.models import (
    ExamplePassage,
    ExampleReview,
    ExampleState,
    ReviewPolicy,
    ReviewVerdict,
    SecondOpinion,
    TrainingExample,
)

CLAIM = timedelta(minutes=15)
UNREADABLE = (
    "It cannot be given a passage, as those it has cannot be told apart in its prompt any more: {error} Say why what"
    " no passage says is no fact, or reject it."
)
ACQUAINTANCES = 500
# What each step writes, and nothing else: an UPDATE of these never brings a row back that was erased meanwhile.
WRITTEN = (
    "proposed_answer", "answer", "messages", "checksum", "is_refusal", "placeholders", "edit_kind", "unsupported",
    "no_fact_reason",
)  # fmt: skip
DECIDED = (
    "state", "reviewer", "reviewed_at", "review_seconds", "reason", "awaits_article", "stale_reason", "second_opinion",
)  # fmt: skip
CLAIMED = ("claimed_by", "claimed_at", "claimed_until")
SECOND_SHARE = 0.15  # of decided examples, where nobody has said another


class TakenError(ExampleError):
    """Somebody else reviews it, or has decided."""


class FactError(ExampleError):
    """The answer says what no passage says, and nobody has said that this is no fact."""


def queue() -> QuerySet[TrainingExample]:
    """What waits: one of each cluster first, by what it is worth; those that were skipped last."""
    return TrainingExample.objects.filter(state=ExampleState.IN_REVIEW).order_by(
        F("skipped_at").asc(nulls_first=True), "-leads_cluster", "-priority", "id"
    )


def free_for(user: User, *, is_editor: bool = True, is_owner: bool = True) -> QuerySet[TrainingExample]:
    """What of the queue a person may take: nothing whose article is being read; what needs an article, if they may
    write one; what two people disagree about, if they are neither of them, or own the install."""
    now = timezone.now()
    free = queue().filter(Q(claimed_until=None) | Q(claimed_until__lt=now) | Q(claimed_by=user))
    learnt_too = ExamplePassage.objects.filter(example=OuterRef("pk"), document=OuterRef("article"), is_attached=True)
    free = free.filter(Q(article=None) | Q(article__state=DocumentState.FAILED) | Exists(learnt_too))
    if not is_editor:
        free = free.filter(awaits_article=False)
    if not is_owner:
        mine = ExampleReview.objects.filter(reviewer=user).values("example")
        free = free.exclude(second_opinion=SecondOpinion.SPLIT, pk__in=mine)
    return free


@transaction.atomic
def claim(
    user: User, *, pk: int | None = None, is_editor: bool = True, is_owner: bool = True
) -> TrainingExample | None:
    """An item for one reviewer: the one asked for, the one in hand, or the next. Raises TakenError."""
    now = timezone.now()
    free = free_for(user, is_editor=is_editor, is_owner=is_owner)
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


@transaction.atomic
def save_draft(pk: int, user: User, answer: str) -> TrainingExample:
    """Keep what a reviewer has typed so far, and look anew at what it says. Raises TakenError."""
    item = held(pk, user)
    _write(item, without_names(item, answer))
    return item


def approve(pk: int, user: User, *, answer: str = "", no_fact: str = "") -> TrainingExample:
    """This is how a model should answer. `no_fact` says why what no passage says is no fact.

    Raises ExampleError for an empty answer, FactError where there is something to be said first, TakenError.
    """
    with transaction.atomic():
        item = held(pk, user)
        text = without_names(item, answer or item.answer).strip()
        if not text:
            raise ExampleError("An empty answer teaches nothing.")
        item.is_refusal = text == prompts.NOT_FOUND
        _write(item, text)
        if no_fact.strip():
            rule(item, no_fact)
        facts = assessing.open_facts(item)
        if not facts:
            return _decide(item, ExampleState.APPROVED, user)
    said = "; ".join(f'"{each[:80]}"' for each in facts[:3])  # what was typed is kept all the same
    raise FactError(
        f"No passage says {said}. Make it an article (K), add the passage that says it, or say why it is no fact."
    )


def rule(item: TrainingExample, reason: str) -> None:
    """Say of all that triage has found that it is no fact, and why."""
    item.unsupported = [{**each, "is_ruled": True} for each in item.unsupported]
    item.no_fact_reason = reason.strip()[:300]
    item.save(update_fields=["unsupported", "no_fact_reason"])


@transaction.atomic
def attach(pk: int, user: User, chunk: Chunk, *, number: int | None = None) -> TrainingExample:
    """Give an example the passage that says what its answer says; its prompt is built with it. Raises TakenError, and
    ExampleError where its other passages would be lost."""
    item = held(pk, user)
    give(item, chunk, number=number)
    return item


def give(item: TrainingExample, chunk: Chunk, *, number: int | None = None) -> None:
    """As `attach`, to an example whose row is locked. Raises ExampleError."""
    try:
        passage_rows.attach(item, chunk, number=number)
    except prompts.PromptReadError as error:
        raise ExampleError(UNREADABLE.format(error=error)) from error
    _write(item, item.answer)


@transaction.atomic
def refuse(pk: int, user: User) -> TrainingExample:
    """It should have said that the documents do not. What stood there is kept for undoing it. Raises TakenError."""
    item = held(pk, user)
    item.set_aside = item.answer
    item.is_refusal = True
    _write(item, prompts.NOT_FOUND)
    return _decide(item, ExampleState.APPROVED, user)


@transaction.atomic
def reject(pk: int, user: User, *, reason: str) -> TrainingExample:
    """Raises ExampleError without a reason, TakenError."""
    if not reason.strip():
        raise ExampleError("Say why, so that others learn from it.")
    item = held(pk, user)
    item.reason = reason.strip()[:300]
    return _decide(item, ExampleState.REJECTED, user)


@transaction.atomic
def wish_article(pk: int, user: User) -> TrainingExample:
    """What is missing is a fact, and somebody who may write articles is to make one of it. Raises TakenError."""
    item = held(pk, user)
    item.awaits_article, item.claimed_until = True, None
    item.save(update_fields=["awaits_article", "claimed_until"])
    return item


@transaction.atomic
def keep_for_evaluation(pk: int, user: User) -> TrainingExample:
    """It is asked in evaluations, and never learnt. Raises ExampleError where a trainer was given it, TakenError."""
    item = held(pk, user)
    if was_given(item):
        raise ExampleError("A trainer was given this one already, so an evaluation by it would say nothing.")
    return _decide(item, ExampleState.BARRED, user)


def was_given(item: TrainingExample) -> bool:
    """Whether it was frozen into a dataset or exported; a trigger lets such a one not be kept for an evaluation."""
    return item.exportline_set.exists() or item.dataset_lines.exists()


@transaction.atomic
def skip(pk: int, user: User) -> None:
    """Raises TakenError."""
    item = held(pk, user)
    item.skipped_at, item.claimed_until = timezone.now(), None
    item.save(update_fields=["skipped_at", "claimed_until"])


@transaction.atomic
def undo(user: User) -> TrainingExample | None:
    """Take the last decision of a reviewer back; None when there is none, or when a trainer was given it since."""
    decided = TrainingExample.objects.filter(reviewer=user).exclude(state=ExampleState.IN_REVIEW)
    last = decided.select_for_update(of=("self",)).order_by("-reviewed_at").first()
    if last is None or was_given(last):
        return None
    mine = last.reviews.filter(reviewer=user, is_blind=False).last()
    if mine is not None:
        mine.delete()
    last.second_opinion = SecondOpinion.NONE
    return reopen(last, user)


def reopen(item: TrainingExample, user: User) -> TrainingExample:
    """Put a decided example, whose row is locked, back into the queue, in the hands of one person. Whoever was to look
    at that decision as the second one need not any more."""
    now = timezone.now()
    item.reviews.filter(is_blind=True, verdict=ReviewVerdict.OPEN).delete()
    item.state, item.reviewer, item.reviewed_at, item.reason = ExampleState.IN_REVIEW, None, None, ""
    item.claimed_by, item.claimed_at, item.claimed_until = user, now, now + CLAIM
    if item.set_aside:
        item.is_refusal = item.set_aside == prompts.NOT_FOUND
        _write(item, item.set_aside)
        item.set_aside = ""
    item.save(update_fields=[*DECIDED, *CLAIMED, "set_aside"])
    return item


def second_share() -> float:
    """Of decided examples a second reviewer is asked about, 0 to 1."""
    policy = ReviewPolicy.objects.order_by("-id").first()
    return SECOND_SHARE if policy is None else policy.second_share


def held(pk: int, user: User) -> TrainingExample:
    """An item that this person has in hand, locked until the transaction ends, which there has to be: a draft that is
    on its way when the same person decides waits for that, and finds it decided. Raises TakenError."""
    item = (
        TrainingExample.objects.select_for_update(of=("self",))
        .filter(pk=pk, state=ExampleState.IN_REVIEW, claimed_by=user, claimed_until__gt=timezone.now())
        .first()
    )
    if item is None:
        raise TakenError("Your time with this one has run out, or somebody has decided it.")
    return item


def without_names(item: TrainingExample, text: str) -> str:
    """What a reviewer writes, without the names of those who spoke."""
    names = people(item.message, asked_by(item.message)) if item.message else _acquaintances(item)
    said = _said(item.message) if item.message else ()
    redaction = Redaction(names, own=own_addresses.known(), said=said, placeholders=item.placeholders)
    cleaned = redaction.clean(text)
    item.placeholders = redaction.placeholders
    return cleaned


def _said(message: Message) -> list[str]:
    """What the asker wrote, unredacted: where they introduced themselves, their name is known from nowhere else."""
    asked = message.conversation.messages.filter(speaker=Speaker.ASKER)
    return list(asked.order_by("pk").values_list("text", flat=True))


def _acquaintances(item: TrainingExample) -> list[str]:
    """Whom a reviewer may mean where the conversation is gone: the newest askers of its workspace, or the accounts."""
    if item.workspace_id is None:
        return [name for user in User.objects.all() for name in (user.get_full_name(), user.get_username()) if name]
    asked = Question.objects.filter(channel__workspace=item.workspace_id).exclude(asker_name="")
    return list(asked.order_by("-id").values_list("asker_name", flat=True)[:ACQUAINTANCES])


def _write(item: TrainingExample, answer: str) -> None:
    item.proposed_answer = item.proposed_answer or item.answer
    item.answer = answer
    for name, value in final(item.messages, answer).items():
        setattr(item, name, value)
    assessing.assess(item)
    item.save(update_fields=WRITTEN)


def decide_routed(item: TrainingExample) -> TrainingExample:
    """Its fact is in a document that can be found: whoever wrote that has decided it."""
    return _decide(item, ExampleState.ROUTED, item.claimed_by)


def _decide(item: TrainingExample, state: ExampleState, user: User | None) -> TrainingExample:
    now = timezone.now()
    item.state, item.reviewer, item.reviewed_at, item.claimed_until = state, user, now, None
    item.review_seconds = (now - item.claimed_at).total_seconds() if item.claimed_at else None
    item.awaits_article, item.stale_reason = False, ""
    item.second_opinion = _second_opinion(item)
    item.save(update_fields=[*DECIDED, *CLAIMED, "set_aside"])
    passage_rows.confirm(item)
    ExampleReview.objects.create(
        example=item,
        reviewer=user,
        verdict=verdict_of(item),
        reason=item.reason,
        answer=item.answer,
        edit_distance=changed_characters(item.proposed_answer or item.answer, item.answer),
        seconds=item.review_seconds,
    )
    return item


def _second_opinion(item: TrainingExample) -> SecondOpinion:
    """Whether somebody else is asked as well: of a share of examples, which their number draws once and for all."""
    if item.second_opinion in (SecondOpinion.SPLIT, SecondOpinion.SETTLED):
        return SecondOpinion.SETTLED
    if item.second_opinion == SecondOpinion.AGREED or item.state == ExampleState.ROUTED:
        return SecondOpinion(item.second_opinion)
    drawn = int.from_bytes(hashlib.sha256(f"second look at {item.pk}".encode()).digest()[:4]) / 2**32
    return SecondOpinion.WANTED if drawn < second_share() else SecondOpinion.NONE


def verdict_of(item: TrainingExample) -> ReviewVerdict:
    if item.state == ExampleState.APPROVED and item.is_refusal:
        return ReviewVerdict.REFUSED
    return ReviewVerdict(item.state)


def changed_characters(before: str, after: str) -> int:
    """How many characters came or went between two texts, by whole words."""
    old, new = before.split(" "), after.split(" ")
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return sum(
        max(len(" ".join(old[left:right])), len(" ".join(new[start:end])))
        for kind, left, right, start, end in matcher.get_opcodes()
        if kind != "equal"
    )
