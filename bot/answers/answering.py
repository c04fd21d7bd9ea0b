"""From a question to a cited answer. `compose` writes no rows of its own, so that evaluation can run the same code.

The calls it makes are in the ledger (llm.client writes it) under the answer's trace id.
"""

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Literal

from bot.answers import asking, followups, guarding, prompts, retelling
from bot.answers.answered import NOTHING, Answer, CitedPassage, ended
from bot.answers.asking import Asked, FoundBefore
from bot.answers.guarding import Draft, Guarded
from bot.answers.prompts import PLAIN, Manner
from bot.answers.signals import Signalled
from bot.answers.trace import Retold, SentPrompt
from bot.claims import citations
from bot.models import Outcome
from bot.voices import framing
from bot.wording import outcomes, smalltalk
from knowledge.retrieval.rereading import reread, reread_quickly
from knowledge.retrieval.search import Hit, Retrieval, retrieve
from llm import brackets, client
from llm.completion import ProviderError
from llm.models import Deployment, PromptVariant
from llm.prompt import Prompt, Turn

log = logging.getLogger(__name__)

PASSAGES = 6  # four to six good passages beat twenty mediocre ones
MORE_PASSAGES = 4  # of a second search, which a model may ask for once


class Writing:
    """An answer being written: first `search`, then iterate for its text. `answer` is there once that has ended.

    `text` and `retrieval` are what there is so far. `history` are the turns before the question, `collections` the ids
    of those that the asker may see. With `found`, nothing is searched for: that is what was found before. `ask` is how
    the model is asked.
    """

    def __init__(
        self,
        asked: Asked,
        history: Sequence[Turn],
        collections: Iterable[int],
        *,
        found: FoundBefore | None = None,
        ask: client.Ask = client.stream,
    ) -> None:
        self.asked = asked
        self.text = ""
        self.retrieval = NOTHING
        self._history = history
        self._collections = tuple(collections)
        self._question = asked.question
        self._deployment = asked.deployment
        self._searched_again = ""
        self._has_looked_closer = False
        self._prompt: SentPrompt | None = None
        self._retold: Retold | None = None
        self._check = Guarded("", ())
        self._opened = framing.Opened((), "")
        self._first_token_ms: float | None = None
        self._found = found
        self._ask = ask
        self._invalid_markers = 0
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        if self._answer is None:
            raise LookupError("The answer is not written yet.")
        return self._answer

    def __iter__(self) -> Iterator[str]:
        try:
            if self._answer is None and (yield from self._heard(may_search=True)):
                yield from self._heard(may_search=False)
        except ProviderError as error:
            self._fail(error)

    def finish(self) -> Answer:
        """Write to the end, with nobody watching."""
        for _ in self:
            pass
        return self.answer

    def search(self) -> None:
        """Find the passages; ends the answer at once where there is nothing to write from."""
        talk = None if self.asked.surroundings else smalltalk.heard(self.asked.question)
        if talk or not self.asked.says_something:
            self._end(Outcome.CLARIFY, outcomes.small_talk(talk, self.asked.speech))
            return
        try:
            self._understand()
        except ProviderError as error:
            self._fail(error)
            return
        if not self._is_answerable():
            self._end(Outcome.NOT_IN_DOCS)

    def break_off(self) -> None:
        """End an answer that an error of our own has stopped."""
        self._end(Outcome.PROVIDER_ERROR)

    def _understand(self) -> None:
        """The question by itself, and the passages that fit it."""
        asked = self.asked
        if self._found is not None:
            self._question, self.retrieval = self._found.question, self._found.retrieval
            return
        self._question = self._by_itself()
        self.retrieval = self._retrieve(self._question)
        if asked.deployment.is_quoting:
            hits = reread(self._question, self.retrieval.hits, trace_id=asked.trace_id, deadline=asked.deadline)
            self.retrieval = replace(self.retrieval, hits=hits)

    def _by_itself(self) -> str:
        """The question without the conversation; together with the one before, where the model that could say it in one
        gives nothing and the documents' own words will do."""
        try:
            return followups.standalone(self.asked, self._history)
        except ProviderError as error:
            if not (self.asked.instead.may_quote and self.asked.instead.is_for(error.kind, is_decided=False)):
                raise
            log.warning("trace %s: the follow-up is searched for as it is: %s", self.asked.trace_id, error)
        before = [turn.text for turn in self._history if turn.role == "user"]
        return " ".join([*before[-1:], self.asked.question])

    def _retrieve(self, words: str) -> Retrieval:
        return retrieve(
            words,
            collections=self._collections,
            k=PASSAGES,
            trace_id=self.asked.trace_id,
            deadline=self.asked.deadline,
        )

    def _is_answerable(self) -> bool:
        return self.asked.is_answered_by(self.retrieval, is_quoted=self._deployment.is_quoting)

    def _heard(self, *, may_search: bool) -> Generator[str, None, bool]:
        """The reply; another one where what was begun turns out to be thinking, which that leaves out."""
        try:
            return (yield from self._reply(may_search=may_search))
        except ProviderError as error:
            if error.kind != "aloud":
                raise
        self.text = ""
        return (yield from self._reply(may_search=may_search))

    def _reply(self, *, may_search: bool) -> Generator[str, None, bool]:
        """Have the model write over the passages found so far; True when it had more of them searched instead."""
        self._prompt = None
        began = time.monotonic()
        response = self._ask(
            lambda served: self._worded(served, may_search=may_search),
            deployment=self._deployment,
            trace_id=self.asked.trace_id,
            deadline=self.asked.deadline,
            purpose=self.asked.purpose,
            instead=self.asked.instead,
        )
        reply = Signalled(response)
        renumbered = citations.Renumbered(reply, len(self.retrieval.hits), self._own_numbers())
        self._opened = framing.Opened(self._spoken(renumbered, response), self._voiced("opening"))
        with closing(response):
            for delta in self._opened:
                if not self.text:
                    self._first_token_ms = self.asked.elapsed_ms()
                    self._prompt = self._sent(may_search=may_search)
                self.text += delta
                yield delta
        self._prompt = self._prompt or self._sent(may_search=may_search)  # nothing was said
        self._invalid_markers = renumbered.invalid
        if response.finish_reason == "refusal":
            self._end(Outcome.BLOCKED)
            return False
        if may_search and reply.search and self._search_again(reply.search):
            return True
        if reply.is_not_found and self.text:
            self._settle(replace(ended(self.asked, Outcome.NOT_IN_DOCS), uncited_text=self._unframed))
            return False
        if self._deployment.is_quoting and not (renumbered.cited and self._is_answerable()):  # as if it was asked first
            if response.replaced is not None and self.asked.instead.may_quote:
                raise response.replaced  # a model that reads might have found it
            self._end(Outcome.NOT_IN_DOCS)
            return False
        is_truncated = response.finish_reason == "length"
        guarded = self._guarded(tuple(renumbered.cited), is_truncated, time.monotonic() - began)
        yield from self._conclude(guarded, is_truncated)
        return False

    def _worded(self, served: Deployment, *, may_search: bool) -> Prompt:
        """The prompt in the words that this very model is asked in: it may be the fallback."""
        if served.is_quoting and not self.asked.deployment.is_quoting and not self._has_looked_closer:
            self._has_looked_closer = True
            hits = reread_quickly(self._question, self.retrieval.hits, trace_id=self.asked.trace_id)
            self.retrieval = replace(self.retrieval, hits=hits)
        return prompts.build(
            prompts.framed(self._question, self.asked.around(served)),
            self.retrieval.hits,
            self._history,
            may_search=may_search,
            manner=self.asked.manner,
            variant=PromptVariant(served.prompt),
        )

    def _sent(self, *, may_search: bool) -> SentPrompt:
        checksum = prompts.checksum(self._worded(self._deployment, may_search=may_search))
        return SentPrompt(may_search, self.asked.manner.language, checksum, PromptVariant(self._deployment.prompt))

    def _spoken(self, renumbered: citations.Renumbered, response: client.Response | client.Recorded) -> Iterator[str]:
        """The text as it comes; what is quoted is held back until a model has put it into the voice, if one does."""
        deltas = iter(renumbered)
        first = next(deltas, "")
        self._deployment = response.deployment  # the fallback, where the model asked first could not
        voice = self.asked.manner.voice
        restyler = Deployment.objects.restyler() if voice and self._deployment.is_quoting else None
        if restyler is None or voice is None:
            yield first
            yield from deltas
            return
        plain = (first + "".join(deltas)).strip()
        if renumbered.cited and self._is_answerable():
            plain, self._retold = retelling.retell(plain, self.asked, voice, restyler)
        yield plain

    def _own_numbers(self) -> set[int]:
        """What the passages themselves have in brackets."""
        return set().union(*(brackets.own(hit.text) for hit in self.retrieval.hits))

    def _voiced(self, words: Literal["opening", "closing"]) -> str:
        return str(getattr(self.asked.manner.voice, words, ""))

    def _search_again(self, words: str) -> bool:
        """Add to the passages what another search finds, in the same collections; whether that is anything new."""
        self._searched_again = words
        found = self._retrieve(words)
        known = {hit.chunk_id for hit in self.retrieval.hits}
        more = [hit for hit in found.hits if hit.chunk_id not in known][:MORE_PASSAGES]
        self.retrieval = replace(self.retrieval, hits=(*self.retrieval.hits, *more))
        return bool(more)

    def _guarded(self, cited: tuple[int, ...], is_truncated: bool, seconds: float) -> Guarded:
        """The text as its claims let it stand; what is quoted stands in the documents as it is."""
        if self._deployment.is_quoting or not self._unframed:
            return Guarded(self.text, cited)
        draft = Draft(
            text=self._unframed,
            cited=cited,
            asked=self.asked,
            question=self._question,
            hits=self.retrieval.hits,
            history=self._history,
            deployment=self._deployment,
            seconds=seconds,
            is_truncated=is_truncated,
            ask=self._ask,
        )
        return guarding.guard(draft)

    def _conclude(self, guarded: Guarded, is_truncated: bool) -> Iterator[str]:
        """Settle the outcome: text that rests on no passage is not an answer. Yields what an answer ends with, unless
        it ends as another one than was begun, which `answer` alone holds.

        One that was cut off is not ended: its own last words are missing.
        """
        self._check, written = guarded, self._unframed
        cited = [self.retrieval.hits[number - 1] for number in guarded.cited]
        if not cited:
            unfounded = ended(self.asked, Outcome.NOT_IN_DOCS)
            self._settle(replace(unfounded, uncited_text=written, is_truncated=is_truncated))
            return
        if guarded.caught:
            self.text = framing.opened(guarded.text, self._voiced("opening"))
        if not is_truncated and (last := framing.closed(self.text, self._voiced("closing"))):
            self.text = self.text.rstrip() + last
            if not guarded.caught:
                yield last
        text = self.text.strip()
        said = self._retold.plain if self._retold else text  # the voice's words are in no passage
        quoted = tuple(
            CitedPassage(number, hit, citations.quote(said, number, _sentences(hit)))
            for number, hit in enumerate(cited, start=1)
        )
        answered = replace(ended(self.asked, Outcome.ANSWERED, text), written=written if guarded.caught else "")
        self._settle(replace(answered, citations=quoted, is_truncated=is_truncated))

    @property
    def _unframed(self) -> str:
        """What was written so far, without what was put before it."""
        return self.text.removeprefix(self._opened.added).strip()

    def _fail(self, error: ProviderError) -> None:
        """A provider failed for good: say so with an incident id, and never pass off half an answer as a whole one."""
        log.error("trace %s: %s", self.asked.trace_id, error)
        failed = replace(ended(self.asked, outcomes.of_error(error), error=str(error)), failure=error.kind)
        self._settle(replace(failed, uncited_text=self._unframed))

    def _end(self, outcome: Outcome, text: str = "") -> None:
        self._settle(ended(self.asked, outcome, text))

    def _settle(self, answer: Answer) -> None:
        """Keep what came of it, with how it came about."""
        self._answer = replace(
            answer,
            question=self._question,
            deployment=self._deployment,
            retrieval=self.retrieval,
            searched_again=self._searched_again,
            prompt=self._prompt,
            retold=self._retold,
            caught=self._check.caught,
            mending=self._check.mending,
            invalid_markers=self._invalid_markers,
            first_token_ms=self._first_token_ms,
        )


def compose(
    question: str,
    *,
    collections: Iterable[int],
    history: Sequence[Turn] = (),
    deployment: Deployment | None = None,
    least_answerable: float | None = None,
    manner: Manner = PLAIN,
) -> Writing:
    """Search the passages for `question` and return its answer, to be written by iterating over it.

    `collections` are the ids of the collections the asker may see; `history` are the turns before; the others are those
    of Asked. Raises QuestionError for a question nobody could answer and Deployment.DoesNotExist before set-up; a
    provider that fails is an outcome, not an exception.
    """
    asking.check(question)
    asked = asking.begin(question, deployment=deployment, least_answerable=least_answerable, manner=manner)
    writing = Writing(asked, history, collections)
    writing.search()
    return writing


def _sentences(hit: Hit) -> list[str]:
    return [hit.text[part.start : part.end] for part in hit.sentences] or [hit.text]
