"""A production prompt, built again from the trace of its answer."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.answers import answering, asking, conversations, prompts, trace
from bot.answers.answered import Answer
from bot.answers.trace import Trace
from bot.claims import citations
from bot.models import Message, Question
from bot.surroundings.utterances import Utterance
from bot.voices import choosing
from knowledge.retrieval.search import Hit
from llm import vendors
from llm.models import PromptVariant
from llm.prompt import Prompt


class Fidelity(StrEnum):
    """How a prompt that was built again stands to the one that was sent."""

    EXACT = "exact"
    CHANGED = "changed"  # the wording, the voice or an earlier turn is not what it was
    UNKNOWN = "unknown"  # the answer is older than the record of what was sent
    UNSENT = "unsent"  # no model replied


@dataclass(frozen=True)
class Replay:
    """`prompt` is what a model is asked over the same passages and turns, with the wording of today."""

    prompt: Prompt
    fidelity: Fidelity

    @property
    def is_exact(self) -> bool:
        return self.fidelity == Fidelity.EXACT


def replay(message: Message) -> Replay:
    """What the model was asked, built again from what was kept, and whether it is the same to the letter."""
    known = trace.of(message)
    variant = known.prompt.variant if known.prompt else PromptVariant.FULL
    around = () if vendors.quotes(message.provider) else trace.reach(message.asked).surroundings
    prompt = _built(message, known, variant, around)
    return Replay(prompt, _fidelity(prompt, known))


def prompt_of(message: Message, *, passages: tuple[Hit, ...] | None = None) -> Prompt:
    """What a model is asked in full over the same passages and turns, whichever variant it was asked in; over other
    `passages` where those of then are not known."""
    known = trace.of(message)
    if passages is not None:
        known = replace(known, passages=passages, question=known.question or message.asked.text)
    return _built(message, known, PromptVariant.FULL, trace.reach(message.asked).surroundings)


def as_prompted(message: Message, text: str) -> str:
    """`text` about an answer, whose markers are those that its readers saw, with the numbers of the prompt's passages.

    Readers see passages numbered in the order they are cited, a model in the order they were found.
    """
    places = {(hit.heading, hit.text): number for number, hit in enumerate(trace.of(message).passages, start=1)}
    seen = {cited.number: places.get((cited.heading, cited.passage)) for cited in message.citations.all()}
    return citations.renumber(text, {number: place for number, place in seen.items() if place is not None})


def ask_again(message: Message) -> Answer:
    """Answer the same question with today's documents, model and voice; nothing of it is kept but its cost.

    Raises ProviderError, Deployment.DoesNotExist.
    """
    asked = message.asked
    question: Question | None = getattr(message, "question", None)
    reach = trace.reach(asked)
    begun = asking.begin(
        asked.text, deployment=question.channel.deployment if question else None, manner=_todays_manner(question)
    )
    turns = conversations.history(message.conversation, reach.collections or (), before=asked)
    writing = answering.Writing(replace(begun, surroundings=reach.surroundings), turns, reach.collections or ())
    writing.search()
    return writing.finish()


def _todays_manner(question: Question | None) -> prompts.Manner:
    if question is None:
        return prompts.Manner(choosing.default())
    return prompts.Manner(choosing.of(question.channel), question.channel.language)


def _built(message: Message, known: Trace, variant: PromptVariant, around: tuple[Utterance, ...]) -> Prompt:
    asked = message.asked
    turns = conversations.history(message.conversation, trace.reach(asked).collections or (), before=asked)
    return prompts.build(
        prompts.framed(known.question, around),
        known.passages,
        turns,
        may_search=known.prompt.could_search if known.prompt else not known.searched_again,
        manner=_manner(message, known),
        variant=variant,
    )


def _manner(message: Message, known: Trace) -> prompts.Manner:
    """As it was; where that was not kept, as the channel has it today."""
    if known.prompt is not None:
        return prompts.Manner(message.voice, known.prompt.language)
    question: Question | None = getattr(message, "question", None)
    return prompts.Manner(message.voice, question.channel.language if question else "")


def _fidelity(prompt: Prompt, known: Trace) -> Fidelity:
    if not known.knows_prompt:
        return Fidelity.UNKNOWN
    if known.prompt is None:
        return Fidelity.UNSENT
    return Fidelity.EXACT if prompts.checksum(prompt) == known.prompt.checksum else Fidelity.CHANGED
