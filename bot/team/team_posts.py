"""The post by which a team knows of a question: what it says, and how it keeps saying how things stand."""

from copy import copy

from django.db.models import F

from bot import outbox
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Escalation,
    EscalationState,
    Message,
    Outcome,
    Platform,
    Question,
)
from bot.posts import buttons, presenting
from bot.posts.neutralising import neutral
from bot.posts.post import Button, Credit, Post
from bot.posts.splitting import split

ASIDE = "//"  # begins a message of the team's thread that is not for the asker
SOMEBODY = "somebody of the team"
WITHOUT_ANSWER = {  # what the team reads in place of an answer
    Outcome.NOT_IN_DOCS: "I found no answer in the documents.",
    Outcome.CLARIFY: "I found no question in it.",
    Outcome.BLOCKED: "The model declined the question.",
    Outcome.OVER_BUDGET: "The budget for answers was used up.",
    Outcome.PROVIDER_ERROR: "My answer could not be written.",
}
MOST: dict[str, int] = {Platform.DISCORD: 550}  # characters of a question, and of an answer
MOST_ELSEWHERE = 4000


def build(escalation: Escalation, question: Question, answer: Message | None) -> Post:
    """The question as the team sees it: who asked what where, the bot's answer with its sources, what can be done."""
    lines = [f"**{_heading(escalation, question)}**", f"Asked in {neutral(str(question.channel), links=())}:"]
    lines.append(_short(presenting.quoted(question), question))
    sources: tuple[Credit, ...] = ()
    if answer is not None and answer.outcome == Outcome.ANSWERED:
        shown = presenting.answer(_as_sent(answer), question)
        lines += [_label(escalation, answer), _short(shown.text, question)]
        sources = shown.sources
    elif answer is not None and answer.outcome == Outcome.ESCALATED:
        lines.append(neutral(escalation.reason, links=()))
    elif answer is not None:
        lines.append(f"{WITHOUT_ANSWER[Outcome(answer.outcome)]} {neutral(escalation.reason, links=())}")
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


def _as_sent(answer: Message) -> Message:
    """The answer in the words that the asker has read."""
    sent = copy(answer)
    sent.text = answer.sent_text or answer.text
    return sent


def _label(escalation: Escalation, answer: Message) -> str:
    if answer.sent_text:
        return "**What was sent**"
    return "**Draft**" if escalation.is_draft else "**What I answered**"


def _short(text: str, question: Question) -> str:
    """What fits into the one message that carries the buttons; the whole stands where it leads to."""
    most = MOST.get(question.platform, MOST_ELSEWHERE)
    return text if len(text) <= most else f"{split(text, most)[0].rstrip()}\n\n[…]"


def _heading(escalation: Escalation, question: Question) -> str:
    if escalation.state == EscalationState.ANSWERED:
        return _ended(escalation, question)
    if escalation.state == EscalationState.CLAIMED:
        return f"Claimed by {neutral(escalation.claimed_by_name, links=()) or SOMEBODY}"
    return "A draft waits for you" if escalation.is_draft else "A question for the team"


def _ended(escalation: Escalation, question: Question) -> str:
    name = neutral(escalation.answered_by_name, links=()) or SOMEBODY
    if escalation.closed_by == question.asker:
        return f"Solved, says the asker; answered by {name}" if escalation.answered_by else "Solved, says the asker"
    return f"Answered by {name}"


def _hint(escalation: Escalation) -> str:
    if escalation.state == EscalationState.ANSWERED:
        return "It is closed: what is written here stays here. Reopen it to go on with the asker."
    if escalation.state == EscalationState.CLAIMED:
        name = neutral(escalation.claimed_by_name, links=()) or "whoever claimed it"
        return f"What {name} writes in this thread goes to the asker, but for what begins with {ASIDE}"
    return f"After Claim, what you write in this thread goes to the asker, but for what begins with {ASIDE}"


def _buttons(escalation: Escalation) -> tuple[Button, ...]:
    actions = []
    if escalation.state == EscalationState.OPEN:
        actions.append(buttons.CLAIM)
    if escalation.state == EscalationState.ANSWERED:
        actions.append(buttons.REOPEN)
    else:
        actions += [buttons.SEND, buttons.CHANGE] if escalation.is_draft else []
        actions.append(buttons.ANSWERED)
    actions.append(buttons.ARTICLE)
    return tuple(buttons.for_team(action, escalation.question_id) for action in actions)


def refresh(escalation: Escalation, question: Question) -> None:
    """Have the post of the team say how things stand, where there is one."""
    post = Delivery.objects.filter(question=question, kind=DeliveryKind.ESCALATION).select_related("channel").first()
    if post is None or post.state == DeliveryState.DEAD:
        return
    Escalation.objects.filter(pk=escalation.pk).update(changes=F("changes") + 1)
    escalation.refresh_from_db(fields=["changes"])
    outbox.add(
        question, DeliveryKind.UPDATE, build(escalation, question, question.answer),
        part=escalation.changes, place=(post.channel, post.thread_id),
    )  # fmt: skip
