"""How an asker is spoken to: each sentence in their language, and in the words of the voice where it has its own."""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.timesince import timesince
from django.utils.translation import gettext

from bot.models import Channel, Conversation, OwnWords, Question
from bot.voices import choosing
from bot.wording.phrases import Phrase
from knowledge.passages import languages

log = logging.getLogger(__name__)

DEFAULT = "en"
KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")  # nothing else is written in it than Japanese
BEFORE = 5  # earlier questions of a conversation that are looked at where the last one does not tell


@dataclass(frozen=True)
class Speech:
    """A language (ISO 639-1; English is spoken where no catalogue has it) and the name of a voice, empty for none."""

    language: str = DEFAULT
    voice: str = ""

    def say(self, phrase: Phrase, **values: Any) -> str:
        """The sentence with its values, numbers written as the language does."""
        with translation.override(self.catalogue):
            written = {name: _written(value) for name, value in values.items()}
        return self._in_own_words(phrase, written) or self.translated(phrase).format(**written)

    def translated(self, phrase: Phrase) -> str:
        """The sentence as Parley says it, whatever the voice, with the names of what is put in."""
        with translation.override(self.catalogue):
            return gettext(phrase.text)

    def ago(self, moment: datetime, now: datetime) -> str:
        """How long ago something was, to its largest unit, as in "3 days"."""
        with translation.override(self.catalogue):
            return timesince(moment, now, depth=1).replace("\xa0", " ")

    @property
    def catalogue(self) -> str:
        """The language that is spoken."""
        return self.language if self.language in codes() else DEFAULT

    def _in_own_words(self, phrase: Phrase, values: dict[str, str]) -> str:
        own = self._own.get(phrase.key, "")
        if fault := phrase.fault_of(own):  # a sentence may have said more before an upgrade
            log.warning("The voice %s does not say %s in its own words: %s", self.voice, phrase.key, fault)
            return ""
        return own.format(**values)

    @cached_property
    def _own(self) -> dict[str, str]:
        """What the voice says in its own words, by key: those for this language before those for every one."""
        if not self.voice:
            return {}
        found = OwnWords.objects.filter(voice_name=self.voice, language__in=["", self.catalogue]).order_by("language")
        return {each.key: each.text for each in found}


ENGLISH = Speech()


def load() -> None:
    """Have languages told apart from now on without a wait: what knows them takes half a second to come in."""
    languages.likely("ready")


def codes() -> list[str]:
    """The languages that there are catalogues for."""
    return [code for code, _ in settings.LANGUAGES]


def of(question: Question) -> Speech:
    """How the asker of a question is spoken to."""
    return where(question.channel, question.text, question.conversation)


def where(channel: Channel, text: str = "", conversation: Conversation | None = None) -> Speech:
    """In the language of a channel, else that of what was written, else that of what was asked there before."""
    return like(chain([text], _asked_in(conversation)), channel.language, choosing.name_of(channel))


def like(texts: Iterable[str], language: str = "", voice: str = "") -> Speech:
    """In a language as a channel names it, else in that of the first of the texts that tells; English if none does."""
    return Speech(named(language) or next(filter(None, map(_language, texts)), DEFAULT), voice)


def named(language: str) -> str:
    """The code of a catalogue by its code ("de", "de-AT"), its English name or its own; empty for any other."""
    wanted = language.strip().casefold()
    for code in codes():
        info = translation.get_language_info(code)
        if wanted in (code, info["name"].casefold(), info["name_local"].casefold()) or wanted.startswith(f"{code}-"):
            return code
    return ""


def translations(phrase: Phrase) -> list[str]:
    """A sentence in every language, and in every voice's own words."""
    own = OwnWords.objects.filter(key=phrase.key).values_list("text", flat=True)
    return [*(Speech(code).say(phrase) for code in codes()), *own]


def _language(text: str) -> str:
    if not text.strip():
        return ""
    return "ja" if KANA.search(text) else languages.likely(text)


def _asked_in(conversation: Conversation | None) -> Iterator[str]:
    if conversation is not None:
        yield from conversation.questions.order_by("-id").values_list("text", flat=True)[:BEFORE]


def _written(value: Any) -> str:
    return number_format(value, force_grouping=True) if isinstance(value, int) else str(value)
