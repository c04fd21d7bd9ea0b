"""What asker and person write while a question is with the team: carried to the other side, once, and kept."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Q, QuerySet

from bot.messenger import CLOCKS, Incoming, Messenger, Sign
from bot.models import (
    Channel,
    ChannelKind,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Escalation,
    Platform,
    Question,
    Remark,
)
from bot.team import escalations, handover, relaying, team_posts
from bot.team.handover import Move
from bot.team.team_posts import ASIDE, SOMEBODY
from bot.wording import phrases, speech
from bot.wording.speech import ENGLISH
from foundation.text import clean

CLAIM_FIRST = "This stayed here: press Claim above, and what you write after that goes to the asker."
OF_ANOTHER = f"This stayed here: {{name}} has the question. Begin with {ASIDE} what is not for the asker in any case."
IS_CLOSED = "This stayed here, as the question is closed: press Reopen above to go on with the asker."


def ear(channel: Channel, incoming: Incoming, *, is_solved: bool) -> Callable[[], None] | None:
    """What is to be done with a message that goes from people to people; None where it is none of the kind."""
    if is_team_thread(channel, incoming.thread_id):
        return lambda: hear_team(channel, incoming)
    if _cases(channel, incoming).exists():
        return lambda: hear_asker(channel, incoming, is_solved=is_solved)
    if is_solved and channel.kind == ChannelKind.FORUM and incoming.thread_id:
        mine = _asked_by(incoming.author).filter(channel=channel, conversation__thread_id=incoming.thread_id)
        question = mine.select_related("conversation", "channel__workspace").first()
        return None if question is None else lambda: hear_solved(question)
    return None


def is_team_thread(channel: Channel, thread_id: str) -> bool:
    """Whether a thread is the team's talk about a question."""
    return bool(thread_id) and _posts(channel, thread_id).exists()


def _posts(channel: Channel, thread_id: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel=channel, kind=DeliveryKind.ESCALATION, message_id=thread_id)


def hear_team(channel: Channel, incoming: Incoming) -> None:
    """A message in the team's thread: passed on to the asker if it is of whoever claimed the question."""
    post = _posts(channel, incoming.thread_id).get()
    question = _question(post.question_id)
    escalation = handover.locked(question)
    text = _words(incoming)
    if escalation is None or text.startswith(ASIDE) or not (text or incoming.files):
        return
    if escalation.claimed_by != incoming.author:
        _explain(escalation, question)
        return
    name = incoming.author_name or escalation.claimed_by_name
    if not handover.advance(escalation, Move.TEAM_WRITES, answered_by=incoming.author, answered_by_name=name):
        _explain(escalation, question)
        return
    remark = _keep(escalation, channel, incoming, is_of_team=True, name=name)
    relaying.carry(question, remark)
    if left := _left(incoming):
        relaying.note_to_team(question, ENGLISH.say(phrases.FILES_LEFT, names=left))


def say(question: Question, *, by: str, name: str, text: str) -> bool:
    """What a person of the team writes on a page, which goes to the asker without closing anything. Whoever writes has
    the question from then on. False where it is closed."""
    with transaction.atomic():
        escalation = handover.locked(question)
        if escalation is None:
            return False
        if escalation.state == handover.OPEN:
            escalations.claim(question, by=by, name=name)
            escalation.refresh_from_db()
        is_others = escalation.claimed_by != by
        said = {"answered_by": by, "answered_by_name": name, "claimed_by": by, "claimed_by_name": name}
        if not handover.advance(escalation, Move.TEAM_WRITES, **said):
            return False
        if is_others:
            team_posts.refresh(escalation, question)
        relaying.carry(question, escalation.remarks.create(is_of_team=True, person=by, name=name, text=text))
    return True


def _explain(escalation: Escalation, question: Question) -> None:
    """Why a message of the team was not passed on; the same is said once each time the question is opened."""
    if escalation.state == handover.CLOSED:
        text = IS_CLOSED
    elif escalation.state == handover.CLAIMED:
        text = OF_ANOTHER.format(name=escalation.claimed_by_name or SOMEBODY)
    else:
        text = CLAIM_FIRST
    text = relaying.safe(text)
    since = max(filter(None, (escalation.opened_at, escalation.claimed_at, escalation.answered_at)))
    told = Delivery.objects.filter(question=question, kind=DeliveryKind.NOTE, created_at__gte=since)
    if not told.filter(body__text=text).exists():
        relaying.note_to_team(question, text)


def hear_asker(channel: Channel, incoming: Incoming, *, is_solved: bool) -> None:
    """A message while people have the question: passed on if it is of its asker, whose word can close it as well."""
    found = _case(channel, incoming)
    if found is None or not (_words(incoming) or incoming.files):
        return  # others talk there, or it says nothing
    question = _question(found.question_id)
    escalation = handover.locked(question)
    if escalation is None:
        return
    handover.advance(escalation, Move.ASKER_WRITES)
    relaying.carry(question, _keep(escalation, channel, incoming, is_of_team=False, name=_name(question, incoming)))
    if is_solved and escalations.solve(question, by=incoming.author):
        return
    if left := _left(incoming):
        relaying.handoff(question, speech.of(question).say(phrases.FILES_LEFT, names=left))


def hear_solved(question: Question) -> None:
    """The asker says, under a post of a forum, that it is solved."""
    escalations.mark_solved(question)
    relaying.handoff(question, speech.of(question).say(phrases.SOLVED))


