"""What a model is told of a voice, and whether an answer keeps to it. Pure."""

import re
from collections.abc import Iterator

from bot.models import Grammar, Voice
from bot.voices import framing

# Pictographs, dingbats, flags and the marks that turn a plain sign into a coloured one.
EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\ufe0f\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]")
SHORTCODE = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,}:(?![\w:])")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
FIRST_PLURAL = re.compile(r"\b(we|us|our|ours|wir|uns|unser\w*|nous|notre|nos)\b", re.IGNORECASE)
FIRST_SINGULAR = re.compile(r"\b(I|I'm|I've|me|my|mine|ich|mir|mich|mein\w*|je|moi|mon)\b")
MARKER = re.compile(r"\s*\[\d{1,2}\]")


def rules(voice: Voice) -> tuple[str, ...]:
    """What the model is told, one sentence each."""
    return tuple(_rules(voice))


def _rules(voice: Voice) -> Iterator[str]:
    if voice.style_guide.strip():
        yield " ".join(voice.style_guide.split())
    if voice.opening:
        yield f'Begin with these words: "{voice.opening}"'
    if voice.closing:
        yield f'End with these words, after the last citation: "{voice.closing}"'
    if voice.person == Grammar.WE:
        yield 'Speak for the company as "we", never as "I".'
    elif voice.person == Grammar.I:
        yield 'Speak as "I", never as "we".'
    if voice.banned_phrases:
        yield f"Never use these words: {'; '.join(voice.banned_phrases)}."
    yield "You may use an emoji where it fits." if voice.has_emoji else "Use no emoji."
    if voice.most_words:
        yield f"Write at most {voice.most_words} words."


def faults(voice: Voice, text: str) -> list[str]:
    """The rules that `text` breaks, by name: opening, closing, banned: PHRASE, person, emoji, length.

    Words in code are not the bot's own, and citation markers are not words.
    """
    prose = CODE.sub(" ", text)
    found = []
    if voice.opening and not framing.begins_with(voice.opening, text):
        found.append("opening")
    if voice.closing and not framing.ends_with(voice.closing, text):
        found.append("closing")
    found += [f"banned: {phrase}" for phrase in voice.banned_phrases if _says(prose, phrase)]
    wrong_person = {Grammar.WE: FIRST_SINGULAR, Grammar.I: FIRST_PLURAL}.get(Grammar(voice.person))
    if wrong_person is not None and wrong_person.search(prose):
        found.append("person")
    if not voice.has_emoji and (EMOJI.search(prose) or SHORTCODE.search(prose)):
        found.append("emoji")
    if voice.most_words and len(MARKER.sub("", prose).split()) > voice.most_words:
        found.append("length")
    return found


def _says(prose: str, phrase: str) -> bool:
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return bool(words) and bool(re.search(rf"(?<!\w){words}(?!\w)", prose, re.IGNORECASE))
