"""A dataset as the files that trainers read: one JSON object a line, the same bytes whenever it is asked for. Pure.

openai: developers.openai.com/api/docs/guides/supervised-fine-tuning. openai-dpo: the preference format of the same
guide, also taken by Azure, Together and Fireworks. trl: conversational prompt and completion (huggingface.co/docs/trl,
dataset formats). axolotl: its `chat_template` type over `messages`.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

Message = dict[str, str]


class WrittenLine(Protocol):
    """What is written of an example; tuning.models.DatasetLine is one. The last message is the assistant's."""

    messages: list[Message]
    rejected: str


class FormatError(ValueError):
    """The dataset holds nothing that this format could say, or there is no such format."""


def write(lines: Iterable[WrittenLine], name: str) -> bytes:
    """The file of these lines in a format. Raises FormatError."""
    if name not in FORMATS:
        raise FormatError(f"There is no format {name}; known are {', '.join(FORMATS)}.")
    written = [FORMATS[name](line) for line in lines if line.messages]  # one that was erased has none
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in written if each is not None)
    if not text:
        raise FormatError("No line of the dataset has an answer that was changed: there are no preferences to learn.")
    return text.encode()


def _messages(line: WrittenLine) -> dict[str, Any]:
    return {"messages": line.messages}


def _preference(line: WrittenLine) -> dict[str, Any] | None:
    """None where nobody preferred one answer to another."""
    if not line.rejected:
        return None
    return {
        "input": {"messages": line.messages[:-1], "tools": [], "parallel_tool_calls": True},
        "preferred_output": line.messages[-1:],
        "non_preferred_output": [{"role": "assistant", "content": line.rejected}],
    }


def _completion(line: WrittenLine) -> dict[str, Any]:
    return {"prompt": line.messages[:-1], "completion": line.messages[-1:]}


FORMATS: dict[str, Callable[[WrittenLine], dict[str, Any] | None]] = {
    "openai": _messages,
    "openai-dpo": _preference,
    "trl": _completion,
    "axolotl": _messages,
}
