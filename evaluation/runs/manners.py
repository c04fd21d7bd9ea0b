"""How answers of a run are to sound, and whether they do: the voice that answers where nobody has named another."""

from bot.answers import voices
from bot.answers.prompts import PLAIN, Manner
from bot.models import Voice


def current() -> Voice | None:
    return Voice.objects.current(voices.DEFAULT)


def manner(voice: Voice | None) -> Manner:
    return Manner(rules=voices.rules(voice)) if voice else PLAIN


def faults(voice: Voice | None, text: str) -> list[str] | None:
    """The rules that a text breaks; None where there is no voice."""
    return voices.faults(voice, text) if voice else None


def courtesies(voice: Voice | None) -> tuple[str, ...]:
    """What an answer begins and ends with, which is no claim."""
    return tuple(filter(None, (voice.opening, voice.closing))) if voice else ()
