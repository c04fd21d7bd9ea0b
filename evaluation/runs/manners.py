"""How answers of a run are to sound, and whether they do: the voice that answers where nobody has named another."""

from bot.answers.prompts import Manner
from bot.models import Voice
from bot.voices import choosing, style


def current() -> Voice | None:
    return choosing.default()


def manner(voice: Voice | None) -> Manner:
    return Manner(voice)


def faults(voice: Voice | None, text: str) -> list[str] | None:
    """The rules that a text breaks; None where there is no voice."""
    return style.faults(voice, text) if voice else None


def courtesies(voice: Voice | None) -> tuple[str, ...]:
    """What an answer begins and ends with, which is no claim."""
    return tuple(filter(None, (voice.opening, voice.closing))) if voice else ()
