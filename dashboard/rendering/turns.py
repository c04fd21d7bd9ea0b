"""One question and its answer, with everything a page shows about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.safestring import SafeString

from bot.answers import trace
from bot.answers.trace import Caught, Trace
from bot.inbox.wishes import wants_person
from bot.models import Citation, Conversation, Feedback, Message, Outcome, Speaker
from bot.team import feedback
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from dashboard.rendering import markdown, timings, words
from dashboard.rendering.words import OUTCOMES
from knowledge.passages.hyperlinks import addresses
from llm.spending import money


@dataclass(frozen=True)
class ShownTurn:
    """A question and, unless the process died over it, its answer. `user` is whose opinion is shown."""

    asked: Message
    answered: Message | None
    user: User

    @cached_property
    def html(self) -> SafeString:
        return markdown.answer(self.answered.text, map(_source, self.citations)) if self.answered else SafeString()

    @cached_property
    def trace(self) -> Trace:
        return trace.of(self.answered) if self.answered else Trace()

    @cached_property
    def citations(self) -> list[Citation]:
        return list(self.answered.citations.all()) if self.answered else []

    @property
    def sources(self) -> list[tuple[Citation, str]]:
        """The citations with the words they quote."""
        return [(citation, markdown.plain(citation.quote)) for citation in self.citations]

    @property
    def outcome(self) -> str:
        return OUTCOMES[Outcome(self.answered.outcome)][0] if self.answered else ""

    @property
    def explanation(self) -> str:
        return OUTCOMES[Outcome(self.answered.outcome)][1] if self.answered else ""

    @property
    def note(self) -> str:
        """What is said under an answer: that there is no person to ask on a page, or who wrote it in whose place."""
        if self.answered is not None and self.answered.is_quoted_instead:
            return ENGLISH.say(phrases.QUOTED_INSTEAD)
        return ENGLISH.say(phrases.NOBODY_HERE) if wants_person(self.asked.text) else ""

    @property
    def has_failed(self) -> bool:
        return self.answered is not None and self.answered.outcome == Outcome.PROVIDER_ERROR

    @property
    def cost(self) -> str:
        return money.label(self.answered.cost) if self.answered else ""

    @property
    def seconds(self) -> float:
        return (self.answered.total_ms or 0.0) / 1000 if self.answered else 0.0

    @property
    def stages(self) -> list[timings.Stage]:
        if self.answered is None:
            return []
        return timings.stages(self.trace.stages_ms, self.answered.first_token_ms, self.answered.total_ms)

    @property
    def searched_for(self) -> str:
        """What was searched for, where that is not the question as it was asked."""
        return "" if self.trace.question == self.asked.text else self.trace.question

    @property
    def caught(self) -> list[tuple[Caught, str, str]]:
        """What checking its claims found, each with what is wrong with it and what came of it, in words."""
        return [(each, words.FAULTS[each.fault], words.BECAME[each.became]) for each in self.trace.caught]

    @property
    def opinion(self) -> bool | None:
        """Thumbs up, thumbs down, or none yet."""
        return self.own_opinion.is_positive if self.own_opinion else None

    @property
    def own_opinion(self) -> Feedback | None:
        own = [each for each in self.answered.feedback.all() if each.user_id == self.user.pk] if self.answered else []
        return own[0] if own else None

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """What may be said against it."""
        return feedback.reasons(self.answered, ENGLISH.say)


def of_conversation(conversation: Conversation, user: User) -> list[ShownTurn]:
    messages = conversation.messages.select_related("question__escalation", "question__channel").order_by("id")
    messages = messages.prefetch_related("citations", "feedback")
    return list(_turns(list(messages), user))


def of_answer(answer: Message, user: User) -> ShownTurn:
    return ShownTurn(answer.asked, answer, user)


def _turns(messages: list[Message], user: User) -> Iterator[ShownTurn]:
    answers = {message.trace_id: message for message in messages if message.speaker == Speaker.BOT}
    for message in messages:
        if message.speaker == Speaker.ASKER:
            yield ShownTurn(message, answers.get(message.trace_id), user)


def _source(citation: Citation) -> markdown.CitedSource:
    href = reverse("passage", args=[citation.pk])
    links = (citation.url, *addresses(citation.passage))
    return markdown.CitedSource(citation.number, href, citation.title, links)
