"""An answer as Server-Sent Events: `retrieved`, then a `delta` for every piece of text, then `done` with its HTML."""

import contextlib
import json
from collections.abc import Generator, Iterator

from django.http import StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from bot.answers.conversations import Delta, Done, Event, Retrieved
from bot.models import Message
from dashboard.guard import loading
from dashboard.rendering import turns

MEDIA_TYPE = "text/event-stream"


def response(request: loading.Request, events: Generator[Event]) -> StreamingHttpResponse:
    """Stream `events`. When the reader leaves, the events are closed, which keeps the answer all the same."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(_frames(request, events), content_type=MEDIA_TYPE, headers=headers)


def answer(events: Generator[Event]) -> Message:
    """The answer at the end of `events`, for whoever does not watch it being written."""
    for event in events:
        if isinstance(event, Done):
            return event.message
    raise AssertionError("an answer always ends in Done")


def _frames(request: loading.Request, events: Generator[Event]) -> Iterator[str]:
    with contextlib.closing(events):
        for event in events:
            match event:
                case Retrieved():
                    yield _frame("retrieved", passages=len(event.retrieval.hits))
                case Delta():
                    yield _frame("delta", text=event.text)
                case Done():
                    yield _frame("done", **_finished(request, event.message))


def _finished(request: loading.Request, message: Message) -> dict[str, object]:
    context = {
        "turn": turns.of_answer(message, request.user),
        "recent": loading.conversations(request.user)[: loading.RECENT],
        "current": message.conversation_id,
    }
    html = render_to_string("dashboard/ask/_answered.html", context, request)
    return {
        "html": html,
        "conversation": message.conversation_id,
        "url": reverse("conversation", args=[message.conversation_id]),
    }


def _frame(name: str, **data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
