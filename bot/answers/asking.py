"""What is asked: the question with all that was settled when it came in. Nothing of it changes afterwards."""

import time
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.functional import cached_property

from bot.answers.prompts import PLAIN, Manner
from bot.models import Channel, Conversation
from bot.surroundings.utterances import Utterance
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase
from bot.wording.speech import ENGLISH, Speech
from foundation.text import clean
from knowledge.retrieval.search import Retrieval
from llm import client
from llm.calling.fallback import Instead
from llm.models import Deployment, Purpose, Rollout, ServingRole

QUESTION_CHARACTERS = 4000
# Below this estimate that the documents hold the answer nothing is quoted, unless a sentence is close in meaning to the
# question (cosine): short questions in other words share few terms with the passage. A model that reads can refuse.
LEAST_TO_QUOTE = 0.5
CLOSE_IN_MEANING = 0.5
LEAST_TO_READ = 0.05
# Of ANSWER_SECONDS, what is kept for sending what came of it, or for the documents' own words and sending them.
RESERVE = 0.05
MOST_RESERVED = 2.0  # seconds


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
    the one that the conversation was drawn in, as `is_candidate`'s or as the live model's beside it. `instead` is who
    is asked when that model gives nothing. `surroundings` are what people wrote before it where it was asked.
    `spoken_to` is how the asker is spoken to where more is known than the question tells.
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
    surroundings: tuple[Utterance, ...] = ()
    instead: Instead = Instead.DECIDED
    spoken_to: Speech | None = None

    @cached_property
    def speech(self) -> Speech:
        """How the asker is spoken to."""
        voice = self.manner.voice.name if self.manner.voice else ""
        return self.spoken_to or speech.like([self.question], self.manner.language, voice)

    @property
    def says_something(self) -> bool:
        """Whether there is a word in it, or in what it can point at."""
        return bool(self.surroundings) or any(map(str.isalnum, self.question))

    def around(self, served: Deployment) -> tuple[Utterance, ...]:
        """What a model is told of the surroundings: one that quotes looks for the words of the question alone."""
        return () if served.is_quoting else self.surroundings

    @property
    def deadline(self) -> float:
        """The time.monotonic() at which the answer has to be written, so that it is there within ANSWER_SECONDS."""
        return self.started + settings.ANSWER_SECONDS - min(RESERVE * settings.ANSWER_SECONDS, MOST_RESERVED)

    def is_answered_by(self, found: Retrieval, *, is_quoted: bool) -> bool:
        """Whether what was found may hold the answer, to be quoted or to be read."""
        if self.least_answerable is not None:
            return bool(found.hits) and found.answerable >= self.least_answerable
        if not is_quoted:
            return bool(found.hits) and found.answerable >= LEAST_TO_READ
        closest = max((each.similarity for hit in found.hits for each in hit.sentences), default=0.0)
        return found.answerable >= LEAST_TO_QUOTE or closest >= CLOSE_IN_MEANING

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


def assign(asked: Asked, conversation: Conversation, channel: Channel | None = None) -> Asked:
    """The same question, asked of the model of its channel, else of a rollout's candidate, else of the live one.

    A channel with a model of its own takes part in no rollout. All others are drawn, those beside the candidate too, so
    that both can be compared over the same time.
    """
    if channel is not None and channel.deployment is not None:
        return replace(asked, deployment=channel.deployment)
    rollout = Rollout.objects.going()
    if rollout is None:
        return asked
    if rollout.takes(str(conversation.pk)):
        return replace(asked, deployment=rollout.candidate, rollout=rollout.pk, is_candidate=True)
    return replace(asked, rollout=rollout.pk)


def check(question: str) -> None:
    """Raises QuestionError when a question is empty or too long."""
    if not clean(question).strip():
        raise QuestionError(phrases.EMPTY)
    if len(question) > QUESTION_CHARACTERS:
        raise QuestionError(phrases.TOO_LONG, limit=QUESTION_CHARACTERS)
