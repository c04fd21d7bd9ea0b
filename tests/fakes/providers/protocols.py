"""What OpenAI's and Anthropic's servers accept and send, as plain functions: the protocol half of fake_providers."""

import base64
import hashlib
import json
import math
import re
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Block = tuple[str, tuple[int, ...]]
"""A piece of a reply and the passages it rests on, counted from 0."""

CHAT_FIELDS = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "stream", "stream_options"}
MESSAGES_FIELDS = {"model", "messages", "max_tokens", "system", "stream", "stop_sequences", "metadata", "cache_control"}
EMBEDDING_FIELDS = {"model", "input", "dimensions", "encoding_format"}


@dataclass(frozen=True)
class Ending:
    """How a reply ends."""

    openai: str = "stop"
    anthropic: str = "end_turn"
    has_usage: bool = True


@dataclass(frozen=True)
class Raw:
    """A reply to the letter; of `status` 200 a stream of events."""

    body: bytes
    status: int = 200


def chat_fault(body: dict[str, Any]) -> str:
    """What is wrong with a chat completions request, empty when nothing is. Models named reasoning-* are pickier."""
    if unknown := set(body) - CHAT_FIELDS:
        return f"Unknown parameter: '{sorted(unknown)[0]}'."
    if fault := _picky_model_fault(body):
        return fault
    if "stream_options" in body and not body.get("stream"):
        return "'stream_options' is only allowed when 'stream' is true."
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not body.get("model"):
        return "'model' and 'messages' are required."
    roles = [message.get("role") for message in messages]
    if not set(roles) <= {"system", "user", "assistant"} or "system" in roles[1:] or roles[-1] != "user":
        return f"Unexpected order of roles: {roles}."
    if not all(isinstance(message.get("content"), str) and message["content"].strip() for message in messages):
        return "A message has no content."
    return ""


def _picky_model_fault(body: dict[str, Any]) -> str:
    if not str(body.get("model", "")).startswith("reasoning-"):
        return ""
    if "max_tokens" in body:
        return "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    return "Unsupported value: 'temperature' does not support 0 with this model." if "temperature" in body else ""


def messages_fault(body: dict[str, Any]) -> str:
    """What is wrong with an Anthropic messages request, empty when nothing is."""
    if unknown := set(body) - MESSAGES_FIELDS:
        return f"{sorted(unknown)[0]}: Extra inputs are not permitted"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return "max_tokens: Field required"
    messages = body.get("messages") or []
    roles = [message.get("role") for message in messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        return f"messages: roles must alternate and begin and end with user, not {roles}"
    blocks = [block for message in messages for block in _blocks(message["content"])] + _blocks(body.get("system", "-"))
    faults = (_block_fault(block) for block in blocks)
    if fault := next(filter(None, faults), ""):
        return fault
    cites = {bool(block["citations"]["enabled"]) for block in blocks if block["type"] == "search_result"}
    return "citations must be enabled on all or none of the search results" if len(cites) > 1 else ""


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _block_fault(block: dict[str, Any]) -> str:
    if block.get("type") == "text":
        return "" if str(block.get("text", "")).strip() else "text content blocks must be non-empty"
    if block.get("type") != "search_result":
        return f"unknown block type {block.get('type')}"
    if not block.get("source") or not block.get("title") or not block.get("content"):
        return "search_result: source, title and content are required"
    return next(filter(None, (_block_fault(inner) for inner in block["content"])), "")


def embedding_fault(body: dict[str, Any]) -> str:
    if unknown := set(body) - EMBEDDING_FIELDS:
        return f"Unknown parameter: '{sorted(unknown)[0]}'."
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not texts or len(texts) > 2048 or not all(isinstance(text, str) and text for text in texts):
        return "'input' must be 1 to 2048 non-empty strings."
    return ""


def question(body: dict[str, Any]) -> str:
    """The last thing the user said, without the passages."""
    text: str = _blocks(body["messages"][-1]["content"])[-1]["text"]
    return text.strip().splitlines()[-1]


def passages(body: dict[str, Any]) -> int:
    """How many search results an Anthropic request holds."""
    return sum(block["type"] == "search_result" for block in _blocks(body["messages"][-1]["content"]))


def with_markers(blocks: list[Block]) -> str:
    return "".join(text + "".join(f" [{index + 1}]" for index in cited) for text, cited in blocks)


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def chat_events(model: str, blocks: list[Block], ending: Ending) -> Iterator[str]:
    """A streamed chat completion; the words come one by one."""
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}

    def event(**choice: Any) -> str:
        return _data({**frame, "choices": [{"index": 0, "finish_reason": None, **choice}]})

    yield event(delta={"role": "assistant", "content": ""})
    for word in _words(with_markers(blocks)):
        yield event(delta={"content": word})
    yield event(delta={}, finish_reason=ending.openai)
    if ending.has_usage:
        yield _data({**frame, "choices": [], "usage": CHAT_USAGE})
    yield "data: [DONE]\n\n"


