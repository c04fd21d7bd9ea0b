"""What a person answered, as a document that answers the next time."""

import re

from django.conf import settings

from bot.models import Message, Question
from knowledge import tasks
from knowledge.index import indexing
from knowledge.index.collections import collection_for
from knowledge.models import Collection, Document
from knowledge.originals.base import File

MOST_TITLE = 150


def proposal(question: Question) -> tuple[str, str]:
    """A title and a text to begin with: the question, and what the team answered or sent."""
    escalation = getattr(question, "escalation", None)
    said = escalation.answer if escalation else ""
    text = said or (question.answer.text if question.answer else "")
    return _title(question.text), text


def of_answer(message: Message, asked: str) -> tuple[str, str]:
    """A title and a text to begin with: the question, and what was sent or answered."""
    return _title(asked), message.sent_text or message.text


def request(question: Question, *, title: str, text: str) -> None:
    """As `add`, into the collection that the channel of a question searches first."""
    collection = question.channel.collections.order_by("-visibility", "pk").first()
    collection = collection or Collection.objects.public().order_by("pk").first() or collection_for("", None)
    add(collection, title=title, text=text, key=question.pk)


def add(collection: Collection, *, title: str, text: str, key: int | str) -> Document:
    """Make an article a waiting document and have it read. `key` keeps articles of one title apart."""
    text = f"# {' '.join(title.split())}\n\n{text}\n"
    return tasks.hand_in_article(f"{_slug(title)}-{key}.md", text, collection)


def index_old(collection: Collection, name: str) -> None:
    """Make an article that an older install wrote down a document, where it lies."""
    path = settings.PARLEY_HOME / "articles" / name
    list(indexing.add([File(path, f"articles/{name}")], collection))


def _title(asked: str) -> str:
    return " ".join(asked.split())[:MOST_TITLE]


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "article"
