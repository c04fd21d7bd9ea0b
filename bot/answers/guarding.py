"""A model's answer, checked before it is shown: markers that it forgot are put in, and what no passage holds goes.

The model is asked once to mend such sentences, where enough of the time is left; whatever becomes of that, the asker
has the rest of the answer. What was caught is kept for the trace.
"""

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.answers import prompts
from bot.answers.asking import Asked
from bot.answers.signals import Signalled
from bot.answers.trace import Became, Caught
from bot.claims import amending, checking, citations, grounding, statements
from bot.claims.checking import Checked, Checking, Fault
from bot.voices import framing
from bot.wording import phrases
from knowledge.passages import languages
from knowledge.retrieval.search import Hit
from llm import client
from llm.completion import ProviderError
from llm.models import Deployment, PromptVariant
from llm.prompt import Prompt, Turn

log = logging.getLogger(__name__)

LEAST_SECONDS = 5.0  # that have to be left for the model to be asked again
LEAST_TERMS = 3  # of a sentence that is given a marker
LEAST_HELD = 0.5  # of what an answer without markers says, from which on it is one

MEND = """\
{question}

You have answered this before, as follows:
{fence}
{answer}
{fence}

These sentences of it say what no passage says:
{sentences}

Write the whole answer again by the rules above, with its citations. Say instead what the passages say, or leave it \
out. Reply with the answer alone."""
FENCE = "-----"
_ANNOUNCED = re.compile(  # "Here is the corrected answer:"
    r"[^\n\[\]]{0,80}\b(?:answer|version|reply|response|antwort|fassung|réponse|respuesta)\b[^\n\[\]]{0,40}:[ *]*\n",
    re.IGNORECASE,
)
SENTENCE = "- {sentence}"
WITH_WORDS = '- {sentence} (nothing says "{what}")'

