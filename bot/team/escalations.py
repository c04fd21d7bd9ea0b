"""Questions for people: handed over, claimed, closed, opened again. Every step is one of handover.EDGES."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bot import outbox
from bot.models import ChannelKind, Conversation, Delivery, DeliveryKind, DeliveryState, Escalation, Message, Question
from bot.posts import presenting
from bot.posts.neutralising import neutral
from bot.posts.post import Post
from bot.team import handover, relaying, reminders, team_posts
from bot.team.handover import Move
from bot.wording import outcomes, phrases, speech
from bot.wording.phrases import Phrase

WISH = "The asker wants a person."
TRIED_AGAIN_AFTER = timedelta(hours=1)
ANNOUNCED = 1000  # that wait and were never told of, looked at in one go


def request(question: Question, *, by: str, reason: str = WISH) -> bool:
    """Hand a question to the team, or open it again, and tell the asker. False when it is with the team already."""
    with transaction.atomic():
        escalation = handover.locked(question)
        if escalation is None:
            _open(question, reason=reason, by=by)
        elif not _ask_again(escalation, question, by=by):
            return False
        relaying.handoff(question, handed_off(question), is_open=True)
    return True


def handed_off(question: Question) -> str:
    """What the asker reads: where nobody is told of questions, that too."""
    is_told = question.channel.team_channel is not None
    return speech.of(question).say(phrases.HANDED_OFF if is_told else phrases.ON_THE_BOARD)


def open_asked(question: Question) -> None:
    """Hand over what its asker wanted a person for from the start; the answer itself tells them."""
    _open_once(question, reason=WISH, by=question.asker)


def draft(question: Question, message: Message) -> None:
    """Show an answer to the team alone; the asker reads what a person sends."""
    _open_once(question, reason="A draft to send.", is_draft=True, answer=message)


def open_dead(question: Question) -> None:
    """Hand over what could not be answered after every attempt."""
    _open_once(question, reason=f"It could not be answered (incident {outcomes.incident(question.trace_id)}).")


@transaction.atomic
def _open_once(
    question: Question, *, reason: str, by: str = "", is_draft: bool = False, answer: Message | None = None
) -> None:
    if handover.locked(question) is None:
        _open(question, reason=reason, by=by, is_draft=is_draft, answer=answer)


def _open(
    question: Question, *, reason: str, by: str = "", is_draft: bool = False, answer: Message | None = None
) -> None:
    escalation = Escalation.objects.create(
        question=question, reason=reason, requested_by=by, is_draft=is_draft, remind_at=_remind_at(question)
    )
    handover.note(handover.NOWHERE, Move.DRAFT if is_draft else Move.HAND_OVER, handover.OPEN)
    _silence(question)
    _tell_team(escalation, question, answer or question.answer)


def _tell_team(escalation: Escalation, question: Question, answer: Message | None) -> None:
    team = question.channel.team_channel
    if team is None:
        return
    post = team_posts.build(escalation, question, answer)
    delivery = outbox.add(question, DeliveryKind.ESCALATION, post, place=(team, ""))
    if delivery.state == DeliveryState.DEAD:
        outbox.again(delivery, post, team)
        team_posts.refresh(escalation, question)  # or what waited under it would say last how it stood then


def _ask_again(escalation: Escalation, question: Question, *, by: str) -> bool:
    """The same case, for anybody to claim: whoever had it may be gone."""
    is_open = handover.advance(
        escalation, Move.ASK_AGAIN, requested_by=by, is_draft=False, claimed_by="", claimed_by_name="", claimed_at=None,
        closed_by="", opened_at=timezone.now(), remind_at=_remind_at(question),
    )  # fmt: skip
    if is_open:
        _silence(question)
        if relaying.has_post(question):
            team_posts.refresh(escalation, question)
            text = "The asker asks for a person again, so this is open once more."
            relaying.note_to_team(question, text, mention=question.channel.escalation_mention)
        else:
            _tell_team(escalation, question, question.answer)
    return is_open


def _remind_at(question: Question) -> datetime | None:
    return timezone.now() + reminders.REMIND_AFTER if question.channel.team_channel else None


def announce() -> int:
    """Tell teams what waits since before there was a channel for it, or one that could be posted in; how many."""
    waiting = Escalation.objects.told_nobody().select_related("question__channel__workspace")
    count = 0
    for escalation in waiting[:ANNOUNCED]:
        if escalation.question.channel.team_channel is not None:
            count += _announce(escalation.question_id)
    return count


@transaction.atomic
def _announce(pk: int) -> bool:
    question = Question.objects.select_related("channel__workspace", "answer").get(pk=pk)
    escalation = handover.locked(question)
    if escalation is None or relaying.has_post(question) or not _may_be_told(question):
        return False
    Escalation.objects.filter(pk=escalation.pk).update(remind_at=_remind_at(question))
    _tell_team(escalation, question, question.answer)
    for remark in escalation.remarks.filter(is_of_team=False, delivery=None)[: relaying.AT_ONCE + 1]:
        relaying.carry(question, remark)
    return True


def _may_be_told(question: Question) -> bool:
    """A post that was given up is tried again in another channel at once, in the same one after a while."""
    lost = Delivery.objects.filter(question=question, kind=DeliveryKind.ESCALATION).first()
    if lost is None or lost.channel != question.channel.team_channel:
        return True
    return lost.not_before < timezone.now() - TRIED_AGAIN_AFTER


def claim(question: Question, *, by: str, name: str) -> bool:
    """Take a question on, which the asker is told. False when somebody has it already."""
    return _take(question, Move.CLAIM, by=by, name=name)


def reopen(question: Question, *, by: str, name: str) -> bool:
    """Take a closed question on again, which the asker is told. False when it is not closed."""
    return _take(question, Move.REOPEN, by=by, name=name)


@transaction.atomic
def _take(question: Question, move: Move, *, by: str, name: str) -> bool:
    escalation = handover.locked(question)
    if escalation is None or not handover.advance(
        escalation, move, claimed_by=by, claimed_by_name=name[:200], claimed_at=timezone.now(), remind_at=None
    ):
        return False
    _silence(question)
    relaying.handoff(question, _by(question, name, phrases.CLAIMED, phrases.CLAIMED_BY_SOMEBODY), is_open=True)
    team_posts.refresh(escalation, question)
    return True


@transaction.atomic
def answer(question: Question, *, by: str, name: str, text: str) -> None:
    """Close a question; `text` goes to the asker, unless it is empty because the person has answered there.

    One that is closed already is opened for these words, so that none are lost.
    """
    escalation = handover.locked(question)
    if escalation is None:
        raise ValueError(f"Question {question.pk} was not handed over.")
    if not _close(escalation, question, Move.ANSWER, by=by, name=name, text=text):
        if not text:
            return
        handover.advance(escalation, Move.REOPEN, claimed_by=by, claimed_by_name=name)
        _close(escalation, question, Move.ANSWER, by=by, name=name, text=text)
    if text:
        remark = escalation.remarks.create(is_of_team=True, person=by, name=name, text=text)
        remark.delivery = relaying.to_asker(question, relaying.safe(text), by=by, name=name)
        remark.save(update_fields=["delivery"])
    relaying.handoff(question, _by(question, name, phrases.CLOSED, phrases.CLOSED_BY_SOMEBODY))
    team_posts.refresh(escalation, question)


@transaction.atomic
def solve(question: Question, *, by: str) -> bool:
    """Close a question because its asker says so; both sides are told. False when it is not open."""
    escalation = handover.locked(question)
    if escalation is None or not _close(escalation, question, Move.SOLVE, by=by):
        return False
    relaying.handoff(question, speech.of(question).say(phrases.SOLVED))
    relaying.note_to_team(question, "The asker says that it is solved. It is closed.")
    team_posts.refresh(escalation, question)
    mark_solved(question)
    return True


def mark_solved(question: Question) -> None:
    """Show that the post of a forum is solved."""
    if question.channel.kind == ChannelKind.FORUM:
        outbox.add(question, DeliveryKind.SOLVED, Post(text=""))


def reply(question: Question, *, by: str, name: str, text: str) -> None:
    """Send the draft that waits as `text`, or answer in these words where none does."""
    if not send_draft(question, by=by, name=name, text=text):
        answer(question, by=by, name=name, text=text)


@transaction.atomic
def send_draft(question: Question, *, by: str, name: str, text: str = "") -> bool:
    """Send a draft to the asker, as it is or as `text`, which is kept beside it. False when it was sent before."""
    escalation, message = handover.locked(question), question.answer
    if escalation is None or not escalation.is_draft or message is None:
        return False
    sent = text or message.text
    if not _close(escalation, question, Move.SEND, by=by, name=name, text=sent):
        return False
    Message.objects.filter(pk=message.pk).update(sent_text=sent)
    message.text = message.sent_text = sent
    for post in relaying.in_parts(question, presenting.answer(message, question)):
        relaying.add(question, DeliveryKind.HUMAN, post)
    team_posts.refresh(escalation, question)
    return True


def _close(escalation: Escalation, question: Question, move: Move, *, by: str, name: str = "", text: str = "") -> bool:
    """From here on the bot answers again what the asker writes. `answer` is what people said, for those who learn."""
    said = text or "\n\n".join(
        escalation.remarks.filter(is_of_team=True, created_at__gte=escalation.opened_at)
        .exclude(text="").values_list("text", flat=True)
    )  # fmt: skip
    changes = {"closed_by": by, "answer": said or escalation.answer, "answered_at": timezone.now(), "remind_at": None}
    if move != Move.SOLVE:
        changes |= {"answered_by": by, "answered_by_name": name[:200]}
    if not handover.advance(escalation, move, **changes):
        return False
    _speak_again(escalation, question)
    return True


def _speak_again(escalation: Escalation, question: Question) -> None:
    """Unless people have another question of the conversation. Of two that end at once the later one sees it; what was
    said before, while the bot was silent already, stays unanswered."""
    conversation = Conversation.objects.select_for_update().get(pk=question.conversation_id)
    conversation.last_active_at = timezone.now()
    if not Escalation.objects.waiting().filter(question__conversation=conversation).exists():
        if conversation.silenced_at is not None and conversation.silenced_at < escalation.opened_at:
            conversation.was_silent(conversation.silenced_at, escalation.opened_at)
        conversation.silenced_at, conversation.silenced_by = None, ""
    conversation.save(update_fields=["silenced_at", "silenced_by", "past_silences", "last_active_at"])


def _by(question: Question, name: str, named: Phrase, unnamed: Phrase) -> str:
    called = neutral(name, links=())
    return speech.of(question).say(named, name=called) if called else speech.of(question).say(unnamed)


def _silence(question: Question) -> None:
    """From now on, or since before: what was said meanwhile is not for the bot."""
    found = Conversation.objects.filter(pk=question.conversation_id, silenced_at=None)
    found.update(silenced_at=timezone.now())
