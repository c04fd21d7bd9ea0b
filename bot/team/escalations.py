"""Questions for people: handed over, claimed, answered, and kept as an article."""

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from bot import outbox
from bot.models import (
    Channel,
    Conversation,
    Delivery,
    DeliveryKind,
    Escalation,
    EscalationState,
    Message,
    Outcome,
    Question,
)
from bot.posts import buttons, presenting
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Credit, Post
from bot.team import reminders
from bot.wording import outcomes, phrases, speech

DASHBOARD = "@"  # before the name of somebody who acts on a page, where platforms have ids
WISH = "The asker wants a person."
ASIDE = "//"  # begins a message of the team's thread that is not for the asker


def request(question: Question, *, by: str, reason: str = WISH) -> bool:
    """Hand a question to the team and tell the asker. False when that was done before."""
    with transaction.atomic():
        _, is_new = _open(question, reason=reason, by=by)
        if is_new:
            outbox.add(question, DeliveryKind.HANDOFF, Post(text=speech.of(question).say(phrases.HANDED_OFF)))
    return is_new


def open_asked(question: Question) -> None:
    """Hand over what its asker wanted a person for from the start; the answer itself tells them."""
    _open(question, reason=WISH, by=question.asker)


def draft(question: Question, message: Message) -> None:
    """Show an answer to the team alone; the asker reads what a person sends."""
    _open(question, reason="A draft to send.", is_draft=True, answer=message)


def open_dead(question: Question) -> None:
    """Hand over what could not be answered after every attempt."""
    _open(question, reason=f"It could not be answered (incident {outcomes.incident(question.trace_id)}).")


def _open(
    question: Question, *, reason: str, by: str = "", is_draft: bool = False, answer: Message | None = None
) -> tuple[Escalation, bool]:
    team = question.channel.team_channel
    escalation, is_new = Escalation.objects.get_or_create(
        question=question,
        defaults={
            "reason": reason,
            "requested_by": by,
            "is_draft": is_draft,
            "remind_at": timezone.now() + reminders.REMIND_AFTER if team else None,
        },
    )
    if is_new:
        Conversation.objects.filter(pk=question.conversation_id).update(silenced_at=timezone.now())
        if team is not None:
            post = team_post(escalation, question, answer or question.answer)
            outbox.add(question, DeliveryKind.ESCALATION, post, place=(team, ""))
    return escalation, is_new


def team_post(escalation: Escalation, question: Question, answer: Message | None) -> Post:
    """The question as the team sees it: who asked what where, the bot's answer with its sources, what can be done."""
    lines = [f"**{_heading(escalation)}**", f"Asked in {neutral(str(question.channel), links=())}:"]
    lines.append(presenting.quoted(question))
    sources: tuple[Credit, ...] = ()
    if answer is not None and answer.outcome == Outcome.ANSWERED:
        shown = presenting.answer(answer, question)
        lines += ["**Draft**" if escalation.is_draft else "**What I answered**", shown.text]
        sources = shown.sources
    elif answer is not None and answer.outcome == Outcome.ESCALATED:
        lines.append(neutral(escalation.reason, links=()))
    elif answer is not None:
        lines.append(
            f"I had no answer ({Outcome(answer.outcome).label.lower()}). {neutral(escalation.reason, links=())}"
        )
    return Post(
        text="\n\n".join(lines),
        sources=sources,
        notes=(_hint(escalation),),
        buttons=_buttons(escalation),
        mention=question.channel.escalation_mention if escalation.state == EscalationState.OPEN else "",
        about=question.asker,
        about_label="Asked by",
        has_permalink=True,
    )


def _heading(escalation: Escalation) -> str:
    if escalation.state == EscalationState.ANSWERED:
        return f"Answered by {neutral(escalation.answered_by, links=())}"
    if escalation.state == EscalationState.CLAIMED:
        return f"Claimed by {neutral(escalation.claimed_by, links=())}"
    return "A draft waits for you" if escalation.is_draft else "A question for the team"


def _hint(escalation: Escalation) -> str:
    if escalation.state == EscalationState.ANSWERED:
        return "What whoever claimed it writes in this thread still goes to the asker."
    return f"After Claim, what you write in this thread goes to the asker, but for what begins with {ASIDE}"


def _buttons(escalation: Escalation) -> tuple[Button, ...]:
    actions = []
    if escalation.state == EscalationState.OPEN:
        actions.append(buttons.CLAIM)
    if escalation.state != EscalationState.ANSWERED:
        actions += [buttons.SEND, buttons.CHANGE] if escalation.is_draft else []
        actions.append(buttons.ANSWERED)
    actions.append(buttons.ARTICLE)
    return tuple(buttons.for_team(action, escalation.question_id) for action in actions)


