"""A dataset as the files that trainers read: one JSON object a line, the same bytes whenever it is asked for. Pure.

openai: developers.openai.com/api/docs/guides/supervised-fine-tuning. openai-dpo: the preference format of the same
guide, also taken by Azure, Together and Fireworks. trl: conversational prompt and completion, trl-dpo: prompt, chosen
and rejected (huggingface.co/docs/trl, dataset formats). axolotl: its `chat_template` type over `messages`.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

Message = dict[str, str]

LEAST = {"openai": 10, "openai-dpo": 10}  # lines of a file to train on; see validating.LEAST_LINES
NO_PAIRS = "No line of the dataset has an answer that was changed: there are no preferences to learn."
NO_LINES = "There is no line to write; a dataset without --validation has none in that split."
_SEPARATOR = re.compile("[\u0085\u2028\u2029]")


class WrittenLine(Protocol):
    """What is written of an example; tuning.models.DatasetLine is one. The last message is the assistant's."""

    messages: list[Message]
    rejected: str


class FormatError(ValueError):
    """The dataset holds nothing that this format could say, or there is no such format."""


def write(lines: Iterable[WrittenLine], name: str, *, least: int = 1) -> bytes:
    """The file of these lines in a format. Raises FormatError, also for fewer lines than `least`."""
    if name not in FORMATS:
        raise FormatError(f"There is no format {name}; known are {', '.join(FORMATS)}.")
    written = [FORMATS[name](line) for line in lines if line.messages]  # one that was erased has none
    told = [_line(each) for each in written if each is not None]
    if not told:
        raise FormatError(NO_PAIRS if name in PREFERENCES else NO_LINES)
    if len(told) < least:
        what = "pairs of a preferred answer and another" if name in PREFERENCES else "lines"
        raise FormatError(f"There are {len(told)} {what}; a trainer takes no fewer than {least}.")
    return "".join(told).encode()


def _line(written: dict[str, Any]) -> str:
    """One object; separators of lines that are none in JSON are escaped, as some readers break lines at them."""
    text = json.dumps(written, ensure_ascii=False)
    return _SEPARATOR.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _said(messages: Iterable[Message]) -> list[Message]:
    """The messages with their keys in one order, whatever a database made of it."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def _messages(line: WrittenLine) -> dict[str, Any]:
    return {"messages": _said(line.messages)}


def _preference(line: WrittenLine) -> dict[str, Any] | None:
    """None where nobody preferred one answer to another."""
    if not line.rejected:
        return None
    return {
        "input": {"messages": _said(line.messages[:-1]), "tools": [], "parallel_tool_calls": True},
        "preferred_output": _said(line.messages[-1:]),
        "non_preferred_output": [{"role": "assistant", "content": line.rejected}],
    }


def _completion(line: WrittenLine) -> dict[str, Any]:
    return {"prompt": _said(line.messages[:-1]), "completion": _said(line.messages[-1:])}


def _pair(line: WrittenLine) -> dict[str, Any] | None:
    if not line.rejected:
        return None
    return {
        "prompt": _said(line.messages[:-1]),
        "chosen": _said(line.messages[-1:]),
        "rejected": [{"role": "assistant", "content": line.rejected}],
    }


FORMATS: dict[str, Callable[[WrittenLine], dict[str, Any] | None]] = {
    "openai": _messages,
    "openai-dpo": _preference,
    "trl": _completion,
    "trl-dpo": _pair,
    "axolotl": _messages,
}
PREFERENCES = ("openai-dpo", "trl-dpo")
