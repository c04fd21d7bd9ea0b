"""Rows the tests of the dashboard stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from bot.models import Citation, Conversation, Message, Outcome, Platform, Speaker
from knowledge.embedders import embedding
from knowledge.embedders.base import PassageText
from knowledge.index import chunk_rows
from knowledge.models import Collection, Document, DocumentState, DocumentVersion
from knowledge.passages import sentences
from llm.models import Deployment, Endpoint, Purpose, ServingRole, UsageRecord


@dataclass(frozen=True)
class ChunkText:
    heading: str
    text: str
    token_count: int
    sentence_spans: tuple[tuple[int, int], ...]
    links: Sequence[str] = ()


PASSAGE = "Plans can be cancelled. Annual plans are refunded within 30 days. Later they run out."


def make_user(
    name: str = "ada", password: str | None = None, *, is_superuser: bool = False, is_staff: bool = True
) -> User:
    user = User(username=name, is_superuser=is_superuser, is_staff=is_staff)
    user.set_password(password)
    user.save()
    return user


def make_question(user: User, text: str = "How are annual plans refunded?", trace_id: str = "1" * 32) -> Message:
    conversation = Conversation.objects.create(platform=Platform.WEB, user=user)
    return Message.objects.create(conversation=conversation, speaker=Speaker.ASKER, text=text, trace_id=trace_id)


def make_answer(question: Message, text: str = "Within 30 days [1].", **fields: Any) -> Message:
    trace = {
        "question": question.text,
        "passages": [
            {
                "title": "Refunds",
                "heading": "Refunds > Annual plans",
                "text": PASSAGE,
                "score": 0.912,
                "scores": {"bm25": 0.8, "cosine": 0.71},
            }
        ],
        "stages_ms": {"embed": 1.5, "search": 8.5},
        "answerable": 0.93,
    }
    return Message.objects.create(
        **{
            "conversation": question.conversation,
            "speaker": Speaker.BOT,
            "text": text,
            "trace_id": question.trace_id,
            "outcome": Outcome.ANSWERED,
            "provider": "openai",
            "model": "a-model",
            "first_token_ms": 400.0,
            "total_ms": 1900.0,
            "trace": trace,
            **fields,
        }
    )


def make_citation(answer: Message, number: int = 1, **fields: Any) -> Citation:
    return Citation.objects.create(
        **{
            "message": answer,
            "number": number,
            "title": "Refunds",
            "heading": "Refunds > Annual plans",
            "path": "articles/refunds.md",
            "url": "https://help.example.com/refunds",
            "quote": "Annual plans are refunded within 30 days.",
            "passage": PASSAGE,
            **fields,
        }
    )


def make_usage(trace_id: str, cost: str | None) -> UsageRecord:
    return UsageRecord.objects.create(
        trace_id=trace_id,
        purpose=Purpose.ANSWER,
        provider="openai",
        model="a-model",
        cost=None if cost is None else Decimal(cost),
        latency_ms=5.0,
    )


def make_models() -> None:
    """The local embedding model, and a model behind OpenAI's protocol that writes the answers."""
    for role, provider, model, dimensions in (
        (ServingRole.ANSWER, "openai", "a-model", None),
        (ServingRole.EMBED, "local", "all-MiniLM-L6-v2", 384),
    ):
        endpoint = Endpoint.objects.create(name=provider, provider=provider)
        Deployment.objects.create(role=role, endpoint=endpoint, model=model, dimensions=dimensions, reason="a test")


def make_document(collection: Collection, title: str = "Refunds", text: str = PASSAGE) -> Document:
    """A document of one passage that can be found; make_models comes first."""
    document = Document.objects.create(
        collection=collection, origin=f"/{title}.md", path=f"{title}.md", title=title, state=DocumentState.INDEXED
    )
    version = DocumentVersion.objects.create(
        document=document, number=1, fingerprint="f", byte_count=len(text), chunk_count=1
    )
    chunk = ChunkText(title, text, 30, tuple(sentences.split(text)))
    vectors = embedding.embed_passages([PassageText(title, text, chunk.sentence_spans)], trace_id="0" * 32)
    chunk_rows.insert(version, [chunk], vectors, space=Deployment.objects.live(ServingRole.EMBED).vector_space)
    Document.objects.filter(pk=document.pk).update(live_version=version)
    return document
