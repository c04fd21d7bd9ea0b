"""Questions with their answers, over all platforms: found by what a form asks for, newest first, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef

from bot.models import Citation, Feedback, Message, MessageQuerySet, Outcome, Question, Speaker
from dashboard.rendering import words
from evaluation.figures.rollups import start_of
from llm.spending import money

PER_PAGE = 50
MATCHES = 20_000  # that a search for words looks among, newest first
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


def found(wanted: Mapping[str, Any]) -> MessageQuerySet:
    """The answers that fit what a ConversationFilter was filled in with, newest first."""
    answers = Message.objects.filter(speaker=Speaker.BOT)
    simple = {
        "conversation__platform": wanted.get("platform"),
        "conversation__channel": wanted.get("channel"),
        "outcome": wanted.get("outcome"),
        "model": wanted.get("model"),
        "cost__gte": wanted.get("least_cost"),
    }
    answers = answers.filter(**{name: value for name, value in simple.items() if value})
    if wanted.get("least_seconds"):
        answers = answers.filter(total_ms__gte=wanted["least_seconds"] * 1000)
    if wanted.get("since"):
        answers = answers.filter(created_at__gte=start_of(wanted["since"]))
    if wanted.get("until"):
        answers = answers.filter(created_at__lt=start_of(wanted["until"]) + timedelta(days=1))
    return _related(answers, wanted).order_by("-id")


def _related(answers: MessageQuerySet, wanted: Mapping[str, Any]) -> MessageQuerySet:
    """By what other tables say: thumbs, cited documents, and the words of question or answer."""
    thumbs = Feedback.objects.filter(message=OuterRef("pk"))
    if wanted.get("rating") == "none":
        answers = answers.filter(~Exists(thumbs))
    elif wanted.get("rating"):
        answers = answers.filter(Exists(thumbs.filter(is_positive=wanted["rating"] == "up")))
    if wanted.get("document"):
        answers = answers.filter(pk__in=Citation.objects.filter(document=wanted["document"]).values("message_id"))
    if wanted.get("text"):
        words = SearchQuery(wanted["text"], config="simple", search_type="websearch")
        said = Message.objects.annotate(words=SearchVector("text", config="simple")).filter(words=words)
        answers = answers.filter(trace_id__in=said.order_by("-id").values("trace_id")[:MATCHES])
    return answers


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
