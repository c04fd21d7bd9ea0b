"""Rows the tests of the dashboard stand on."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from bot.models import Citation, Conversation, Message, Outcome, Platform, Speaker
from llm.models import Purpose, UsageRecord

PASSAGE = "Plans can be cancelled. Annual plans are refunded within 30 days. Later they run out."


def make_user(name: str = "ada", password: str | None = None, *, is_superuser: bool = False) -> User:
    user = User(username=name, is_superuser=is_superuser)
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
