"""From a question to a cited answer. `compose` writes no rows of its own, so that evaluation can run the same code.

The calls it makes are in the ledger (llm.client writes it) under the answer's trace id.
"""

import logging
import re
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from django.conf import settings

from bot.answers import citations, followups, prompts, wording
from bot.answers.prompts import Manner
from bot.answers.signals import Signalled
from bot.models import Outcome
from foundation.text import clean
from knowledge.retrieval.rereading import reread
from knowledge.retrieval.search import Hit, Retrieval, retrieve
from llm import client
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole
from llm.prompt import Turn

log = logging.getLogger(__name__)

PASSAGES = 6  # four to six good passages beat twenty mediocre ones
MORE_PASSAGES = 4  # of a second search, which a model may ask for once
QUESTION_CHARACTERS = 4000
WORD = re.compile(r"\w")
# Below this estimate that the documents hold the answer nothing is quoted, unless a sentence is close in meaning to the
# question (cosine): short questions in other words than the documents' own share few terms with the passage that
# answers them. A model that reads can refuse by itself and gets the benefit of the doubt that quoting does not.
LEAST_TO_QUOTE = 0.5
CLOSE_IN_MEANING = 0.5
LEAST_TO_READ = 0.05


class QuestionError(ValueError):
    """The question cannot be asked; the message tells the asker why."""


@dataclass(frozen=True)
class CitedPassage:
    """A passage the answer rests on, under the number its readers see."""

    number: int
    hit: Hit
    quote: str


class Answer:
    """An answer being written. Iterating yields its text; the other attributes are final once that has ended.

    Times are in milliseconds since the question came in. `uncited_text` keeps what a model wrote without resting it on
    a passage, which nobody is shown; `searched_again` the words that it asked to have searched.
    """

    def __init__(
        self,
        question: str,
        *,
        deployment: Deployment,
        trace_id: str,
        started: float,
        least_answerable: float | None = None,
        manner: Manner = prompts.PLAIN,
    ) -> None:
        self.question = question
        self.trace_id = trace_id
        self.deployment = deployment
        self.outcome = Outcome.PROVIDER_ERROR
        self.text = ""
        self.uncited_text = ""
        self.searched_again = ""
        self.citations: list[CitedPassage] = []
        self.retrieval = Retrieval(hits=(), answerable=0.0, stages_ms={})
        self.is_truncated = False
        self.error = ""
        self.first_token_ms: float | None = None
        self.total_ms = 0.0
        self._history: Sequence[Turn] = ()
        self._collections: tuple[int, ...] = ()
        self._started = started
        self._least_answerable = least_answerable
        self.manner = manner
        self._is_over = False

    def __iter__(self) -> Iterator[str]:
        try:
            if not self._is_over:
                yield from self._write()
        except ProviderError as error:
            self._fail(error)
        self.total_ms = self._elapsed_ms()

    @property
    def deadline(self) -> float:
        return self._started + settings.ANSWER_SECONDS

    def search(self, history: Sequence[Turn], collections: Iterable[int]) -> None:
        """Find the passages; ends the answer at once where there is nothing to write from."""
        self._history = history
        self._collections = tuple(collections)
        if not WORD.search(self.question):
            self.end(Outcome.CLARIFY)
            return
        try:
            question = followups.standalone(
                self.question, history, deployment=self.deployment, trace_id=self.trace_id, deadline=self.deadline
            )
            self.retrieval = retrieve(
                question, collections=self._collections, k=PASSAGES, trace_id=self.trace_id, deadline=self.deadline
            )
            if self.deployment.is_quoting:
                hits = reread(question, self.retrieval.hits, trace_id=self.trace_id, deadline=self.deadline)
                self.retrieval = replace(self.retrieval, hits=hits)
        except ProviderError as error:
            self._fail(error)
            return
        self.question = question
        if not self._is_answerable():
            self.end(Outcome.NOT_IN_DOCS)

    def _is_answerable(self) -> bool:
        if self._least_answerable is not None:
            return bool(self.retrieval.hits) and self.retrieval.answerable >= self._least_answerable
        if not self.deployment.is_quoting:
            return bool(self.retrieval.hits) and self.retrieval.answerable >= LEAST_TO_READ
        closest = max((each.similarity for hit in self.retrieval.hits for each in hit.sentences), default=0.0)
        return self.retrieval.answerable >= LEAST_TO_QUOTE or closest >= CLOSE_IN_MEANING

    def end(self, outcome: Outcome) -> None:
        """End with an outcome that carries its own text."""
        self.outcome = outcome
        self.text = wording.text(outcome, self.trace_id)
        self.citations = []
        self.total_ms = self._elapsed_ms()
        self._is_over = True

    def _write(self) -> Iterator[str]:
        if (yield from self._reply(may_search=True)):
            yield from self._reply(may_search=False)

    def _reply(self, *, may_search: bool) -> Generator[str, None, bool]:
        """Have the model write over the passages found so far; True when it had more of them searched instead."""
        hits = self.retrieval.hits
        prompt = prompts.build(self.question, hits, self._history, may_search=may_search, manner=self.manner)
        response = client.stream(prompt, deployment=self.deployment, trace_id=self.trace_id, deadline=self.deadline)
        reply = Signalled(response)
        renumbered = citations.Renumbered(reply, len(hits))
        with closing(response):
            for delta in renumbered:
                if self.first_token_ms is None:
                    self.first_token_ms = self._elapsed_ms()
                self.text += delta
                yield delta
        self.deployment = response.deployment  # the fallback, where the model asked first could not
        if response.finish_reason == "refusal":
            self.end(Outcome.BLOCKED)
            return False
        if may_search and reply.search and self._search_again(reply.search):
            return True
        if self.deployment.is_quoting and not self._is_answerable():  # as strict as if it had been asked first
            self.end(Outcome.NOT_IN_DOCS)
            return False
        self.is_truncated = response.finish_reason == "length"
        self._conclude([hits[number - 1] for number in renumbered.cited])
        return False

    def _search_again(self, words: str) -> bool:
        """Add to the passages what another search finds, in the same collections; whether that is anything new."""
        self.searched_again = words
        found = retrieve(
            words, collections=self._collections, k=PASSAGES, trace_id=self.trace_id, deadline=self.deadline
        )
        known = {hit.chunk_id for hit in self.retrieval.hits}
        more = [hit for hit in found.hits if hit.chunk_id not in known][:MORE_PASSAGES]
        self.retrieval = replace(self.retrieval, hits=(*self.retrieval.hits, *more))
        return bool(more)

    def _conclude(self, cited: list[Hit]) -> None:
        """Settle the outcome: text that rests on no passage is not an answer."""
        self.text = self.text.strip()
        if not cited:
            self.uncited_text = self.text
            self.end(Outcome.NOT_IN_DOCS)
            return
        self.outcome = Outcome.ANSWERED
        self.citations = [
            CitedPassage(number, hit, citations.quote(self.text, number, _sentences(hit)))
            for number, hit in enumerate(cited, start=1)
        ]

    def _fail(self, error: ProviderError) -> None:
        """A provider failed for good: say so with an incident id, and never pass off half an answer as a whole one."""
        log.error("trace %s: %s", self.trace_id, error)
        self.error = str(error)
        self.uncited_text = self.text
        self.end(Outcome.OVER_BUDGET if error.kind == "budget" else Outcome.PROVIDER_ERROR)

    def _elapsed_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000


