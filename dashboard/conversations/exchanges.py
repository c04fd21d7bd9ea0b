"""Questions with their answers, over all platforms, newest first, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.models import Feedback, Message, MessageQuerySet, Outcome, Question
from dashboard.rendering import words
from llm.spending import money

PER_PAGE = 50
EXPORTED = 100_000


@dataclass(frozen=True)
class Exchange:
    """An answer and what it answers. `rating` is the last thumb, None where there is none."""

    answer: Message
    question: str
    asker: str
    rating: bool | None

    @property
    def outcome(self) -> str:
        return words.OUTCOMES[Outcome(self.answer.outcome)][0]

    @property
    def thumb(self) -> tuple[str, str] | None:
        """The rating as a picture and in words."""
        return None if self.rating is None else words.THUMBS[self.rating]

    @property
    def cost(self) -> str:
        return money.label(self.answer.cost)

    @property
    def seconds(self) -> float:
        return (self.answer.total_ms or 0.0) / 1000


@dataclass(frozen=True)
class ExchangePage:
    """`older` is the id to go on before, None on the last page."""

    exchanges: list[Exchange]
    older: int | None


@dataclass(frozen=True)
class Choice:
    """All that fits, for doing something with it: how many, or None where they are more than `most`; and the newest id
    among them, as more come in while somebody reads the page."""

    count: int | None
    newest: int
    most: int


def choice(answers: MessageQuerySet, *, most: int) -> Choice | None:
    """None where nothing fits."""
    newest = answers.values_list("pk", flat=True).first()
    if newest is None:
        return None
    count = answers[: most + 1].count()
    return Choice(count if count <= most else None, newest, most)


def page(answers: MessageQuerySet, *, before: int | None) -> ExchangePage:
    """One page. Going on from an id costs the same on the thousandth page as on the first."""
    if before:
        answers = answers.filter(pk__lt=before)
    rows = list(
        answers.select_related("conversation__channel", "question").with_asked_text().defer("trace")[: PER_PAGE + 1]
    )
    shown = rows[:PER_PAGE]
    return ExchangePage(_exchanges(shown), shown[-1].pk if len(rows) > PER_PAGE else None)


def each(answers: MessageQuerySet) -> Iterator[Exchange]:
    """Every one, up to EXPORTED, in batches."""
    before: int | None = None
    for _ in range(EXPORTED // PER_PAGE):
        part = page(answers, before=before)
        yield from part.exchanges
        if part.older is None:
            return
        before = part.older


def _exchanges(answers: list[Message]) -> list[Exchange]:
    thumbs = dict(
        Feedback.objects.filter(message__in=answers).order_by("updated_at").values_list("message_id", "is_positive")
    )
    return [Exchange(answer, answer.asked_text or "", _asker(answer), thumbs.get(answer.pk)) for answer in answers]


def _asker(answer: Message) -> str:
    """Who asked, as the platform calls them; empty for what was asked on a page."""
    question: Question | None = getattr(answer, "question", None)
    return question.asker_name or question.asker if question else ""
