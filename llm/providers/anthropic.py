"""Anthropic's Messages API with its own citations: a passage goes in as a search result and comes back as a number."""

import time
import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import dropwhile, islice
from typing import Any

import anthropic

from foundation import egress
from llm.brackets import escaped
from llm.completion import Completion, Usage, completion
from llm.prompt import Passage, Prompt
from llm.providers import listing
from llm.providers.base import NO_OBJECTION, Learnt, ListedModel, Provider, until
from llm.providers.faults import translated
from llm.providers.reading import count, ending, joined, parts, used, without_half

PAGE, MOST_LISTED = 1000, 5000
LEAST_KEPT = 3000  # characters of a system text, below which no model's cache keeps it: the least is 1,024 tokens
CACHE_CONTROL, SEARCH_RESULT = "cache_control", "search_result"
OPTIONS = frozenset({CACHE_CONTROL, SEARCH_RESULT})  # what servers that only speak like Anthropic's may not know
_refused: dict[tuple[str, str], set[str]] = {}  # by address and model
# Passages are numbered from 1, so that of a whole reply the place of a cited one says its number.
_ANY_PASSAGES = tuple(Passage(number, "", "", "") for number in range(1, 65))


@lru_cache(maxsize=16)
def client(base_url: str, api_key: str, is_private_allowed: bool) -> anthropic.Anthropic:
    """The SDK's client, kept so that connections are reused. It never retries: llm.retry does.

    One that is kept no longer closes its connections as soon as no stream needs them.
    """
    http = egress.client(is_private_allowed=is_private_allowed)
    kept = anthropic.Anthropic(base_url=base_url, api_key=api_key or "none", max_retries=0, http_client=http)
    weakref.finalize(kept, http.close)
    return kept


class AnthropicProvider(Provider):
    def stream(self, prompt: Prompt, *, model: str, timeout: float) -> Iterator[str | Completion]:
        deadline = time.monotonic() + timeout
        with translated(anthropic, api_key=self.api_key):
            events = self._ask(prompt, model, deadline)
        reply = _Reply(prompt.passages)
        with events, translated(anthropic, api_key=self.api_key, lost="cut"):
            for event in until(deadline, events):
                if delta := reply.take(event):
                    yield delta
        yield completion(
            reply.text, ending(reply.told), reply.usage(prompt), told=reply.told, has_thought=reply.has_thought
        )

    def learnt(self, model: str) -> Learnt:
        return Learnt(tuple(sorted(_refused.get((self.base_url, model), ()))))

    def recall(self, model: str, learnt: Learnt) -> None:
        _refused.setdefault((self.base_url, model), set(learnt.refused) & OPTIONS)

    def forget(self, model: str) -> None:
        _refused.pop((self.base_url, model), None)

    def _ask(self, prompt: Prompt, model: str, deadline: float) -> anthropic.Stream[Any]:
        """Open the stream; once for each thing that a server of somebody else's does not take, again without it."""
        refused = _refused.setdefault((self.base_url, model), set())
        asked = client(self.base_url, self.api_key, self.is_private_allowed)
        while True:
            try:
                stream: anthropic.Stream[Any] = asked.messages.create(
                    **request_body(prompt, model, refused),
                    stream=True,
                    timeout=max(0.001, deadline - time.monotonic()),
                )
            except anthropic.APIStatusError as error:
                said = f"{error.message} {error.body}"
                option = next((each for each in sorted(OPTIONS - refused) if each in said), None)
                if option is None or error.status_code in NO_OBJECTION:
                    raise
                refused.add(option)
            else:
                return stream

    def models(self, *, timeout: float) -> Sequence[ListedModel]:
        """Page by page; servers that only speak Anthropic's messages have no list, and answer 404."""
        with translated(anthropic, api_key=self.api_key):
            with listing.bounded(timeout, is_private_allowed=self.is_private_allowed) as http:
                asked = client(self.base_url, self.api_key, self.is_private_allowed).with_options(http_client=http)
                pages = until(time.monotonic() + timeout, asked.models.list(limit=PAGE, timeout=timeout))
                found = list(islice(pages, MOST_LISTED))
            return [each for each in map(listing.listed, found) if each is not None]


