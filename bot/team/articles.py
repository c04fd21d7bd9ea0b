"""What a person answered, as a document that answers the next time."""

import re

from django.conf import settings
from django_q.tasks import async_task

from bot.models import Message, Question
from knowledge.index import indexing
from knowledge.index.collections import collection_for
from knowledge.models import Collection
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


def add(collection: Collection, *, title: str, text: str, key: int) -> None:
    """Write an article down and have it indexed. `key` keeps articles of one title apart."""
    path = settings.PARLEY_HOME / "articles" / f"{_slug(title)}-{key}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(f"# {' '.join(title.split())}\n\n{text}\n", encoding="utf-8")
    draft.rename(path)
    async_task("bot.tasks.index_article", collection.pk, path.name, task_name=f"article {key}")


def index(collection: Collection, name: str) -> None:
    """Make the article a document."""
    path = settings.PARLEY_HOME / "articles" / name
    list(indexing.add([File(path, f"articles/{name}")], collection))


def _title(asked: str) -> str:
    return " ".join(asked.split())[:MOST_TITLE]


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "article"
