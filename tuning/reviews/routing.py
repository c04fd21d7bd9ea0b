"""A fact goes into a document: the example leaves the queue when that document can be found, and not before."""

import re

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import replays, trace
from bot.answers.answered import Answer
from bot.claims import citations
from bot.team import articles
from knowledge.models import Chunk, Collection, Document, DocumentState, Visibility
from tuning.examples import reviewing
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleState, TrainingExample

_MARKER = re.compile(r"\s*\[\d{1,2}\]")


def draft(item: TrainingExample) -> tuple[str, str]:
    """A title and a text to begin with."""
    return " ".join(item.question.split())[: articles.MOST_TITLE], _MARKER.sub("", item.answer)


@transaction.atomic
def write(pk: int, user: User, collection: Collection, *, title: str, text: str) -> Document:
    """Make an article of what an example says, and have it read. The example stays in review until it is.

    Raises TakenError.
    """
    item = reviewing.held(pk, user)
    document = articles.add(collection, title=title, text=text, key=f"example-{item.pk}")
    item.article, item.awaits_article = document, False
    item.save(update_fields=["article", "awaits_article"])
    return document


def home(item: TrainingExample) -> Collection | None:
    """Where its article belongs: into what its asker was answered from, and where the answer cites an internal passage,
    into that collection, as what it says is for the team alone."""
    cited = item.passages.filter(number__in=citations.numbers(item.answer)).values("document__collection")
    internal = Collection.objects.filter(pk__in=cited).exclude(visibility=Visibility.PUBLIC)
    within = Collection.objects.filter(pk__in=reach(item)).order_by("-visibility", "pk")
    return internal.order_by("pk").first() or within.first()


def settle(pk: int) -> TrainingExample:
    """Decide an example whose article can be found by now; it is returned as it is."""
    with transaction.atomic():
        item = TrainingExample.objects.select_for_update(of=("self",)).select_related("article").get(pk=pk)
        is_there = item.article is not None and item.article.state == DocumentState.INDEXED
        if item.state == ExampleState.IN_REVIEW and is_there and not has_returned(item):
            reviewing.decide_routed(item)
        return item


def has_returned(item: TrainingExample) -> bool:
    """Whether it was taken up again after its article was written, to be learnt as well."""
    return item.passages.filter(document=item.article_id, is_attached=True).exists()


def settle_all() -> list[int]:
    """Settle whatever waits for its article, as the page may have been closed; the ids of what left the queue."""
    waiting = TrainingExample.objects.filter(
        state=ExampleState.IN_REVIEW, article__state=DocumentState.INDEXED
    ).values_list("pk", flat=True)  # fmt: skip
    return [pk for pk in waiting if settle(pk).state == ExampleState.ROUTED]


def ask_again(item: TrainingExample) -> Answer | None:
    """What the same question is answered now; None where its conversation is gone. Raises ProviderError,
    Deployment.DoesNotExist."""
    return replays.ask_again(item.message) if item.message else None


@transaction.atomic
def learn_too(pk: int, user: User) -> TrainingExample:
    """Take an example whose fact is an article now up again, with that article's passage, to be learnt or kept for an
    evaluation. Raises ExampleError."""
    item = TrainingExample.objects.select_for_update(of=("self",)).get(pk=pk)
    chunk = _passage_of(item)
    if item.state != ExampleState.ROUTED or chunk is None:
        raise ExampleError("Its article cannot be found any more, or it is in review already.")
    reviewing.give(item, chunk)
    return reviewing.reopen(item, user)


@transaction.atomic
def keep_too(pk: int, user: User) -> TrainingExample:
    """As `learn_too`, and kept for an evaluation at once. Raises ExampleError, with nothing done."""
    learn_too(pk, user)
    return reviewing.keep_for_evaluation(pk, user)


def _passage_of(item: TrainingExample) -> Chunk | None:
    found = Chunk.objects.filter(document=item.article_id).select_related("document").order_by("ordinal")
    return found.first() if item.article_id else None


def passage(item: TrainingExample, pk: int) -> Chunk:
    """A chunk that an example may be given. Raises ExampleError."""
    found = Chunk.objects.filter(pk=pk, collection__in=reach(item)).select_related("document").first()
    if found is None:
        raise ExampleError("That passage is not there any more, or its asker might not read it.")
    return found


def reach(item: TrainingExample) -> list[int]:
    """The collections whose passages an example may be given: those its asker was answered from, else the public
    ones."""
    known = trace.reach(item.message.asked).collections if item.message else None
    if known is not None:
        return list(known)
    return list(Collection.objects.public().values_list("pk", flat=True))