def claim(question: Question, *, by: str, name: str) -> bool:
    """Take a question on. False when somebody has it already."""
    with transaction.atomic():
        taken = Escalation.objects.filter(question=question, state=EscalationState.OPEN).update(
            state=EscalationState.CLAIMED, claimed_by=by, claimed_at=timezone.now(), remind_at=None
        )
        if taken:
            _refresh(question, name)
    return bool(taken)


def answer(question: Question, *, by: str, name: str, text: str) -> None:
    """Close a question; `text` goes to the asker, unless it is empty because the person has answered there."""
    with transaction.atomic():
        _close(question, by=by, text=text)
        if text:
            relay(question, by=by, text=text)
        _refresh(question, name)


def reply(question: Question, *, by: str, name: str, text: str) -> None:
    """Send the draft that waits as `text`, or answer in these words where none does."""
    if not send_draft(question, by=by, name=name, text=text):
        answer(question, by=by, name=name, text=text)


def send_draft(question: Question, *, by: str, name: str, text: str = "") -> bool:
    """Send a draft to the asker, as it is or as `text`, which is kept beside it. False when it was sent before."""
    with transaction.atomic():
        open_ones = Escalation.objects.select_for_update().filter(question=question, is_draft=True)
        escalation = open_ones.exclude(state=EscalationState.ANSWERED).first()
        message = question.answer
        if escalation is None or message is None:
            return False
        sent = text or message.text
        Message.objects.filter(pk=message.pk).update(sent_text=sent)
        message.text = sent
        outbox.add(question, DeliveryKind.HUMAN, presenting.answer(message, question))
        _close(question, by=by, text=sent)
        Conversation.objects.filter(pk=question.conversation_id).update(silenced_at=None)
        _refresh(question, name)
    return True


def _close(question: Question, *, by: str, text: str) -> None:
    Escalation.objects.filter(question=question).update(
        state=EscalationState.ANSWERED, answered_by=by, answer=text, answered_at=timezone.now(), remind_at=None
    )


def relay(question: Question, *, by: str, text: str) -> None:
    """Post what a person of the team wrote into the asker's thread, and call the asker."""
    told = Delivery.objects.filter(question=question, kind=DeliveryKind.HUMAN).count()
    about = "" if by.startswith(DASHBOARD) else by  # a platform can only name its own people
    post = Post(text=neutral(text, links=_links(text)), mention=question.asker, about=about, about_label="Answered by")
    outbox.add(question, DeliveryKind.HUMAN, post, part=told + 1)


def is_thread(channel: Channel, thread_id: str) -> bool:
    """Whether a thread is the team's talk about a question."""
    return _posts(channel, thread_id).exists()


def hear(channel: Channel, thread_id: str, *, by: str, name: str, text: str) -> None:
    """A message in the team's thread: passed on to the asker if it is of whoever claimed the question."""
    post = _posts(channel, thread_id).select_related(
        "question__conversation", "question__channel__workspace", "question__escalation"
    ).get()  # fmt: skip
    question = post.question
    if question.escalation.claimed_by != by or text.startswith(ASIDE) or not text.strip():
        return
    if question.escalation.state == EscalationState.ANSWERED:
        relay(question, by=by, text=text)
    else:
        answer(question, by=by, name=name, text=text)


def _posts(channel: Channel, thread_id: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel=channel, kind=DeliveryKind.ESCALATION, message_id=thread_id)


def _refresh(question: Question, name: str) -> None:
    """Have the post of the team say how things stand."""
    post = Delivery.objects.of_team(question)
    if post is None:
        return
    Escalation.objects.filter(question=question).update(changes=F("changes") + 1)
    escalation = Escalation.objects.get(question=question)
    if escalation.claimed_by:
        escalation.claimed_by = name if not escalation.answered_by else escalation.claimed_by
    escalation.answered_by = name if escalation.state == EscalationState.ANSWERED else ""
    update = outbox.add(
        question, DeliveryKind.UPDATE, team_post(escalation, question, question.answer),
        part=escalation.changes, place=(post.channel, post.thread_id),
    )  # fmt: skip
    Delivery.objects.filter(pk=update.pk).update(message_id=post.message_id)


def _links(text: str) -> list[str]:
    """A person of the team may send any address."""
    return [word.strip("<>().,") for word in text.split() if word.strip("<>(").startswith(("https://", "http://"))]