BESIDE = "beside"  # the question: what is wrong with a whole answer
UNMARKED = "unmarked"  # what is wrong with a sentence that cites nothing, beside the faults of checking
NO_TIME = "There was no time left to ask the model again."
CUT_OFF = "The answer was cut off, and so would be the next one."
NOT_BETTER = "What the model wrote then was no answer."


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a model wrote, `text` with the marker [k] for passage `cited[k - 1]` of `hits`, and how it was asked.

    `question` is how it was understood; `seconds` is how long the model took; `ask` is how it is asked again.
    """

    text: str
    cited: tuple[int, ...]
    asked: Asked
    question: str
    hits: tuple[Hit, ...]
    history: Sequence[Turn]
    deployment: Deployment
    seconds: float
    is_truncated: bool
    ask: client.Ask = client.stream

    @property
    def numbered(self) -> str:
        """The text with the numbers that the passages had in the prompt."""
        return citations.renumber(self.text, dict(enumerate(self.cited, start=1)))


@dataclass(frozen=True)
class Guarded:
    """What is shown in its place: `text` with the marker [k] for passage `cited[k - 1]`; the same where all is well.

    Where `cited` is empty nothing is. `mending` says why nothing came of asking the model again, where that was wanted.
    """

    text: str
    cited: tuple[int, ...]
    caught: tuple[Caught, ...] = ()
    mending: str = ""


@dataclass
class _Amended:
    """An answer on its way, with the numbers of the prompt."""

    text: str
    caught: list[Caught] = field(default_factory=list)
    mending: str = ""
    has_lost: bool = False

    def note(self, found: Sequence[Checked], became: Became, fault: str = "") -> None:
        self.caught += [Caught(each.statement.text, fault or str(each.fault), each.what, became) for each in found]


def guard(draft: Draft) -> Guarded:
    """Raises nothing that a model can cause."""
    work = _Amended(draft.numbered)
    check = _check(draft)
    _mark(work, check)
    if _is_beside(work.text, draft):
        return Guarded("", (), (Caught("", BESIDE, "", Became.WITHDRAWN),))
    _mend(work, check, draft)
    _cite_rightly(work, check)
    if not work.caught and _says_something(work.text):
        return Guarded(draft.text, draft.cited)
    if not _says_something(work.text):
        work.text = ""
    if work.has_lost:
        work.text = _with_note(work.text, draft.asked)
    renumbered = citations.Renumbered([work.text], len(draft.hits))
    text = "".join(renumbered)
    return Guarded(text, tuple(renumbered.cited), tuple(work.caught), work.mending)


def _says_something(text: str) -> bool:
    """Whether anything that it cites is said: its markers, a list of sources and "read more here" say nothing."""
    return not citations.numbers(text) or any(unit.numbers and unit.says_something for unit in statements.read(text))


def _is_beside(text: str, draft: Draft) -> bool:
    """Whether it rests on what has nothing to do with the question. One without markers rests on nothing."""
    cited = {number: draft.hits[number - 1] for number in citations.numbers(text)}
    parts = {
        number: {hit.text[part.start : part.end]: part.similarity for part in hit.sentences}
        for number, hit in cited.items()
    }
    if not cited or not all(any(near.values()) for near in parts.values()):
        return False  # how near they are is not known
    return checking.is_beside(
        text,
        [draft.asked.question, draft.question],
        [_passage(hit) for hit in cited.values()],
        near=max(similarity for near in parts.values() for similarity in near.values()),
        quoted=max(near[citations.quote(text, number, list(near))] for number, near in parts.items()),
    )


def _passage(hit: Hit) -> str:
    return f"{hit.heading or hit.title}\n\n{hit.text}"


def _check(draft: Draft) -> Checking:
    manner = draft.asked.manner
    voiced = (*framing.fixed(manner.voice), *manner.rules) if manner.voice else ()
    said = [turn.text for turn in prompts.shorten(draft.history)]
    return Checking(
        list(map(_passage, draft.hits)),
        [draft.asked.question, draft.question],
        said,
        voiced,
        goes_on=lambda: time.monotonic() < draft.asked.deadline,
    )


def _mark(work: _Amended, check: Checking) -> None:
    """Markers by support for an answer that has none, where most of what it says is held up."""
    if citations.numbers(work.text):
        return
    found = check.sentences(work.text)
    held = [each for each in found if each.is_held and len(grounding.terms(each.statement.text)) >= LEAST_TERMS]
    if checking.share_held(found) < LEAST_HELD:
        return
    work.note(held, Became.MARKED, UNMARKED)
    work.text = amending.marked(work.text, {each: each.best for each in held})


def _mend(work: _Amended, check: Checking, draft: Draft) -> None:
    """Without the sentences that no passage holds: written again, or taken out."""
    found = check.sentences(work.text)
    faulty = _faulty(found, draft)
    if not faulty:
        return
    if not citations.numbers(work.text):
        return  # nothing of it is shown
    rest = amending.without(work.text, found, faulty)
    if mended := _asked_again(work, faulty, draft):
        again = _Amended(_valid(_unwrapped(mended), len(draft.hits)))
        _mark(again, check)
        still = _faulty(check.sentences(again.text), draft)
        again.text = amending.without(again.text, check.sentences(again.text), still)
        if citations.numbers(again.text) and _is_answer(again.text, rest, check):
            work.note(faulty, Became.MENDED)
            work.note(still, Became.REMOVED)
            work.caught += again.caught
            work.text, work.has_lost = again.text, bool(still)
            return
        work.mending = NOT_BETTER
    work.note(faulty, Became.REMOVED)
    work.text, work.has_lost = rest, True


def _unwrapped(text: str) -> str:
    """What was written again, without what announces it and the fences of the request."""
    body = _ANNOUNCED.sub("", text.strip()).strip()
    return body.removeprefix(FENCE).removesuffix(FENCE).strip()


def _is_answer(text: str, rest: str, check: Checking) -> bool:
    """Whether it has to do with the passages, and holds as much as what is left of the one before without it."""
    speaks_of_them = any((each.share or 0.0) >= checking.STRANGE for each in check.sentences(text))
    return speaks_of_them and _held(text, check) >= _held(rest, check)


def _held(text: str, check: Checking) -> int:
    """How many words the sentences have that passages hold up."""
    return sum(len(grounding.terms(each.statement.text)) for each in check.sentences(text) if each.is_held)


def _faulty(found: Sequence[Checked], draft: Draft) -> list[Checked]:
    """The sentences that are not to be shown; of an answer that was cut off, the last one is no whole sentence."""
    whole = found[:-1] if draft.is_truncated else found
    return [each for each in whole if each.is_untrue]


def _asked_again(work: _Amended, faulty: Sequence[Checked], draft: Draft) -> str:
    """What the model writes when it is told of them, with the numbers of the prompt; empty where nothing came."""
    asked = draft.asked
    if draft.is_truncated:
        work.mending = CUT_OFF
        return ""
    if asked.deadline - time.monotonic() < max(LEAST_SECONDS, draft.seconds):
        work.mending = NO_TIME
        return ""
    response = draft.ask(
        _prompt(work.text, faulty, draft),
        deployment=draft.deployment,
        trace_id=asked.trace_id,
        deadline=asked.deadline,
        purpose=asked.purpose,
        may_fall_back=False,
    )
    signalled = Signalled(response)
    try:
        mended = "".join(signalled).strip()
    except ProviderError as error:
        log.warning("trace %s: sentences are taken out and not mended: %s", asked.trace_id, error)
        work.mending = str(error)
        return ""
    if response.finish_reason != "stop" or signalled.is_not_found or not mended:
        work.mending = NOT_BETTER
        return ""
    return mended


def _prompt(answer: str, faulty: Sequence[Checked], draft: Draft) -> Prompt:
    lines = [
        (WITH_WORDS if each.what else SENTENCE).format(sentence=each.statement.text, what=each.what) for each in faulty
    ]
    question = MEND.format(question=draft.question, answer=answer, fence=FENCE, sentences="\n".join(lines))
    return prompts.build(
        question,
        draft.hits,
        draft.history,
        manner=draft.asked.manner,
        variant=PromptVariant(draft.deployment.prompt),
    )


def _valid(text: str, count: int) -> str:
    """`text` without the markers that lead nowhere."""
    renumbered = citations.Renumbered([text], count)
    valid = "".join(renumbered)
    return citations.renumber(valid, dict(enumerate(renumbered.cited, start=1)))


def _cite_rightly(work: _Amended, check: Checking) -> None:
    """Where another passage says it than the one that is cited, that one is."""
    if not citations.numbers(work.text):
        return
    wrong = [each for each in check.sentences(work.text) if each.fault == Fault.MISCITED]
    work.note(wrong, Became.MARKED)
    work.text = amending.marked(work.text, {each: each.best for each in wrong})


def _with_note(text: str, asked: Asked) -> str:
    """The answer says that something of it is left open, before the voice's last words."""
    voice = asked.manner.voice
    body = framing.bare(text, voice) if voice else text
    speech = replace(asked.speech, language=languages.code(body) or asked.speech.language)
    return f"{body}\n\n{speech.say(phrases.LEFT_OPEN)}" if body else ""