def request_body(prompt: Prompt, model: str, refused: Collection[str] = ()) -> dict[str, Any]:
    """The request's body, without what a server has `refused`. The API has no temperature.

    What repeats from question to question is the system text: it is to be kept where it is long enough for any model.
    """
    earlier = dropwhile(lambda turn: turn.role == "assistant", prompt.history)
    content: list[dict[str, Any]] = [*map(_search_result, prompt.passages), {"type": "text", "text": prompt.question}]
    if SEARCH_RESULT in refused:
        content = [{"type": "text", "text": prompt.messages()[-1]["content"]}]
    system: dict[str, Any] = {"type": "text", "text": prompt.system}
    if len(prompt.system) >= LEAST_KEPT and CACHE_CONTROL not in refused:
        system[CACHE_CONTROL] = {"type": "ephemeral"}
    return {
        "model": model,
        "max_tokens": prompt.max_output_tokens,
        "system": [system],
        "messages": [
            *({"role": turn.role, "content": turn.text} for turn in earlier),
            {"role": "user", "content": content},
        ],
    }


def _search_result(passage: Passage) -> dict[str, Any]:
    """The title bears the number, so that a marker the model writes by itself points to the same passage."""
    return {
        "type": SEARCH_RESULT,
        "source": f"passage-{passage.number}",
        "title": f"[{passage.number}] {escaped(passage.heading or passage.title)}",
        "content": [{"type": "text", "text": escaped(passage.text)}],
        "citations": {"enabled": True},
    }


def completed(message: Any) -> Completion:
    """The Completion of a reply in one piece, its citations as `[n]`. Raises ProviderError where it holds nothing."""
    reply = _Reply(_ANY_PASSAGES)
    reply.take_whole(message)
    return completion(reply.text, ending(reply.told), reply.usage(None), told=reply.told)


@dataclass
class _Reply:
    """A reply as its events build it up. A block's citations become `[n]` between its last word and its white space."""

    passages: tuple[Passage, ...]
    text: str = ""
    told: object = None
    has_thought: bool = False
    _cited: list[int] = field(default_factory=list)
    _space: str = ""
    _block_start: int = 0
    _tokens: dict[str, int] = field(default_factory=dict)

    def take(self, event: Any) -> str:
        """The text that `event` adds. What is of no known kind adds none."""
        added = ""
        delta: Any = getattr(event, "delta", None)
        kind = (getattr(event, "type", None), getattr(delta, "type", None))
        if kind[0] == "message_start":
            self._count(getattr(event.message, "usage", None))
        elif kind == ("content_block_delta", "text_delta"):
            added = self._spoken(parts(delta.text))
        elif kind == ("content_block_delta", "citations_delta"):
            self._cite(delta.citation)
        elif kind[0] == "content_block_start":
            self.has_thought = self.has_thought or "thinking" in str(getattr(event.content_block, "type", ""))
        elif kind[0] == "content_block_stop":
            added = self._end_of_block()
        elif kind[0] == "message_delta":
            self._count(getattr(event, "usage", None))
            self.told = getattr(delta, "stop_reason", None) or self.told
        self.text += added
        return added

    def take_whole(self, message: Any) -> None:
        self._count(getattr(message, "usage", None))
        for block in getattr(message, "content", None) or ():
            if getattr(block, "type", None) == "text":
                self.text += self._spoken(parts(block.text))
                for citation in getattr(block, "citations", None) or ():
                    self._cite(citation)
                self.text += self._end_of_block()
        self.told = getattr(message, "stop_reason", None)

    def usage(self, prompt: Prompt | None) -> Usage:
        """Anthropic counts fresh, cache-read and cache-written input apart; the ledger's input is their sum."""
        read = self._tokens.get("cache_read_input_tokens", 0)
        written = self._tokens.get("cache_creation_input_tokens", 0)
        return used(
            prompt,
            self.text,
            sent=self._tokens.get("input_tokens", 0) + read + written,
            written=self._tokens.get("output_tokens"),
            cached=read,
            kept=written,
        )

    def _spoken(self, delta: str) -> str:
        whole = joined(self._space + delta)
        spoken = without_half(whole.rstrip())
        self._space = whole[len(spoken) :]
        return spoken

    def _cite(self, citation: Any) -> None:
        index = getattr(citation, "search_result_index", None)
        if index is not None and 0 <= index < len(self.passages):
            number = self.passages[index].number
            if number not in self._cited:
                self._cited.append(number)

    def _end_of_block(self) -> str:
        block = self.text[self._block_start :]
        markers = "".join(f"[{number}]" for number in self._cited if f"[{number}]" not in block)
        added = (f" {markers}" if markers else "") + self._space
        self._cited, self._space, self._block_start = [], "", len(self.text) + len(added)
        return added

    def _count(self, usage: Any) -> None:
        """Later counts replace earlier ones: they are cumulative."""
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        told = {name: count(getattr(usage, name, None)) for name in names}
        self._tokens |= {name: tokens for name, tokens in told.items() if tokens is not None}
