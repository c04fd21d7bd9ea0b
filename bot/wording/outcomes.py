"""What an asker reads in place of an answer, by the outcome."""

from dataclasses import replace

from bot.models import Outcome
from bot.wording import phrases
from bot.wording.phrases import Phrase
from bot.wording.smalltalk import SmallTalk
from bot.wording.speech import Speech
from llm.completion import Kind, ProviderError

_SENTENCES: dict[Outcome, Phrase] = {
    Outcome.NOT_IN_DOCS: phrases.NOT_IN_DOCS,
    Outcome.CLARIFY: phrases.NO_QUESTION,
    Outcome.ESCALATED: phrases.ON_THE_BOARD,
    Outcome.BLOCKED: phrases.DECLINED,
    Outcome.OVER_BUDGET: phrases.OVER_BUDGET,
    Outcome.PROVIDER_ERROR: phrases.NOT_WRITTEN,
}
_OF_ERRORS: dict[Kind, Outcome] = {"budget": Outcome.OVER_BUDGET, "refused": Outcome.BLOCKED}


def of_error(error: ProviderError) -> Outcome:
    """What an answer is that a provider's error has ended."""
    return _OF_ERRORS.get(error.kind, Outcome.PROVIDER_ERROR)


def small_talk(talk: SmallTalk | None, speech: Speech) -> str:
    """The word back, in the language it was said in; empty where there is none."""
    if talk is None or talk.reply is None:
        return ""
    return replace(speech, language=talk.language or speech.language).say(talk.reply)


def say(outcome: Outcome, speech: Speech, trace_id: str) -> str:
    return speech.say(_SENTENCES[outcome], incident=trace_id)
