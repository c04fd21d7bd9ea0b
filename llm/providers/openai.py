"""OpenAI, and every server that speaks its chat completions: vLLM, Ollama, Together, Nebius, Azure."""

import re
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

import openai

from foundation import egress
from llm import vendors
from llm.completion import Completion, FinishReason, ProviderError, Usage, completion, timed_out
from llm.prompt import Prompt
from llm.providers import listing
from llm.providers.base import NO_OBJECTION, Learnt, ListedModel, Provider, until
from llm.providers.faults import translated
from llm.providers.reading import Spoken, ThoughtAloudError, count, ending, of, parts, used

MOST_LISTED = 5000
OPTIONS = frozenset({"max_tokens", "temperature", "stream_options"})  # those of ours that a server may refuse

_UNKNOWN = re.compile(
    r"unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|not allowed", re.IGNORECASE
)
_NO_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)s?\b.{0,40}\b(?:not|n't|unsupported)|"
    r"(?:not support|unsupported|doesn't support|no support for)\b.{0,40}\bsystem\b|"
    r"developer instruction is not enabled|"
    r"only (?:supports? )?(?:the )?user and assistant roles|'system' is not one of",
    re.IGNORECASE,
)


@lru_cache(maxsize=16)
def client(base_url: str, api_key: str, is_private_allowed: bool) -> openai.OpenAI:
    """The SDK's client, kept so that connections are reused. It never retries: llm.retry does.

    One that is kept no longer closes its connections as soon as no stream needs them.
    """
    http = egress.client(is_private_allowed=is_private_allowed)
    kept = openai.OpenAI(base_url=base_url, api_key=api_key or "none", max_retries=0, http_client=http)
    weakref.finalize(kept, http.close)
    return kept


@dataclass
class Habits:
    """What a server turned out to want of us, for one model: asked so at once the next time.

    `refused` are options that it does not take. It takes no system text where `has_system` is False, and `is_aloud`
    where it begins with thinking that no tag announces.
    """

    refused: set[str] = field(default_factory=set)
    has_system: bool = True
    is_aloud: bool = False

    def learn(self, error: openai.APIStatusError) -> bool:
        """Whether there is something new in what a server objects to, so that asking again may help."""
        said = f"{error.message} {error.body}"
        option = _refused_option(said)
        if option is not None and option not in self.refused:
            self.refused.add(option)
            return True
        if self.has_system and _NO_SYSTEM.search(said):
            self.has_system = False
            return True
        return False


_habits: dict[tuple[str, str], Habits] = {}


class OpenAIProvider(Provider):
    def stream(self, prompt: Prompt, *, model: str, timeout: float) -> Iterator[str | Completion]:
        deadline = time.monotonic() + timeout
        habits = _habits.setdefault((self.base_url, model), Habits())
        with translated(openai, api_key=self.api_key):
            chunks = self._ask(prompt, model, habits, deadline)
        reply = _ChatReply(Spoken(is_aloud=habits.is_aloud))
        try:
            with chunks, translated(openai, api_key=self.api_key, lost="cut"):
                for chunk in until(deadline, chunks):
                    if said := reply.take(chunk):
                        yield said
        except ThoughtAloudError:
            habits.is_aloud = True
            raise ProviderError(
                "The model thought aloud, which is left out from now on.",
                kind="aloud",
                retry_after=0.0,
                usage=reply.usage(prompt),
            ) from None
        if rest := reply.end():
            yield rest
        habits.is_aloud = habits.is_aloud and (reply.spoken.has_thought or reply.finish_reason != "stop")
        yield completion(
            reply.said, reply.finish_reason, reply.usage(prompt), told=reply.told, has_thought=reply.has_thought
        )

    def retires_on(self, model: str, *, timeout: float) -> date | None:
        with translated(openai, api_key=self.api_key), self._told_by(timeout) as server:
            found = server.models.retrieve(model, timeout=timeout)
        told = getattr(found, "shutdown_date", None)
        return date.fromisoformat(told) if isinstance(told, str) and told else None

    def models(self, *, timeout: float) -> Sequence[ListedModel]:
        with translated(openai, api_key=self.api_key):
            with self._told_by(timeout) as server:
                found = list(islice(server.models.list(timeout=timeout), MOST_LISTED))
            return [each for each in map(listing.listed, found) if each is not None]

    def context(self, model: str, *, timeout: float) -> int | None:
        """As its list tells it, else what stands behind one of the doors that other servers have beside it."""
        deadline = time.monotonic() + timeout
        with suppress(ProviderError):
            if tokens := super().context(model, timeout=timeout):
                return tokens
        if self.base_url.rstrip("/") == vendors.address("openai"):
            return None  # it has no such doors
        for address, body in listing.doors(self.base_url, model):
            with suppress(ProviderError):
                if tokens := listing.behind(self._told(address, body, deadline - time.monotonic()), model):
                    return tokens
        return None

    def _told(self, address: str, body: dict[str, str] | None, timeout: float) -> object:
        if timeout <= 0:
            raise timed_out()
        with translated(openai, api_key=self.api_key), self._told_by(timeout) as server:
            if body is None:
                return server.get(address, cast_to=object, options={"timeout": timeout})
            return server.post(address, cast_to=object, body=body, options={"timeout": timeout})

    @contextmanager
    def _told_by(self, seconds: float) -> Iterator[openai.OpenAI]:
        """The server, to tell about its models: little, and soon."""
        with listing.bounded(seconds, is_private_allowed=self.is_private_allowed) as http:
            yield client(self.base_url, self.api_key, self.is_private_allowed).with_options(http_client=http)

    def learnt(self, model: str) -> Learnt:
        known = _habits.get((self.base_url, model), Habits())
        return Learnt(tuple(sorted(known.refused)), takes_system=known.has_system)

    def recall(self, model: str, learnt: Learnt) -> None:
        _habits.setdefault(
            (self.base_url, model), Habits(set(learnt.refused) & OPTIONS, has_system=learnt.takes_system is not False)
        )

    def forget(self, model: str) -> None:
        _habits.pop((self.base_url, model), None)

    def _ask(self, prompt: Prompt, model: str, habits: Habits, deadline: float) -> openai.Stream[Any]:
        """Open the stream; once for each thing the server turns out not to take, ask again without it."""
        asked = client(self.base_url, self.api_key, self.is_private_allowed)
        while True:
            try:
                stream: openai.Stream[Any] = asked.chat.completions.create(
                    **_request(prompt, model, habits), stream=True, timeout=max(0.001, deadline - time.monotonic())
                )
            except openai.APIStatusError as error:
                if error.status_code in NO_OBJECTION or not habits.learn(error):
                    raise
            else:
                return stream


