"""Counting tokens without asking anyone, for the calls whose provider does not tell."""

from semantic_text_splitter import TextSplitter

from llm.completion import Usage
from llm.prompt import Prompt

_VOCABULARY = "gpt-4o"  # its table is part of the library; other models differ by a few per cent


def count(text: str) -> int:
    """Tokens of `text`: the smallest capacity at which the splitter leaves it in one piece."""
    low, high = 0, len(text.encode())
    while low < high:
        middle = (low + high) // 2
        if middle and len(TextSplitter.from_tiktoken_model(_VOCABULARY, middle, trim=False).chunks(text)) <= 1:
            high = middle
        else:
            low = middle + 1
    return low


def estimate(prompt: Prompt, reply: str) -> Usage:
    """What a call used, as far as can be told from what was said."""
    asked = "\n".join([prompt.system, *(turn.text for turn in prompt.history), prompt.context, prompt.question])
    return Usage(count(asked), 0, count(reply), is_estimated=True)