def compose(
    question: str,
    *,
    collections: Iterable[int],
    history: Sequence[Turn] = (),
    deployment: Deployment | None = None,
    least_answerable: float | None = None,
    manner: Manner = prompts.PLAIN,
) -> Answer:
    """Search the passages for `question` and return the answer, to be written by iterating over it.

    `collections` are the ids of the collections the asker may see; `history` are the turns before; `deployment` is
    the model that writes, the live one by default. `least_answerable` (0 to 1) is the estimate from which on there is
    an answer at all, in place of the rules of this module: a channel of customers may want it higher than a team.
    `manner` is how the answer is to sound, and its language.
    Raises QuestionError for a question nobody could answer and Deployment.DoesNotExist before set-up; a provider that
    fails is an outcome, not an exception.
    """
    answer = begin(question, deployment=deployment, least_answerable=least_answerable, manner=manner)
    answer.search(history, collections)
    return answer


def begin(
    question: str,
    *,
    deployment: Deployment | None = None,
    least_answerable: float | None = None,
    manner: Manner = prompts.PLAIN,
    trace_id: str = "",
) -> Answer:
    """An answer for which nothing has been searched yet; raises what `compose` raises."""
    check(question)
    return Answer(
        clean(question).strip(),
        deployment=deployment or Deployment.objects.live(ServingRole.ANSWER),
        trace_id=trace_id or client.new_trace_id(),
        started=time.monotonic(),
        least_answerable=least_answerable,
        manner=manner,
    )


def check(question: str) -> None:
    """Raises QuestionError, with a sentence for the asker, when a question is empty or too long."""
    if not clean(question).strip():
        raise QuestionError("The question is empty.")
    if len(question) > QUESTION_CHARACTERS:
        raise QuestionError(f"The question is longer than {QUESTION_CHARACTERS:,} characters. Please shorten it.")


def _sentences(hit: Hit) -> list[str]:
    return [hit.text[part.start : part.end] for part in hit.sentences] or [hit.text]