@dataclass
class _ChatReply:
    """A reply as its chunks build it up. `said` is what the asker may read of it, `told` the server's word for its end.

    Chunks are read as they are: the SDK checks nothing of what a server sends.
    """

    spoken: Spoken
    said: str = ""
    told: object = None
    _written: str = ""
    _has_reasoned: bool = False
    _is_refused: bool = False
    _usage: Any = None

    def take(self, chunk: Any) -> str:
        """The text that a chunk adds. Raises ThoughtAloudError."""
        self._usage = of(chunk, "usage") or self._usage
        added = ""
        for choice in of(chunk, "choices") or ():
            if of(choice, "index") or 0:  # another wording of the same, which nobody asked for
                continue
            self.told = of(choice, "finish_reason") or self.told
            added += self._delta(of(choice, "delta") or of(choice, "message"))
        said = self.spoken.take(added) if added else ""
        self.said += said
        return said

    def end(self) -> str:
        rest = self.spoken.end(is_whole=self.finish_reason == "stop")
        self.said += rest
        return rest

    @property
    def finish_reason(self) -> FinishReason | None:
        found = ending(self.told)
        return "refusal" if self._is_refused and found == "stop" else found

    def usage(self, prompt: Prompt | None) -> Usage:
        details = of(self._usage, "prompt_tokens_details")
        return used(
            prompt,
            self._written,
            sent=count(of(self._usage, "prompt_tokens")),
            written=count(of(self._usage, "completion_tokens")),
            cached=count(of(details, "cached_tokens")) or 0,
            kept=count(of(details, "cache_write_tokens")) or 0,
        )

    @property
    def has_thought(self) -> bool:
        """Whether it thought before it spoke: in its text, beside it, or unseen."""
        details = of(self._usage, "completion_tokens_details")
        return self.spoken.has_thought or self._has_reasoned or bool(count(of(details, "reasoning_tokens")))

    def _delta(self, delta: Any) -> str:
        self._has_reasoned = self._has_reasoned or bool(of(delta, "reasoning_content") or of(delta, "reasoning"))
        refusal = parts(of(delta, "refusal"))
        self._is_refused = self._is_refused or bool(refusal)
        text = parts(of(delta, "content")) or refusal
        self._written += text
        return text


def request_body(prompt: Prompt, model: str, base_url: str) -> dict[str, Any]:
    """What is asked where the reply comes in one piece, in the way that this server wants it."""
    known = _habits.get((base_url, model), Habits())
    return _request(prompt, model, replace(known, refused={*known.refused, "stream_options"}))


def completed(reply: Any) -> Completion:
    """The Completion of a reply that came in one piece. Where its server counts no tokens, those of the input are 0.

    Raises ProviderError for one that holds nothing, ended early or cannot be read.
    """
    for is_aloud in (False, True):
        read = _ChatReply(Spoken(is_aloud=is_aloud))
        with suppress(ThoughtAloudError):
            read.take(reply)
            read.end()
            break
    return completion(read.said, read.finish_reason, read.usage(None), told=read.told)


def _request(prompt: Prompt, model: str, habits: Habits) -> dict[str, Any]:
    """The request's body. `max_tokens` is what compatible servers know; OpenAI's newest models want the other name."""
    request: dict[str, Any] = {
        "model": model,
        "messages": prompt.messages() if habits.has_system else _without_system(prompt.messages()),
        "max_tokens": prompt.max_output_tokens,
        "temperature": 0,
        "stream_options": {"include_usage": True},
    }
    if "max_tokens" in habits.refused:
        request["max_completion_tokens"] = request["max_tokens"]
    return {name: value for name, value in request.items() if name not in habits.refused}


def _without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The system text before the first thing that is asked: some models know no other place for it."""
    system, *rest = messages
    first = next(index for index, message in enumerate(rest) if message["role"] == "user")
    rest[first] = {"role": "user", "content": f"{system['content']}\n\n{rest[first]['content']}"}
    return rest[first:]


def _refused_option(said: str) -> str | None:
    """The option of ours that a refusal complains about, None when it is about something else."""
    if "max_completion_tokens" in said or ("max_tokens" in said and _UNKNOWN.search(said)):
        return "max_tokens"
    if "include_usage" in said:
        return "stream_options"
    return next((option for option in ("temperature", "stream_options") if option in said), None)