CHAT_USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 15,
    "total_tokens": 135,
    "prompt_tokens_details": {"cached_tokens": 20},
}
MESSAGES_USAGE = {"input_tokens": 90, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 10}


def chat_reply(model: str, blocks: list[Block], ending: Ending) -> dict[str, Any]:
    message = {"role": "assistant", "content": with_markers(blocks)}
    choice = {"index": 0, "finish_reason": ending.openai, "message": message}
    reply = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]}
    return {**reply, "usage": CHAT_USAGE} if ending.has_usage else reply


def message_events(model: str, blocks: list[Block], ending: Ending) -> Iterator[str]:
    """A streamed message: a text block for every piece, its citations after its words, as Anthropic sends them."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
    start = {**message, "stop_reason": None, "stop_sequence": None, "usage": {**MESSAGES_USAGE, "output_tokens": 1}}
    yield _named("message_start", message=start)
    for index, (text, cited) in enumerate(blocks):
        yield _named("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for word in _words(text):
            yield _named("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
        for number in cited:
            delta = {"type": "citations_delta", "citation": citation(number)}
            yield _named("content_block_delta", index=index, delta=delta)
        yield _named("content_block_stop", index=index)
    end = {"stop_reason": ending.anthropic, "stop_sequence": None}
    yield _named("message_delta", delta=end, usage={"output_tokens": 15})
    yield _named("message_stop")


def citation(number: int) -> dict[str, Any]:
    return {
        "type": "search_result_location",
        "source": f"passage-{number + 1}",
        "title": "A title",
        "cited_text": "A text",
        "search_result_index": number,
        "start_block_index": 0,
        "end_block_index": 1,
    }


def embedding_reply(body: dict[str, Any]) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [_vector(text, body.get("dimensions", 1536)) for text in texts]
    if body.get("encoding_format") == "base64":
        encoded: list[Any] = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in vectors]
    else:
        encoded = list(vectors)
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(encoded)]
    used = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "model": body["model"],
        "data": data,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def _vector(text: str, dimensions: int) -> list[float]:
    """Texts that share words get similar vectors: every word adds one to a dimension of its own."""
    vector = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()) or [text]:
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % dimensions] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]


def _data(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload)}\n\n"


def _named(kind: str, **payload: Any) -> str:
    return f"event: {kind}\n{_data({'type': kind, **payload})}"


def as_scripted(events: list[str], step: str, released: threading.Event) -> Iterator[str]:
    half = events[: len(events) // 2]
    if step in ("drip", "ping"):
        yield from half if step == "drip" else ()
        while not released.wait(0.1):
            yield half[-1] if step == "drip" else ": still here\n\n"
    elif step in ("cut", "stall", "no_end", "pause"):
        yield from half
        if step in ("stall", "pause"):
            released.wait(30)
        yield from events[len(half) :] if step == "pause" else ()
    elif step == "bad_json":
        yield "event: message_start\ndata: {not json\n\n"
    elif step == "error_event":
        error = {"type": "overloaded_error", "message": "Overloaded"}
        yield half[0]
        yield f"event: error\ndata: {json.dumps({'type': 'error', 'error': error})}\n\n"
    elif step != "empty":
        yield from events
