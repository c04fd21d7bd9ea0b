"""What came of a question: the answer, what it rests on, and how it came about."""

from dataclasses import dataclass

from bot.answers.asking import Asked
from bot.answers.trace import Caught, Retold, SentPrompt
from bot.models import Outcome
from bot.wording import outcomes
from knowledge.retrieval.search import Hit, Retrieval
from llm.completion import Kind
from llm.models import Deployment

NOTHING = Retrieval(hits=(), answerable=0.0, stages_ms={})


@dataclass(frozen=True)
class CitedPassage:
    """A passage the answer rests on, under the number its readers see."""

    number: int
    hit: Hit
    quote: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a question.

    `question` is how it was understood, `deployment` who wrote. `uncited_text` keeps what a model wrote without resting
    it on a passage, which nobody is shown; `searched_again` the words that it asked to have searched. `prompt` is the
    last one that a model replied to, if any did; `invalid_markers` of that reply led to no passage. `retold` is what
    came of having a quoted answer put into the voice. `caught` is what was found wrong with what a model had `written`,
    and `mending` why it could not do better. `failure` is the kind of the provider's error that ended it. Times are in
    milliseconds since the question came in.
    """

    asked: Asked
    outcome: Outcome
    text: str
    question: str
    deployment: Deployment
    retrieval: Retrieval = NOTHING
    citations: tuple[CitedPassage, ...] = ()
    uncited_text: str = ""
    searched_again: str = ""
    prompt: SentPrompt | None = None
    retold: Retold | None = None
    caught: tuple[Caught, ...] = ()
    written: str = ""
    mending: str = ""
    invalid_markers: int = 0
    is_truncated: bool = False
    error: str = ""
    failure: Kind | None = None
    first_token_ms: float | None = None
    total_ms: float

    @property
    def trace_id(self) -> str:
        return self.asked.trace_id

    @property
    def is_stand_in(self) -> bool:
        """Whether another model wrote than was asked."""
        asked = self.asked.deployment
        return (self.deployment.endpoint, self.deployment.model) != (asked.endpoint, asked.model)


def ended(asked: Asked, outcome: Outcome, text: str = "", *, error: str = "") -> Answer:
    """An answer that is no more than its outcome, in the outcome's own words unless there is a `text`."""
    return Answer(
        asked=asked,
        outcome=outcome,
        text=text or outcomes.say(outcome, asked.speech, asked.trace_id),
        question=asked.question,
        deployment=asked.deployment,
        error=error,
        total_ms=asked.elapsed_ms(),
    )
