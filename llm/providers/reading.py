"""What servers really send, read strictly: which ends are whole, what of a text is said, which counts hold. Pure.

Servers that speak OpenAI's or Anthropic's protocol send what their documents do not tell: other words for an end,
thinking in the text, content in parts, counts that are missing. What nobody has listed here is never taken for good.
"""

import re
from collections.abc import Mapping
from typing import Any

from llm import tokens
from llm.completion import FinishReason, Usage
from llm.prompt import Prompt

MOST_TOKENS = 2_000_000_000  # what the ledger can hold; no call has so many

_ENDS: Mapping[FinishReason, str] = {
    # OpenAI, Anthropic; Hugging Face, Fireworks and Together; Cohere; Gemini's own word
    "stop": "stop end_turn stop_sequence eos eos_token complete finished",
    "length": "length max_tokens model_length max_output_tokens max_length model_context_window_exceeded token_limit",
    "refusal": (
        "refusal content_filter content_filtered safety recitation blocklist prohibited_content spii sensitive"
        " guardrail_intervened guardrails"
    ),
}
_END_OF: Mapping[str, FinishReason] = {word: end for end, words in _ENDS.items() for word in words.split()}

_TAGS = ("think", "thinking", "thought", "reasoning")
_OPENING = re.compile(rf"<({'|'.join(_TAGS)})\s*>", re.IGNORECASE)
_CLOSING = re.compile(rf"</({'|'.join(_TAGS)})\s*>", re.IGNORECASE)
_BEGUN = re.compile(r"</?([a-z]*)(\s{0,20})", re.IGNORECASE)
_LONGEST = len("</reasoning>") + 20
_HALF = re.compile("[\ud800-\udbff]\\Z")
_LONE = re.compile("[\ud800-\udfff]")


class ThoughtAloudError(Exception):
    """What was said so far was thinking: the server tells where it ends, and not where it begins."""


def ending(reason: object) -> FinishReason | None:
    """Why a reply ended, from a server's word for it; None for a word nobody knows, which is no end at all."""
    return _END_OF.get(reason.strip().lower()) if isinstance(reason, str) else None


def count(told: object) -> int | None:
    """A number of tokens; None for what is none, or cannot be one."""
    if isinstance(told, bool) or not isinstance(told, int | float) or told != told // 1:
        return None
    return int(told) if 0 <= told <= MOST_TOKENS else None


def used(
    prompt: Prompt | None, text: str, *, sent: int | None, written: int | None, cached: int = 0, kept: int = 0
) -> Usage:
    """The usage of a call, what was not told being estimated. A prompt has tokens, and so has what was written.

    Without a `prompt` those of the input are 0 where they are not told: somebody else has to guess them.
    `cached` were read from the provider's cache and `kept` written into it, both part of `sent`.
    """
    is_told = bool(sent) and (bool(written) or (written == 0 and not text))
    if is_told:
        return Usage(sent or 0, cached, written or 0, cache_write_tokens=kept)
    guess = tokens.estimate(prompt, text) if prompt else Usage(0, 0, tokens.count(text))
    return Usage(
        sent or guess.input_tokens, cached, written or guess.output_tokens, is_estimated=True, cache_write_tokens=kept
    )


def parts(content: object) -> str:
    """The text of a delta: a string, or parts of which those that are text count."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    return "".join(map(_part, content))


def of(thing: Any, name: str) -> Any:
    """What a server says of a thing under a name that the SDK may know or not; None where it says nothing."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind, text = of(part, "type"), of(part, "text")
    return text if kind in ("text", "output_text", None) and isinstance(text, str) else ""


class Spoken:
    """A reply as it comes, without thinking and with the halves of a character joined.

    Thinking stands before what is said; a tag that opens further on belongs to the text, and so does its end. With
    `is_aloud` the reply is taken to begin with thinking that no tag announces; `has_thought` says whether it did.
    """

    def __init__(self, *, is_aloud: bool = False) -> None:
        self.has_thought = False
        self._is_aloud = is_aloud
        self._closing: re.Pattern[str] | None = _CLOSING if is_aloud else None
        self._thoughts = ""
        self._held = ""
        self._has_begun = False
        self._is_code = False
        self._open = 0

    def take(self, delta: str) -> str:
        """What of the reply can be said now. Raises ThoughtAloudError."""
        whole = joined(self._held + delta)
        self._held = ""
        ready = without_half(whole)
        whole, self._held = ready, whole[len(ready) :]
        said, undecided = self._thought(whole) if self._closing else self._spoken(whole)
        self._held = undecided + self._held
        return said

    def end(self, *, is_whole: bool) -> str:
        """What was held back: as it might have become a tag, or as it was taken for thinking that has no end.

        What is not whole may be in the middle of its thoughts.
        """
        left, self._held = self._held, ""
        if self._closing and not (self._is_aloud and is_whole):
            return ""
        return _LONE.sub("\ufffd", (self._thoughts + left).lstrip() if self._closing else left)

    def _thought(self, text: str) -> tuple[str, str]:
        """As `_spoken`, from where thinking ends on; until then as much is held as its end may take."""
        match = self._closing.search(text) if self._closing else None
        if match is None:
            kept = text[-_LONGEST:]
            self._thoughts += text[: len(text) - len(kept)]
            return "", kept
        self._closing, self._is_aloud, self.has_thought = None, False, True
        return self._spoken(text[match.end() :])

    def _spoken(self, text: str) -> tuple[str, str]:
        """What can be said, and what can be judged only with what follows."""
        if not self._has_begun:
            bare = text.lstrip()
            if match := _OPENING.match(bare):
                self._closing = re.compile(rf"</{match.group(1)}\s*>", re.IGNORECASE)
                return self._thought(bare[match.end() :])
            if match := _CLOSING.match(bare):
                return self._spoken(bare[match.end() :])
            if not bare or _is_begun(bare):
                return "", bare
            text = bare
        self._has_begun = True
        cut = text.rfind("<")
        text, undecided = (text[:cut], text[cut:]) if cut >= 0 and _is_begun(text[cut:]) else (text, "")
        self._check(text)
        return _LONE.sub("\ufffd", text), undecided

    def _check(self, text: str) -> None:
        """Raises ThoughtAloudError where thinking ends that never began; a tag in code is the text's own."""
        *pieces, last = text.split("`")
        for piece in pieces:
            self._look(piece)
            self._is_code = not self._is_code
        self._look(last)

    def _look(self, piece: str) -> None:
        if self._is_code:
            return
        self._open += len(_OPENING.findall(piece)) - len(_CLOSING.findall(piece))
        if self._open < 0:
            raise ThoughtAloudError


def _is_begun(text: str) -> bool:
    """Whether `text` may be the beginning of a tag of thinking."""
    match = _BEGUN.fullmatch(text)
    if match is None:
        return False
    name, blanks = match.group(1).lower(), match.group(2)
    return any(tag == name if blanks else tag.startswith(name) for tag in _TAGS)


def joined(text: str) -> str:
    """Halves of one character, which came apart, as that character."""
    return re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda pair: _whole(pair.group()), text)


def without_half(text: str) -> str:
    """`text` without the half of a character at its end, whose other half may follow."""
    return _HALF.sub("", text)


def _whole(pair: str) -> str:
    return pair.encode("utf-16", "surrogatepass").decode("utf-16")
