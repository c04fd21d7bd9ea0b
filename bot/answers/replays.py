"""A production prompt, built again from the trace of its answer."""

from typing import Any

from bot.answers import channel_rules, conversations, prompts
from bot.models import Channel, Message, Question, Speaker
from knowledge.retrieval.search import Hit, RetrievedSentence
from llm.prompt import Prompt


def asked(message: Message) -> Message:
    return Message.objects.get(trace_id=message.trace_id, speaker=Speaker.ASKER)


def _prompt(message: Message, question: Question | None) -> Prompt:
    """The prompt as the one builder makes it of the passages and turns that there were."""
    question_turn = asked(message)
    turns = conversations.history(
        message.conversation, question_turn.trace.get("collections", ()), before=question_turn
    )
    channel: Channel | None = question.channel if question else None
    manner = channel_rules.manner(channel, message.voice) if channel else prompts.PLAIN
    return prompts.build(str(message.trace.get("question", "")), hits(message), turns, may_search=True, manner=manner)


def prompt_of(message: Message) -> Prompt:
    """What the model was asked, built again from what was kept."""
    return _prompt(message, Question.objects.select_related("channel").filter(answer=message).first())


def hits(message: Message) -> list[Hit]:
    """The passages of an answer, frozen in its trace."""
    found = []
    for kept in message.trace.get("passages", []):
        known = {name: kept.get(name, default) for name, default in _HIT.items()}
        sentences = tuple(RetrievedSentence(**each) for each in kept.get("sentences", ()))
        found.append(Hit(**known, sentences=sentences))
    return found


_HIT: dict[str, Any] = {
    "chunk_id": 0, "document_id": 0, "collection_id": 0, "path": "", "url": "", "title": "", "heading": "", "text": "",
    "ordinal": 0, "score": 0.0, "scores": {},
}  # fmt: skip
