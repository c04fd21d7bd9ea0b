"""Messages of platforms, and rows of questions."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from bot.messenger import Incoming
from bot.models import Channel, Message, Platform, Question, Workspace

START = timezone.now() - timedelta(minutes=30)


def incoming(text: str = "How?", number: int = 1, **fields: Any) -> Incoming:
    """A message that was said `number` seconds after the start."""
    return Incoming(
        **{
            "platform": Platform.SLACK, "workspace": "T1", "channel": "C1", "message_id": f"1700000000.{number:06}",
            "author": "U1", "text": text, "delivery_key": f"d{number}",
            "asked_at": START + timedelta(seconds=number), **fields,
        }
    )  # fmt: skip


def make_question_row(answer: Message | None, channel: Channel, **fields: Any) -> Question:
    """The question that an answer was given to in a channel; without an answer it waits."""
    given: dict[str, Any] = {}
    if answer is not None:
        given = {"conversation": answer.conversation, "trace_id": answer.trace_id, "message_id": answer.trace_id}
    return Question.objects.create(
        **{
            "platform": channel.workspace.platform, "channel": channel, "asker": "U1", "asker_name": "Ann Example",
            "text": "How?", "answer": answer, "ranked_at": timezone.now(), **given, **fields,
        }
    )  # fmt: skip


def make_channel(platform: Platform = Platform.SLACK, **fields: Any) -> Channel:
    """A channel of a workspace, where outsiders may read unless it is said otherwise."""
    workspace, _ = Workspace.objects.get_or_create(platform=platform, external_id="T1")
    return Channel.objects.create(**{"workspace": workspace, "external_id": "C1", "name": "help", **fields})
