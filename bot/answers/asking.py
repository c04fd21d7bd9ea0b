"""What is asked: the question with all that was settled when it came in. Nothing of it changes afterwards."""

import time
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from bot.answers.prompts import PLAIN, Manner
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase
from bot.wording.speech import ENGLISH, Speech
from foundation.text import clean
from knowledge.retrieval.search import Retrieval
from llm import client
from llm.models import Deployment, Purpose, ServingRole

QUESTION_CHARACTERS = 4000


class QuestionError(ValueError):
    """The question cannot be asked: `phrase`, with its `values`, tells the asker why; `str()` does in English."""

    def __init__(self, phrase: Phrase, **values: int) -> None:
        super().__init__(ENGLISH.say(phrase, **values))
        self.phrase = phrase
        self.values = values


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question on its way to an answer.

    `deployment` is the model that is to write, `trace_id` ties together all that is done, `started` is when the
    question came in (time.monotonic()). `least_answerable` (0 to 1) is the estimate from which on there is an answer at
    all, in place of the rules of answering: a channel of customers may want it higher than a team. `manner` is how the
    answer is to sound, and its language; `purpose` is what the ledger says that the model was asked for. `rollout` is
    the one that the conversation was drawn in, as `is_candidate`'s or as the live model's beside it. `spoken_to` is how
    the asker is spoken to where more is known than the question tells.
    """

    question: str
    deployment: Deployment
    trace_id: str
    started: float
    least_answerable: float | None = None
    manner: Manner = PLAIN
    purpose: Purpose = Purpose.ANSWER
    rollout: int | None = None
    is_candidate: bool = False
    spoken_to: Speech | None = None

    @cached_property
    def speech(self) -> Speech:
        """How the asker is spoken to."""
        voice = self.manner.voice.name if self.manner.voice else ""
        return self.spoken_to or speech.like([self.question], self.manner.language, voice)

    @property
    def deadline(self) -> float:
        """The time.monotonic() at which the answer has to be whole."""
        return self.started + settings.ANSWER_SECONDS

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self.started) * 1000


@dataclass(frozen=True)
class FoundBefore:
    """What was found for a question before, and how it was understood: given to several models, it compares them."""

    question: str
    retrieval: Retrieval


def begin(
    question: str,
    *,
    deployment: Deployment | None = None,
    least_answerable: float | None = None,
    manner: Manner = PLAIN,
    trace_id: str = "",
    purpose: Purpose = Purpose.ANSWER,
) -> Asked:
    """The question as it is asked from this moment on, of the live model unless another is named.

    Whether it can be asked is for `check` to say. Raises Deployment.DoesNotExist before set-up.
    """
    return Asked(
        question=clean(question).strip(),
        deployment=deployment or Deployment.objects.live(ServingRole.ANSWER),
        trace_id=trace_id or client.new_trace_id(),
        started=time.monotonic(),
        least_answerable=least_answerable,
        manner=manner,
        purpose=purpose,
    )


def check(question: str) -> None:
    """Raises QuestionError when a question is empty or too long."""
    if not clean(question).strip():
        raise QuestionError(phrases.EMPTY)
    if len(question) > QUESTION_CHARACTERS:
        raise QuestionError(phrases.TOO_LONG, limit=QUESTION_CHARACTERS)