def write(question: Question, *, by: str, name: str, text: str) -> bool:
    """What an asker writes into a form, where they cannot write in a thread. False where the question is closed."""
    with transaction.atomic():
        escalation = handover.locked(question)
        if escalation is None or not handover.advance(escalation, Move.ASKER_WRITES):
            return False
        relaying.carry(question, escalation.remarks.create(is_of_team=False, person=by, name=name, text=text))
    return True


def note_question(question: Question) -> None:
    """The asker asks the bot beside a question that people have, or had: nothing about that changes."""
    before = Escalation.objects.filter(question__conversation=question.conversation_id, question__pk__lt=question.pk)
    escalation = before.order_by("-opened_at").first()
    if escalation is not None:
        handover.note(escalation.state, Move.ASK_BOT, escalation.state)


def _case(channel: Channel, incoming: Incoming) -> Escalation | None:
    """That of whoever wrote it: who asked something else in the same thread speaks for nobody."""
    mine = _asked_by(incoming.author).filter(channel=channel)
    return _cases(channel, incoming).filter(question__in=mine).order_by("-opened_at").first()


def _asked_by(person: str) -> QuerySet[Question]:
    """What somebody asked, or wrote and another asked about."""
    return Question.objects.filter(Q(asker=person) | Q(pointed_author=person))


def _cases(channel: Channel, incoming: Incoming) -> QuerySet[Escalation]:
    """Those of a thread, or of a direct chat without threads, that were open when a message was written: it may be
    read again, or late, in the history."""
    found = Escalation.objects.filter(question__channel=channel, question__is_private=False)
    if incoming.thread_id:
        there = {"channel": channel, "thread_id": incoming.thread_id}  # together they are an index
        found = found.filter(**{f"question__conversation__{name}": value for name, value in there.items()})
    elif incoming.is_threaded or channel.kind != ChannelKind.DIRECT:
        return found.none()
    if incoming.asked_at is None:
        return found.waiting()
    began = Q(opened_at__lt=incoming.asked_at + CLOCKS)
    return found.filter(began & (~Q(state=handover.CLOSED) | Q(answered_at__gt=incoming.asked_at + CLOCKS)))


def _keep(escalation: Escalation, channel: Channel, incoming: Incoming, *, is_of_team: bool, name: str) -> Remark:
    return Remark.objects.create(
        escalation=escalation, is_of_team=is_of_team, person=incoming.author, name=name[:200], text=_words(incoming),
        files=[[clean(each.name), clean(each.url)] for each in incoming.files],
        channel=channel, thread_id=incoming.thread_id, message_id=incoming.message_id,
    )  # fmt: skip


def _words(incoming: Incoming) -> str:
    return relaying.seen(incoming.markdown or incoming.text)


def _left(incoming: Incoming) -> str:
    """The names of files that the other side could not open."""
    return relaying.safe(", ".join(each.name for each in incoming.files if not each.url))


def _name(question: Question, incoming: Incoming) -> str:
    return incoming.author_name or (question.asker_name if question.asker == incoming.author else "")


def _question(pk: int) -> Question:
    return Question.objects.select_related("conversation", "channel__workspace", "answer").get(pk=pk)


@transaction.atomic
def change(incoming: Incoming) -> bool:
    """A message was edited: what was passed on of it is, too. Whether it had been passed on."""
    remark = _locked(incoming.platform, incoming.workspace, incoming.channel, incoming.message_id)
    if remark is None:
        return False
    if remark.person != incoming.author:
        return True  # who was forgotten meanwhile
    text = _words(incoming)
    if text.startswith(ASIDE) and remark.is_of_team:
        _take_back(remark)
    elif text != remark.text and not remark.is_taken_back:
        remark.text = text
        remark.save(update_fields=["text"])
        relaying.rewrite(remark)
    return True


@transaction.atomic
def take_back(platform: Platform, workspace: str, channel: str, message_id: str) -> None:
    """A message was deleted: where it was passed on to, it says so."""
    remark = _locked(platform, workspace, channel, message_id)
    if remark is not None and not remark.is_taken_back:
        _take_back(remark)


def _take_back(remark: Remark) -> None:
    remark.text, remark.files, remark.is_taken_back = "", [], True
    remark.save(update_fields=["text", "files", "is_taken_back"])
    relaying.rewrite(remark)


def _locked(platform: Platform, workspace: str, channel: str, message_id: str) -> Remark | None:
    """What became of a message, as it is while nobody else changes it."""
    remark = _remarks(platform, workspace, channel, message_id).first()
    if remark is not None:
        handover.locked(remark.escalation.question)
        remark = _remarks(platform, workspace, channel, message_id).first()
    return remark


def _remarks(platform: Platform, workspace: str, channel: str, message_id: str) -> QuerySet[Remark]:
    found = Remark.objects.filter(channel__in=Channel.objects.of(platform, workspace, channel), message_id=message_id)
    return found.select_related("delivery", "escalation__question__channel__workspace")


def bounce(delivery: Delivery, messenger: Messenger, reason: str) -> None:
    """What could not be passed on is said to whoever wrote it, once, however many of its posts are lost."""
    remark = Remark.objects.carried_by(delivery)
    if remark is None or remark.carriers().filter(state=DeliveryState.DEAD).exclude(pk=delivery.pk).exists():
        return
    if remark.channel is not None and remark.message_id:
        messenger.react(remark.channel, remark.thread_id, remark.message_id, Sign.NOT_PASSED_ON)
    with transaction.atomic():
        if remark.is_of_team:
            relaying.note_to_team(delivery.question, relaying.safe(f"This did not reach the asker: {reason}"))
        else:
            relaying.handoff(delivery.question, speech.of(delivery.question).say(phrases.NOT_DELIVERED))
