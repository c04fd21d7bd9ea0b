"""Answers that were given, read for many cases at once, and what each is as a case."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.answers import conversations, trace
from bot.erasing import ERASED
from bot.models import Message, Outcome, Speaker
from evaluation.cases.case_drafts import CaseDraft
from evaluation.models import ExpectedBehaviour
from llm.prompt import Turn
from tuning.examples.proposing import people
from tuning.examples.redacting import Own, Redaction

EXPECTED = {
    Outcome.ANSWERED: ExpectedBehaviour.ANSWER,
    Outcome.NOT_IN_DOCS: ExpectedBehaviour.REFUSE,
    Outcome.CLARIFY: ExpectedBehaviour.CLARIFY,
    Outcome.ESCALATED: ExpectedBehaviour.ESCALATE,
}


class CaseError(ValueError):
    """This cannot become a case; the message says why."""


@dataclass(frozen=True)
class PastAnswer:
    """An answer with its question, and the turns before it as the asker might see them then."""

    message: Message
    asked: Message
    turns: Sequence[Turn]


def read(pks: Sequence[int]) -> dict[int, PastAnswer | CaseError]:
    """What can be asked again, and why the others cannot be, by the id of the answer.

    Until the caller's transaction ends nobody erases what was read: what is erased meanwhile is waited for.
    """
    answers = _locked(pks)
    asked = {each.trace_id: each for each in _asked(answers.values())}
    earlier = _by_conversation(answers.values())
    found: dict[int, PastAnswer | CaseError] = {}
    for pk in pks:
        try:
            found[pk] = _past(answers.get(pk), asked, earlier)
        except CaseError as error:
            found[pk] = error
    return found


def draft(past: PastAnswer, own: Own) -> tuple[CaseDraft, bool]:
    """The case of an answer, and whether something that names a person was taken out of it.

    `own` is what the company states in public itself and may stay.
    """
    message = past.message
    question = _by_itself(past)
    said = [*(turn.text for turn in past.turns if turn.role == "user"), question]
    redaction = Redaction(people(message, past.asked), own=own, said=said)
    expected = EXPECTED[Outcome(message.outcome)]
    is_answer = expected == ExpectedBehaviour.ANSWER
    made = CaseDraft(
        question=redaction.clean(question),
        history=tuple({"role": turn.role, "text": redaction.clean(turn.text)} for turn in past.turns),
        expected=expected,
        gold=tuple(dict.fromkeys(each.path for each in sorted(message.citations.all(), key=lambda each: each.number))),
        reference=redaction.clean(_best(message)) if is_answer else "",
        thread=f"conversation {message.conversation_id}",
    )
    return made, bool(redaction.counts)


def _by_itself(past: PastAnswer) -> str:
    """What was asked; where it was about what others had written around it, as it was understood."""
    understood = trace.of(past.message).question if trace.reach(past.asked).surroundings else ""
    return understood or past.asked.text


def _best(message: Message) -> str:
    """What people said would have been better, else what was sent."""
    better = [each for each in message.feedback.all() if each.better_answer]
    newest = max(better, key=lambda each: each.updated_at, default=None)
    return newest.better_answer if newest else message.sent_text or message.text


def _locked(pks: Sequence[int]) -> dict[int, Message]:
    known = Message.objects.select_related("conversation__user").defer("trace").order_by("pk")
    known = known.prefetch_related("citations", "feedback", "nominations", "conversation__questions")
    return {each.pk: each for each in known.select_for_update(of=("self",), no_key=True).filter(pk__in=pks)}


def _asked(answers: Iterable[Message]) -> Iterator[Message]:
    traces = [each.trace_id for each in answers]
    asked = Message.objects.filter(trace_id__in=traces, speaker=Speaker.ASKER).order_by("pk")
    yield from asked.select_for_update(no_key=True)


def _by_conversation(answers: Iterable[Message]) -> dict[int, list[Message]]:
    """Every turn of the conversations, oldest first; of answers without the trace, which is long."""
    conversations_of = {each.conversation_id for each in answers}
    turns = Message.objects.filter(conversation__in=conversations_of)
    both = [*turns.filter(speaker=Speaker.ASKER), *turns.filter(speaker=Speaker.BOT).defer("trace")]
    found: dict[int, list[Message]] = defaultdict(list)
    for each in sorted(both, key=lambda each: each.pk):
        found[each.conversation_id].append(each)
    return found


def _past(message: Message | None, asked: dict[str, Message], earlier: dict[int, list[Message]]) -> PastAnswer:
    """Raises CaseError."""
    if message is None:
        raise CaseError("The conversation was deleted meanwhile.")
    if message.speaker != Speaker.BOT or Outcome(message.outcome) not in EXPECTED:
        raise CaseError("Only an answer, a refusal, a word that asks back or hands over can become a case.")
    question = asked.get(message.trace_id)
    if question is None:
        raise CaseError("Its question is gone.")
    if ERASED in (message.text, question.text):
        raise CaseError("What was said there was erased.")
    before = [each for each in earlier[message.conversation_id] if each.pk < question.pk]
    return PastAnswer(message, question, conversations.turns(before, trace.reach(question).collections or ()))
