"""Replies of servers that speak OpenAI's or Anthropic's protocol, to the letter, and asking for them."""

import itertools
import json
from typing import Any

from llm.completion import Completion
from llm.providers.anthropic import AnthropicProvider
from llm.providers.openai import OpenAIProvider
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.rows.prompts import PROMPT

names = itertools.count()  # of models, each of which is asked as if for the first time
USAGE = {"prompt_tokens": 120, "completion_tokens": 15, "total_tokens": 135}


def chat(*contents: Any, end: Any = "stop", usage: Any = None, **delta: Any) -> Raw:
    """A streamed chat completion: a chunk for each content, then the end."""
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"content": content, **delta}, "finish_reason": None} for content in contents
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": end})
    chunks: list[dict[str, Any]] = [
        {"id": "1", "object": "chat.completion.chunk", "choices": [each]} for each in choices
    ]
    chunks.append(
        {"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": USAGE if usage is None else usage}
    )
    return sent(*chunks)


def sent(*chunks: Any) -> Raw:
    return Raw("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n")


def messages(*texts: Any, end: Any = "end_turn", usage: Any = None, last_usage: Any = None) -> Raw:
    """Anthropic's events for one block of text."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": end}, "usage": last_usage},
        {"type": "message_stop"},
    ]
    return Raw("".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode())


def ask(fake: FakeProviders, raw: Raw, *, model: str = "") -> tuple[str, Completion]:
    fake.script(raw)
    provider = OpenAIProvider(base_url=fake.openai_url, is_private_allowed=True, api_key=fake.key)
    return _split(list(provider.stream(PROMPT, model=model or f"model {next(names)}", timeout=5)))


def ask_anthropic(fake: FakeProviders, raw: Raw) -> tuple[str, Completion]:
    fake.script(raw)
    provider = AnthropicProvider(base_url=fake.anthropic_url, is_private_allowed=True, api_key=fake.key)
    return _split(list(provider.stream(PROMPT, model="a-model", timeout=5)))


def _split(items: list[str | Completion]) -> tuple[str, Completion]:
    *texts, end = items
    assert isinstance(end, Completion)
    text = "".join(map(str, texts))
    assert text == end.text
    return text, end
